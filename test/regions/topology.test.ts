import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { NodeFacts } from '../../src/regions/node-facts.ts';
import { buildTopology, type Topology } from '../../src/regions/topology.ts';
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
      topology.byHostname.get('n1')?.map(({ name }) => name),
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

describe('a topology after any changes', () => {
  const node = fc
    .record({
      name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      place: fc.constantFrom('eu/a', 'eu/b', 'us/a', undefined),
      pool: fc.constantFrom('x', 'y'),
      effect: fc.constantFrom('NoSchedule', 'PreferNoSchedule', undefined),
      cpu: fc.constantFrom(4, 4.01, 8),
    })
    .map(({ name, place, pool, effect, cpu }) =>
      makeNode(name, place, {
        labels: { pool },
        taints: effect ? [{ key: 'gridgate.dev/carbon', value: pool, effect }] : [],
        allocatable: { cpu },
      }),
    );
  /** What is there after each of some changes, in the order of a map. */
  const changes = fc.array(fc.tuple(fc.boolean(), fc.array(node, { maxLength: 3 })), { maxLength: 12 }).map((steps) => {
    const there = new Map<string, NodeFacts>();
    return steps.map(([isGoing, some]) => {
      for (const one of some) isGoing ? there.delete(one.name) : there.set(one.name, one);
      return [...there.values()];
    });
  });
  const sortedNames = (nodes: readonly NodeFacts[]) => nodes.map(({ name }) => name).sort();
  const summary = ({ byName, byRegion, regions, grouped, places, carbonTaints, taints, smallest }: Topology) => ({
    names: [...byName.keys()],
    regions: [...regions].sort(),
    grouped: [...grouped],
    places: [...places].sort(),
    carbonTaints: [...carbonTaints].sort(),
    taints,
    smallest,
    byRegion: byRegion.map(({ region, classes }) => ({
      region,
      classes: classes
        .map(({ nodes, least, most, taints, labels }) => ({
          names: sortedNames(nodes),
          least,
          most,
          taints,
          pool: labels['pool'],
        }))
        .sort((a, b) => (a.names.join() < b.names.join() ? -1 : 1)),
    })),
  });

  it('says the same as one made afresh', () => {
    fc.assert(
      fc.property(changes, (states) => {
        let topology = buildTopology([]);
        for (const nodes of states) {
          topology = buildTopology(nodes, topology);
          assert.deepEqual(summary(topology), summary(buildTopology(nodes)));
        }
      }),
    );
  });
});
