import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stringify } from 'yaml';
import { readNodeGroups } from '../../src/capacity/node-groups.ts';

/** As Cluster Autoscaler 1.33 writes it, shortened. */
const YAML = `time: 2026-11-29 14:00:00.123456789 +0000 UTC
autoscalerStatus: Running
clusterWide:
  health:
    status: Healthy
nodeGroups:
- name: eks-batch-north-4ac2
  health:
    status: Healthy
    nodeCounts:
      registered: {total: 3, ready: 3, notStarted: 0}
    cloudProviderTarget: 3
    minSize: 1
    maxSize: 10
    lastProbeTime: "2026-11-29T14:00:00Z"
  scaleUp:
    status: Backoff
    backoffInfo:
      errorCode: cloudProviderError
      errorMessage: |
        quota
        name: not-a-group
        status: NoActivity
- name: eks-batch-west-91fe
  health:
    status: Unhealthy
    cloudProviderTarget: 5
    minSize: 0
    maxSize: 5
`;
/** As 1.29 did. */
const WORDS = `Cluster-autoscaler status at 2023-05-02 09:00:00.1 +0000 UTC:
Cluster-wide:
  Health:      Healthy (ready=3 unready=0 (resourceUnready=0) notStarted=0 longNotStarted=0 registered=3 longUnregistered=0)
               LastProbeTime:      2023-05-02 09:00:00
NodeGroups:
  Name:        https://www.googleapis.com/compute/v1/projects/p/zones/us-central1-b/instanceGroups/gke-one-grp
  Health:      Healthy (ready=3 unready=0 (resourceUnready=0) notStarted=0 registered=3 longUnregistered=0 cloudProviderTarget=3 (minSize=1, maxSize=10))
               LastProbeTime:      2023-05-02 09:00:00
  ScaleUp:     Backoff (ready=3 cloudProviderTarget=3)
`;

describe('the node groups in the status of Cluster Autoscaler', () => {
  test('are read from YAML', () => {
    assert.deepEqual(readNodeGroups(YAML), [
      { name: 'eks-batch-north-4ac2', target: 3, min: 1, max: 10, isHealthy: true, isBackingOff: true },
      { name: 'eks-batch-west-91fe', target: 5, min: 0, max: 5, isHealthy: false, isBackingOff: false },
    ]);
  });

  test('are read from the words of versions before 1.30', () => {
    const name = 'https://www.googleapis.com/compute/v1/projects/p/zones/us-central1-b/instanceGroups/gke-one-grp';
    assert.deepEqual(readNodeGroups(WORDS), [
      { name, target: 3, min: 1, max: 10, isHealthy: true, isBackingOff: true },
    ]);
  });

  const odd: readonly [name: string, text: string, expected: readonly [] | undefined][] = [
    ['an empty status', '', []],
    ['one without groups', 'autoscalerStatus: Initializing', []],
    ['a list of nothing', 'nodeGroups: []', []],
    ['a group without sizes', 'nodeGroups:\n- name: a\n', []],
    ['a group whose size is no number', 'nodeGroups:\n- name: a\n  health:\n    maxSize: many\n', []],
    ['a section of another group', 'nodeGroups:\n- name: a\n- name: b\nhealth:\n  maxSize: 3\n', []],
    ['more than a ConfigMap has', `nodeGroups: []\n${'#'.repeat(1_048_576)}`, undefined],
    ['a word', 'none', undefined],
    ['what is no YAML', 'nodeGroups: [', undefined],
    ['a list where a map belongs', '- 1', []],
    ['groups that are no list', 'nodeGroups: 3', undefined],
    ['a group that is nothing', 'nodeGroups:\n- null\n', []],
  ];
  for (const [name, text, expected] of odd)
    test(`do not come from ${name}`, () => assert.deepEqual(readNodeGroups(text), expected));

  const written = { name: 'a', target: 3, min: 1, max: 10, isHealthy: true, isBackingOff: true };
  const health = { status: 'Healthy', cloudProviderTarget: 3, minSize: 1, maxSize: 10 };
  const group = { name: 'a', health, scaleUp: { status: 'Backoff' } };
  const layouts: readonly [name: string, text: string, group: string][] = [
    ['lists that are indented', stringify({ nodeGroups: [group], time: 'x' }), 'a'],
    ['four spaces', stringify({ nodeGroups: [group] }, { indent: 4 }), 'a'],
    ['keys in the order of the alphabet', stringify({ nodeGroups: [group] }, { sortMapEntries: true }), 'a'],
    ['a name in double quotes', stringify({ nodeGroups: [{ ...group, name: '1' }] }), '1'],
    [
      'a name in single quotes',
      stringify({ nodeGroups: [{ ...group, name: "it's: a" }] }, { singleQuote: true }),
      "it's: a",
    ],
    ['lines that end as in Windows', stringify({ nodeGroups: [group] }).replaceAll('\n', '\r\n'), 'a'],
    [
      'a list that is not the last',
      `${stringify({ nodeGroups: [group] })}other:\n- name: b\n  health:\n    maxSize: 1\n`,
      'a',
    ],
  ];
  for (const [name, text, found] of layouts)
    test(`are read in another layout: ${name}`, () =>
      assert.deepEqual(readNodeGroups(text), [{ ...written, name: found }]));
});

describe('reading a status never holds up an admission', () => {
  const long = 1_048_000;
  const fill = (text: string) => text.repeat(Math.ceil(long / text.length)).slice(0, long);
  const groups = (count: number) => `${YAML.split('- name')[0]}${`- name${YAML.split('- name')[1]}`.repeat(count)}`;
  const rows: readonly [name: string, status: string][] = [
    ['1,000 groups', groups(1_000)],
    ['keys alone', Array.from({ length: 90_000 }, (_, index) => `k${index}:\n`).join('')],
    ['keys of a group', `nodeGroups:\n- name: a\n${fill('  health:\n')}`.slice(0, long)],
    ['groups without sizes', `nodeGroups:\n${fill('- name: a\n')}`.slice(0, long)],
    ['empty lines', `nodeGroups:\n${fill('\n')}`],
    ['spaces', `nodeGroups:\n${fill(' ')}`],
    ['lines of spaces', `nodeGroups:\n${fill(`${' '.repeat(1_000)}\n`)}`],
    ['brackets', fill('[')],
    ['one endless name', `nodeGroups:\n- name: ${fill("'")}`],
    [
      'words without end',
      `Cluster-autoscaler status at x\n${fill('Name: a\nHealth: Healthy cloudProviderTarget=1 (minSize=1, ')}`,
    ],
    ['digits without end', `Cluster-autoscaler status at x\nName: a\nHealth: a cloudProviderTarget=${fill('1')}`],
    ['sizes on one line', `Cluster-autoscaler status at x\nName: a\nHealth: a ${fill('cloudProviderTarget=1 ')}`],
  ];
  // By the best of a few: the machine may be busy, the work is what counts.
  for (const [name, status] of rows)
    test(name, () => {
      const took = Array.from({ length: 10 }, () => {
        const begun = performance.now();
        readNodeGroups(status.slice(0, 1_048_576));
        return performance.now() - begun;
      });
      assert.ok(Math.min(...took) < 250, `${Math.min(...took)} ms`);
    });
});
