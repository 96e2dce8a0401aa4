import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pino } from 'pino';
import {
  autoscalerStatus,
  followAutoscalerStatus,
  groupsNow,
  toAutoscalerStatus,
} from '../../src/cluster/autoscaler-status.ts';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import { NOW } from '../builders.ts';
import { pollUntil } from '../control-plane/poll.ts';
import { type Answer, fakeApi } from './fake-api.ts';

const AT = { namespace: 'kube-system', status: 'cluster-autoscaler-status' };

function goTime(ms: number, zone = '+0000 UTC'): string {
  return `${new Date(ms).toISOString().replace('T', ' ').replace('Z', '456789')} ${zone}`;
}

/** As Cluster Autoscaler 1.30 and later write it. */
function statusAt(ms: number, target = 3): string {
  return `time: ${goTime(ms)}
autoscalerStatus: Running
nodeGroups:
- name: batch-eu-n
  health:
    status: Healthy
    nodeCounts: {registered: {total: ${target}, ready: ${target}}}
    cloudProviderTarget: ${target}
    minSize: 0
    maxSize: 10
    lastProbeTime: "${new Date(ms).toISOString()}"
    lastTransitionTime: "${new Date(ms).toISOString()}"
`;
}

/** As before. */
function wordsAt(ms: number, target = 3): string {
  return `Cluster-autoscaler status at ${goTime(ms)}:
Cluster-wide:
  Health:      Healthy (ready=${target})
               LastProbeTime:      ${goTime(ms)}
NodeGroups:
  Name:        batch-eu-n
  Health:      Healthy (ready=${target} cloudProviderTarget=${target} (minSize=0, maxSize=10))
               LastProbeTime:      ${goTime(ms)}
               LastTransitionTime: ${goTime(ms)}
`;
}

function configMap(status: string | undefined, resourceVersion = '1'): KubeObject {
  const data = status === undefined ? {} : { data: { status } };
  return { metadata: { name: AT.status, namespace: AT.namespace, resourceVersion }, ...data } as KubeObject;
}

describe('the status of Cluster Autoscaler', () => {
  const MINUTE = 60_000;
  const rows: readonly [name: string, status: string | undefined, groups: number][] = [
    ['of now', statusAt(NOW), 1],
    ['in words', wordsAt(NOW), 1],
    ['of nine minutes ago', statusAt(NOW - 9 * MINUTE), 1],
    ['of a clock that is ahead', statusAt(NOW + 9 * MINUTE), 1],
    ['left behind by one that runs no more', statusAt(NOW - 11 * MINUTE), 0],
    ['in words, left behind', wordsAt(NOW - 24 * 60 * MINUTE), 0],
    [
      'of another zone of time',
      statusAt(NOW).replace(/^time: .*/, `time: ${goTime(NOW + 120 * MINUTE, '+0200 CEST')}`),
      1,
    ],
    ['that does not say when', statusAt(NOW).replace(/^time: .*\n/, ''), 1],
    ['that is none', 'nodeGroups: [', 0],
    ['of one that starts', 'time: x\nautoscalerStatus: Initializing', 0],
    ['without data', undefined, 0],
  ];
  for (const [name, status, groups] of rows)
    test(`${name}: ${groups} group`, () =>
      assert.equal(groupsNow(toAutoscalerStatus(configMap(status)), NOW).length, groups));

  test('is not read anew while only times change', () => {
    for (const write of [statusAt, wordsAt]) {
      const first = toAutoscalerStatus(configMap(write(NOW)));
      const later = toAutoscalerStatus(configMap(write(NOW + 10_000)), first);
      assert.equal(later.groups, first.groups);
      assert.equal(later.writtenAt, NOW + 10_000);
      assert.equal(autoscalerStatus(AT).differs(first, later), false);
      const grown = toAutoscalerStatus(configMap(write(NOW + 20_000, 10)), later);
      assert.deepEqual([grown.groups?.[0]?.target, autoscalerStatus(AT).differs(later, grown)], [10, true]);
    }
  });
});

describe('whoever follows it', () => {
  const page = (...items: readonly KubeObject[]): Answer => ({ page: { metadata: { resourceVersion: '1' }, items } });
  const event = (object: KubeObject) => `${JSON.stringify({ type: 'MODIFIED', object })}\n`;

  function follow(answers: readonly Answer[]) {
    let changes = 0;
    const api = fakeApi(answers);
    const log = pino({ level: 'silent' });
    const status = followAutoscalerStatus({ api, at: AT, clock: () => NOW, log, onChange: () => changes++ });
    return { status, api, changes: () => changes };
  }

  test('asks for its one ConfigMap; without it there are no groups, and before it was looked for nobody knows', async () => {
    const { status, api } = follow([page()]);
    assert.equal(status.groups(), undefined);
    await status.start();
    assert.deepEqual(status.groups(), []);
    assert.equal(api.asked[0]?.['fieldSelector'], 'metadata.name=cluster-autoscaler-status');
    await status.stop();
  });

  test('hears when nobody writes it any more, and not while somebody does', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { status, changes } = follow([page(configMap(statusAt(NOW)))]);
    await status.start();
    t.mock.timers.tick(9 * 60_000);
    assert.equal(changes(), 1, 'the first list');
    t.mock.timers.tick(2 * 60_000);
    assert.equal(changes(), 2);
    await status.stop();
  });

  test('hears when groups change, and not of every round', async () => {
    const rounds = [10_000, 20_000, 30_000].map((ms, index) => event(configMap(statusAt(NOW + ms), `${index + 2}`)));
    const grown = event(configMap(statusAt(NOW + 40_000, 10), '9'));
    const { status, changes } = follow([page(configMap(statusAt(NOW))), { lines: [...rounds, grown], hang: true }]);
    await status.start();
    await pollUntil({
      what: 'the last round',
      probe: async () => (status.groups()?.[0]?.target === 10 ? true : undefined),
      deadlineMs: 60_000,
      failure: () => undefined,
    });
    assert.equal(changes(), 2);
    await status.stop();
  });
});
