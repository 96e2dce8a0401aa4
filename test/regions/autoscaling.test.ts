import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Autoscaling, GroupFacts } from '../../src/regions/autoscaling.ts';
import type { NodeFacts } from '../../src/regions/node-facts.ts';
import { NODE_POOL_LABEL, type NodePoolFacts, toNodePoolFacts } from '../../src/regions/node-pool.ts';
import { nodeSupply, type SupplyInput } from '../../src/regions/node-supply.ts';
import { buildTopology } from '../../src/regions/topology.ts';
import { makeGroup, makeNode, makeNodePool, REGION_LABEL, region } from '../builders.ts';

const NORTH = makeNodePool('north', [region('In', 'eu-n')]);
const PLAIN = makeNode('n', 'eu-n');
const labelled = (labels: Readonly<Record<string, string>>) => makeNode('n', 'eu-n', { labels });

interface Seen {
  readonly pools?: readonly NodePoolFacts[];
  readonly groups?: readonly GroupFacts[];
  readonly nodes?: readonly NodeFacts[];
}

function supplyOf({ pools, groups, nodes = [PLAIN] }: Seen, rest: Partial<SupplyInput> = {}) {
  const topology = buildTopology(nodes);
  const regions = ['eu-n', 'eu-w', 'us-e'];
  return nodeSupply({ regionLabel: REGION_LABEL, regions, topology, nodePools: pools, nodeGroups: groups, ...rest });
}

describe('who brings nodes', () => {
  const rows: readonly [name: string, seen: Seen, autoscaler: Autoscaling['autoscaler']][] = [
    ['NodePools that may create some', { pools: [NORTH], groups: [] }, 'karpenter'],
    ['NodePools alone, the rest could not be read', { pools: [NORTH] }, 'karpenter'],
    ['NodePools that are paused', { pools: [{ ...NORTH, isPaused: true }], groups: [] }, 'none'],
    ['NodePools of a fixed size', { pools: [{ ...NORTH, isStatic: true }], groups: [] }, 'none'],
    ['NodePools that are not ready', { pools: [{ ...NORTH, isUnready: true }], groups: [] }, 'none'],
    [
      'no NodePools, though Karpenter made nodes',
      { pools: [], groups: [], nodes: [labelled({ 'karpenter.sh/nodepool': 'x' })] },
      'none',
    ],
    [
      'nodes of Karpenter, whose NodePools may not be read',
      { groups: [], nodes: [labelled({ 'karpenter.sh/nodepool': 'x' })] },
      'karpenter',
    ],
    [
      'nodes of EKS Auto Mode',
      { groups: [], nodes: [labelled({ 'eks.amazonaws.com/compute-type': 'auto' })] },
      'karpenter',
    ],
    [
      'nodes of EKS that are something else',
      { groups: [], nodes: [labelled({ 'eks.amazonaws.com/compute-type': 'hybrid' })] },
      'none',
    ],
    [
      'nodes of AKS node auto-provisioning',
      { groups: [], nodes: [labelled({ 'karpenter.azure.com/aksnodeclass': 'default' })] },
      'karpenter',
    ],
    ['node groups', { groups: [makeGroup('a')] }, 'cluster-autoscaler'],
    [
      'node pools of GKE',
      { groups: [], nodes: [labelled({ 'cloud.google.com/gke-nodepool': 'web' })] },
      'cluster-autoscaler',
    ],
    [
      'managed node groups of EKS, which nobody may grow',
      { groups: [], nodes: [labelled({ 'eks.amazonaws.com/nodegroup': 'web' })] },
      'none',
    ],
    [
      'agent pools of AKS, which nobody may grow',
      { groups: [], nodes: [labelled({ 'kubernetes.azure.com/agentpool': 'web' })] },
      'none',
    ],
    ['both', { pools: [NORTH], groups: [makeGroup('a')] }, 'both'],
    ['neither', { pools: [], groups: [] }, 'none'],
    ['no NodePools are known to the cluster', { groups: [] }, 'none'],
    ['nobody could look', {}, 'unknown'],
    ['no NodePools, the rest could not be read', { pools: [] }, 'unknown'],
  ];
  for (const [name, seen, expected] of rows)
    it(`${name}: ${expected}`, () => assert.equal(supplyOf(seen)?.autoscaling.autoscaler, expected));

  it('is not asked where nothing was looked at', () => assert.equal(supplyOf({}, { topology: undefined }), undefined));

  it('names NodePools, and counts those that bring nothing', () => {
    const pools = [makeNodePool('web'), NORTH, { ...makeNodePool('old'), isPaused: true }];
    const nodes = [PLAIN, makeNode('m', 'us-e')];
    const { nodePools, placelessNodePools, idleNodePools } = supplyOf({ pools, nodes })?.autoscaling ?? {};
    assert.deepEqual([nodePools, placelessNodePools, idleNodePools], [['north', 'web'], ['web'], 1]);
  });
});

