import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { offeredTypesOf } from '../../src/capacity/offered-types.ts';
import { toNodeFacts } from '../../src/regions/node-facts.ts';
import { toNodePoolFacts } from '../../src/regions/node-pool.ts';
import { REGION_LABEL } from '../builders.ts';
import { TYPE_LABEL, ZONE_LABEL } from './overlays-world.ts';

function node(type: string, labels: Record<string, string>, allocatable: Record<string, string>) {
  const metadata = { name: type, labels: { [TYPE_LABEL]: type, ...labels } };
  return toNodeFacts({ metadata, status: { allocatable } }, REGION_LABEL);
}

const NODES = [
  node(
    'm5.large',
    {
      [ZONE_LABEL]: 'us-east-1a',
      [REGION_LABEL]: 'us-east-1',
      'karpenter.k8s.aws/instance-family': 'm5',
      'karpenter.sh/nodepool': 'default',
      team: 'dev',
    },
    { cpu: '1930m', memory: '7220184Ki' },
  ),
  node(
    'm5.large',
    { [ZONE_LABEL]: 'us-east-1b', [REGION_LABEL]: 'us-east-1', 'karpenter.k8s.aws/instance-family': 'm5' },
    { cpu: '1920m', memory: '7120184Ki' },
  ),
  node('g5.xlarge', { [ZONE_LABEL]: 'us-east-1a', [REGION_LABEL]: 'us-east-1' }, { cpu: '4', 'nvidia.com/gpu': '1' }),
];

function nodePool(requirements: readonly object[]) {
  return toNodePoolFacts({
    metadata: { name: 'default' },
    spec: { template: { spec: { requirements: requirements as never } } },
  });
}

describe('what a cluster shows of instance types', () => {
  it('are those of its nodes, as large as the largest of them, with the labels that providers give a type', () => {
    const [g5, m5] = offeredTypesOf(NODES, []);
    assert.deepEqual([g5?.name, g5?.vcpus, g5?.accelerators, g5?.memoryGb], ['g5.xlarge', 4, 1, undefined]);
    assert.deepEqual([m5?.name, m5?.vcpus, m5?.accelerators], ['m5.large', 2, undefined]);
    assert.equal(m5?.memoryGb, (7 * 2 ** 30) / 1e9);
    assert.deepEqual(m5?.labels, { 'karpenter.k8s.aws/instance-family': ['m5'] });
  });

  it('and those that NodePools name, each in the zones of both', () => {
    const pools = [
      nodePool([
        { key: TYPE_LABEL, operator: 'In', values: ['c7g.large', 'm5.large'] },
        { key: ZONE_LABEL, operator: 'In', values: ['us-east-1c', 'us-east-1a'] },
      ]),
    ];
    const types = offeredTypesOf(NODES, pools);
    assert.deepEqual(
      types.map(({ name }) => name),
      ['c7g.large', 'g5.xlarge', 'm5.large'],
    );
    const offerings = [
      { zone: 'us-east-1a', region: 'us-east-1' },
      { zone: 'us-east-1b', region: 'us-east-1' },
      { zone: 'us-east-1c' },
    ];
    for (const type of types) assert.deepEqual(type.offerings, offerings);
  });

  it('are none where nothing names any', () => assert.deepEqual(offeredTypesOf([], [nodePool([])]), []));
});
