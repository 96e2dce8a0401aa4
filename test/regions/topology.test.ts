import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeFacts } from '../../src/regions/node-facts.ts';
import { buildTopology, nodesOfHost } from '../../src/regions/topology.ts';
import { makeNode } from '../builders.ts';

const NODES = [
  makeNode('n1', 'eu/a'),
  makeNode('n2', 'eu/a'),
  makeNode('n3', 'eu/b'),
  makeNode('n4', 'us', { labels: { 'kubernetes.io/hostname': 'n1' } }),
  makeNode('n5'),
];

function sizes(nodes: readonly NodeFacts[]): readonly number[] {
  return buildTopology(nodes).classes.map((one) => one.nodes.length);
}

describe('the topology of nodes', () => {
  const topology = buildTopology(NODES);

  it('finds a node by name', () => assert.deepEqual(topology.byName.get('n3'), NODES[2]));

  it('finds all nodes of a host name', () => {
    assert.deepEqual(
      nodesOfHost('n1', topology).map(({ name }) => name),
      ['n1', 'n4'],
    );
  });

  it('knows the regions that have nodes', () => assert.deepEqual([...topology.regions], ['eu', 'us']));

  it('folds nodes that differ only in what is their own', () => assert.deepEqual(sizes(NODES), [2, 1, 1, 1]));

  it('can be of no nodes', () => assert.deepEqual(buildTopology([]).nodes, []));
});

describe('nodes are of one class', () => {
  const allocatable = { cpu: 4, memory: 16e9 };
  const rows: readonly [name: string, other: NodeFacts, classes: number][] = [
    ['with the same of everything', makeNode('m', 'eu', { allocatable }), 1],
    ['with some pages of memory less', makeNode('m', 'eu', { allocatable: { cpu: 4, memory: 15.9e9 } }), 1],
    ['not with half the memory', makeNode('m', 'eu', { allocatable: { cpu: 4, memory: 8e9 } }), 2],
    ['not with a device', makeNode('m', 'eu', { allocatable: { ...allocatable, 'nvidia.com/gpu': 1 } }), 2],
    ['not with another label', makeNode('m', 'eu', { allocatable, labels: { pool: 'gpu' } }), 2],
    ['not with a taint', makeNode('m', 'eu', { allocatable, taints: [{ key: 'gpu', effect: 'NoSchedule' }] }), 2],
    [
      'with a taint that keeps nothing away',
      makeNode('m', 'eu', { allocatable, taints: [{ key: 'gpu', effect: 'PreferNoSchedule' }] }),
      1,
    ],
  ];
  for (const [name, other, classes] of rows)
    it(name, () => assert.equal(sizes([makeNode('n', 'eu', { allocatable }), other]).length, classes));

  it('and what the class offers is known exactly', () => {
    const [one] = buildTopology([
      makeNode('n', 'eu', { allocatable }),
      makeNode('m', 'eu', { allocatable: { cpu: 4, memory: 15.9e9 } }),
    ]).classes;
    assert.deepEqual([one?.least?.['memory'], one?.most?.['memory']], [15.9e9, 16e9]);
  });

  it('whatever labels tell each of thousands apart', () => {
    const many = Array.from({ length: 2_000 }, (_, index) =>
      makeNode(`n${index}`, `r${index % 20}`, { labels: { instance: `i-${index}`, pool: `p${index % 10}` } }),
    );
    const { classes, individual } = buildTopology(many);
    assert.equal(classes.length, 20);
    assert.deepEqual([...individual].sort(), ['instance', 'kubernetes.io/hostname']);
  });
});

describe('a topology after another', () => {
  const first = buildTopology(NODES);
  const [none, eu, us] = first.byRegion;

  it('is of the same objects where nothing changed', () => {
    const next = buildTopology(NODES, first);
    assert.deepEqual(
      next.byRegion.map((one, index) => one === first.byRegion[index]),
      [true, true, true],
    );
    assert.equal(next.regions, first.regions);
  });

  it('differs in the region alone where a node came', () => {
    const next = buildTopology([...NODES, makeNode('n6', 'us')], first);
    assert.deepEqual(
      next.byRegion.map((one) => [one.region, one === eu || one === us || one === none]),
      [
        [undefined, true],
        ['eu', true],
        ['us', false],
      ],
    );
    assert.equal(next.regions, first.regions);
  });

  it('differs in the region alone where one of two equal nodes went', () => {
    const next = buildTopology(NODES.slice(1), first);
    assert.deepEqual([next.byRegion.includes(eu as never), next.byRegion.includes(us as never)], [false, true]);
  });

  it('knows when a region has lost its last node', () => {
    assert.deepEqual([...buildTopology(NODES.slice(0, 3), first).regions], ['eu']);
  });
});

describe('what regions and taints say', () => {
  const { grouped, carbonTaints, taints } = buildTopology([
    makeNode('n1', 'eu', { labels: { 'karpenter.sh/nodepool': 'default' } }),
    makeNode('n2', 'us', { taints: [{ key: 'gridgate.dev/carbon', value: 'high', effect: 'PreferNoSchedule' }] }),
    makeNode('n3', 'ap', { taints: [{ key: 'gpu', effect: 'NoSchedule' }] }),
    makeNode('n4', undefined, { labels: { 'cloud.google.com/gke-nodepool': 'x' } }),
  ]);
  it('a region of a node group may grow', () => assert.deepEqual([...grouped], ['eu']));
  it('a carbon taint counts whatever its effect', () => assert.deepEqual([...carbonTaints], ['high']));
  it('a preference keeps nothing away', () => assert.deepEqual(taints, [{ key: 'gpu', effect: 'NoSchedule' }]));
});