describe('where node groups have room', () => {
  const full = { target: 10 };
  const rows: readonly [name: string, groups: readonly GroupFacts[], roomIn: string, fullIn: string][] = [
    ['below their maximum', [makeGroup('batch-eu-n')], 'eu-n', ''],
    ['at their maximum', [makeGroup('batch-eu-n', full)], '', 'eu-n'],
    ['not healthy', [makeGroup('batch-eu-n', { isHealthy: false })], '', 'eu-n'],
    ['that waits after nodes that did not come', [makeGroup('batch-eu-n', { isBackingOff: true })], '', 'eu-n'],
    ['one of two', [makeGroup('batch-eu-n', full), makeGroup('web-eu-n')], 'eu-n', ''],
    ['in two regions', [makeGroup('batch-eu-n', full), makeGroup('web-eu-w')], 'eu-w', 'eu-n'],
    ['of which nobody knows the region', [makeGroup('asg-17')], '', ''],
  ];
  for (const [name, groups, roomIn, fullIn] of rows)
    it(name, () => {
      const autoscaling = supplyOf({ groups })?.autoscaling;
      assert.deepEqual([autoscaling?.roomIn.join(), autoscaling?.fullIn.join()], [roomIn, fullIn]);
      assert.equal(autoscaling?.nodeGroups, groups.length);
    });

  it('by what their owner says of them', () => {
    const groupPatterns = [{ region: 'us-e', match: '^asg-' }];
    assert.deepEqual(supplyOf({ groups: [makeGroup('asg-17')] }, { groupPatterns })?.autoscaling.roomIn, ['us-e']);
  });

  it('by their nodes', () => {
    const name = 'eks-web-01234567-89ab-cdef-0123-456789abcdef';
    const nodes = [makeNode('n', 'us-e', { labels: { 'eks.amazonaws.com/nodegroup': 'web' } })];
    assert.deepEqual(supplyOf({ groups: [makeGroup(name)], nodes })?.autoscaling.roomIn, ['us-e']);
  });
});

describe('what nodes may come', () => {
  const seen = { pools: [NORTH], groups: [makeGroup('batch-eu-w')] };
  const first = supplyOf(seen);
  const again = (changed: Seen) =>
    nodeSupply(
      {
        regionLabel: REGION_LABEL,
        regions: ['eu-n', 'eu-w', 'us-e'],
        topology: buildTopology(changed.nodes ?? [PLAIN]),
        nodePools: changed.pools,
        nodeGroups: changed.groups,
      },
      first,
    );

  it('is the same object while nothing of it changes', () => {
    assert.equal(again({ ...seen, nodes: [PLAIN, makeNode('m', 'us-e')] }), first);
    assert.equal(again({ ...seen, groups: [makeGroup('batch-eu-w', { target: 4 })] }), first);
  });

  it('works nothing of NodePools out again while they and their places stay', () => {
    let reads = 0;
    const counted = Object.defineProperty({ ...NORTH }, 'requirements', {
      get: () => {
        reads += 1;
        return NORTH.requirements;
      },
    });
    const input = (nodes: readonly NodeFacts[]): SupplyInput => ({
      regionLabel: REGION_LABEL,
      regions: ['eu-n', 'us-e'],
      topology: buildTopology(nodes),
      nodePools: [counted],
      nodeGroups: [],
    });
    const known = nodeSupply(input([PLAIN, makeNode('m', 'us-e')]));
    const before = reads;
    assert.equal(nodeSupply(input([PLAIN, makeNode('m', 'us-e'), makeNode('o', 'us-e')]), known), known);
    assert.equal(reads, before);
    const moved = makeNode('k', 'us-e', { labels: { [NODE_POOL_LABEL]: 'north' } });
    assert.equal(nodeSupply(input([PLAIN, moved]), known), known, 'it says itself where it is');
    assert.ok(reads > before);
  });

  it('is another when a NodePool that says nothing gets its nodes elsewhere', () => {
    const pools = [makeNodePool('p')];
    const at = (place: string) => ({ pools, nodes: [makeNode('n', place, { labels: { [NODE_POOL_LABEL]: 'p' } })] });
    const there = supplyOf(at('eu-n'));
    const topology = buildTopology(at('us-e').nodes);
    const regions = ['eu-n', 'eu-w', 'us-e'];
    const next = nodeSupply(
      { regionLabel: REGION_LABEL, regions, topology, nodePools: pools, nodeGroups: undefined },
      there,
    );
    assert.deepEqual([[...(there?.regions ?? [])], [...(next?.regions ?? [])]], [['eu-n'], ['us-e']]);
  });

  const changes: readonly [name: string, changed: Seen][] = [
    ['a NodePool is paused', { ...seen, pools: [{ ...NORTH, isPaused: true }] }],
    ['a NodePool comes', { ...seen, pools: [NORTH, makeNodePool('b', [region('In', 'us-e')])] }],
    ['a NodePool goes', { ...seen, pools: [] }],
    ['it gets a taint', { ...seen, pools: [{ ...NORTH, taints: [{ key: 'a', effect: 'NoSchedule' }] }] }],
    [
      'it gets a taint that only prefers others, of a band',
      {
        ...seen,
        pools: [{ ...NORTH, taints: [{ key: 'gridgate.dev/carbon', value: 'high', effect: 'PreferNoSchedule' }] }],
      },
    ],
    ['it wants something else', { ...seen, pools: [makeNodePool('north', [region('In', 'us-e')])] }],
    ['a group is full', { ...seen, groups: [makeGroup('batch-eu-w', { target: 10 })] }],
    ['a group comes', { ...seen, groups: [...seen.groups, makeGroup('x')] }],
  ];
  for (const [name, changed] of changes) it(`is another when ${name}`, () => assert.notEqual(again(changed), first));
});

