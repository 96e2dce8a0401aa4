import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
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
  ScaleUp:     NoActivity (ready=3 cloudProviderTarget=3)
`;

describe('the node groups in the status of Cluster Autoscaler', () => {
  test('are read from YAML', () => {
    assert.deepEqual(readNodeGroups(YAML), [
      { name: 'eks-batch-north-4ac2', target: 3, min: 1, max: 10, isHealthy: true },
      { name: 'eks-batch-west-91fe', target: 5, min: 0, max: 5, isHealthy: false },
    ]);
  });

  test('are read from the words of versions before 1.30', () => {
    const name = 'https://www.googleapis.com/compute/v1/projects/p/zones/us-central1-b/instanceGroups/gke-one-grp';
    assert.deepEqual(readNodeGroups(WORDS), [{ name, target: 3, min: 1, max: 10, isHealthy: true }]);
  });

  const odd: readonly [name: string, text: string, expected: readonly [] | undefined][] = [
    ['an empty status', '', []],
    ['one without groups', 'autoscalerStatus: Initializing', []],
    ['a group without sizes', 'nodeGroups: [{name: a}]', []],
    ['what is no YAML', 'nodeGroups: [', undefined],
    ['a list where a map belongs', '- 1', []],
    ['groups that are no list', 'nodeGroups: 3', undefined],
    ['a group that is nothing', 'nodeGroups: [null]', undefined],
  ];
  for (const [name, text, expected] of odd)
    test(`do not come from ${name}`, () => assert.deepEqual(readNodeGroups(text), expected));
});