const UNREADY = { status: { conditions: [{ type: 'Ready', status: 'False' }] } };

describe('a NodePool', () => {
  const rows: readonly [name: string, object: object, mayCreate: boolean][] = [
    ['plain', {}, true],
    ['that is ready', { status: { conditions: [{ type: 'Ready', status: 'True' }] } }, true],
    ['of which nobody has said so yet', { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }, true],
    ['without its NodeClass', { status: { conditions: [{ type: 'Ready', status: 'False' }] } }, false],
    ['that is being deleted', { metadata: { name: 'p', deletionTimestamp: '2026-11-29T00:00:00Z' } }, false],
    ['with a limit', { spec: { limits: { cpu: '10' } } }, true],
    ['with a limit of nothing', { spec: { limits: { cpu: '0' } } }, false],
    ['with a limit of no memory', { spec: { limits: { memory: '0Gi' } } }, false],
    ['with a limit of no GPUs', { spec: { limits: { cpu: '10', 'nvidia.com/gpu': '0' } } }, true],
    ['below its limit', { spec: { limits: { cpu: '10' } }, status: { resources: { cpu: '9500m' } } }, true],
    ['at its limit', { spec: { limits: { cpu: '10' } }, status: { resources: { cpu: '10' } } }, false],
    ['above its limit of nodes', { spec: { limits: { nodes: 3 } }, status: { resources: { nodes: '4' } } }, false],
    ['at its limit of GPUs', { spec: { limits: { gpu: '1' } }, status: { resources: { gpu: '1' } } }, true],
    ['of a fixed size', { spec: { replicas: 0 } }, false],
  ];
  for (const [name, object, mayCreate] of rows)
    it(`${name} ${mayCreate ? 'may create nodes' : 'creates none'}`, () => {
      const facts = toNodePoolFacts({ metadata: { name: 'p' }, ...object });
      assert.equal(supplyOf({ pools: [facts], groups: [] })?.autoscaling.autoscaler, mayCreate ? 'karpenter' : 'none');
    });

  const idle: readonly [name: string, object: object, why: object][] = [
    ['limits.cpu 0', { spec: { limits: { cpu: '0' } } }, { why: 'paused', pausedBy: 'cpu' }],
    [
      'limits.nodes 0, and not ready',
      { spec: { limits: { nodes: 0 } }, ...UNREADY },
      { why: 'paused', pausedBy: 'nodes' },
    ],
    ['a fixed size', { spec: { replicas: 2 } }, { why: 'static' }],
    ['a NodeClass that is missing', UNREADY, { why: 'unready' }],
    ['its limit', { spec: { limits: { cpu: '1' } }, status: { resources: { cpu: '1' } } }, { why: 'full' }],
  ];
  for (const [name, object, why] of idle)
    it(`creates none because of ${name}`, () => {
      const facts = toNodePoolFacts({ metadata: { name: 'p' }, ...object });
      assert.deepEqual(supplyOf({ pools: [facts], groups: [] })?.idle, [{ name: 'p', ...why }]);
    });
});
