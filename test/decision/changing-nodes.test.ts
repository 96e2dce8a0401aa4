import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide } from '../../src/decision/decide.ts';
import type { Pod, SpreadConstraint } from '../../src/decision/pod.ts';
import type { NodeFacts } from '../../src/regions/node-facts.ts';
import type { NodePoolFacts } from '../../src/regions/node-pool.ts';
import { nodeSupply } from '../../src/regions/node-supply.ts';
import { pictureOf, withNodes } from '../../src/regions/picture.ts';
import type { Snapshot } from '../../src/regions/snapshot.ts';
import { buildTopology } from '../../src/regions/topology.ts';
import {
  expression,
  makeNode,
  makeNodePool,
  makePod,
  makePolicy,
  makeRegion,
  makeSnapshot,
  NOW,
  onNode,
  REGION_LABEL,
  region,
  requires,
  term,
  ZONE_LABEL,
} from '../builders.ts';
import { collectGarbage } from '../collect-garbage.ts';

const GPU = [{ key: 'gpu', effect: 'NoSchedule' }];
/** Of `no`, more nodes may come. */
const REGIONS = [
  makeRegion('eu', 20),
  makeRegion('us', 100),
  makeRegion('no', 250, { elastic: true }),
  makeRegion('ap', 300),
];
const BASE: readonly NodeFacts[] = [
  makeNode('e', 'eu/a', { allocatable: { cpu: 4 } }),
  makeNode('u', 'us/a', { allocatable: { cpu: 4 } }),
  makeNode('a', 'ap/a', { allocatable: { cpu: 4 } }),
];

function spread(rest: SpreadConstraint) {
  return { topologySpreadConstraints: [{ topologyKey: ZONE_LABEL, whenUnsatisfiable: 'DoNotSchedule', ...rest }] };
}

const HELD = 'asks for a pool, with a volume where a driver says';
const ON_A_RACK = { claim: 'data', volume: 'pv-1', terms: [term(expression('csi.example.com/rack', 'In', 'r1'))] };
const PODS: Readonly<Record<string, Pod>> = {
  'asks for nothing': makePod(),
  'asks for a pool': makePod({ nodeSelector: { pool: 'gpu' } }),
  'tolerates a taint and asks for a pool': makePod({ nodeSelector: { pool: 'gpu' }, tolerations: [...GPU] }),
  'asks for a size': makePod({ containers: [{ resources: { requests: { cpu: '6' } } }] }),
  'asks for a node': makePod(requires(onNode('n'))),
  'asks for a host': makePod({ nodeSelector: { 'kubernetes.io/hostname': 'n' } }),
  'asks for a pool and a zone': makePod({ nodeSelector: { pool: 'gpu', [ZONE_LABEL]: 'us-c' } }),
  'asks for a pool and an architecture': makePod({ nodeSelector: { pool: 'gpu', 'kubernetes.io/arch': 'arm64' } }),
  [HELD]: makePod({ nodeSelector: { pool: 'gpu' } }),
  ...Object.fromEntries(
    [2, 3, 4].map((minDomains) => [`spreads over ${minDomains} zones`, makePod(spread({ minDomains }))]),
  ),
  'spreads whatever nodes it asks for': makePod(spread({ nodeAffinityPolicy: 'Ignore' })),
  'spreads over zones of a pool': makePod({ ...spread({ minDomains: 2 }), nodeSelector: { pool: 'gpu' } }),
  'spreads, with what is like ours': makePod({
    ...spread({ minDomains: 2 }),
    ...requires(term(expression(REGION_LABEL, 'NotIn', 'us'), expression('gridgate.dev/placed', 'DoesNotExist'))),
  }),
  'asks for anything but a zone': makePod(requires(term(expression('topology.kubernetes.io/zone', 'NotIn', 'us-a')))),
};

const TWO_OF_A_POOL = ['us/b', 'us/d'].map((place, index) => makeNode(`p${index}`, place, { labels: { pool: 'gpu' } }));

/** What happens one after the other, each to what was there before. */
const CHANGES: readonly (readonly [name: string, nodes: readonly NodeFacts[]])[] = [
  ['nothing', BASE],
  ['a node of a pool comes', [...BASE, makeNode('n', 'us/b', { labels: { pool: 'gpu' } })]],
  ['it gets a taint', [...BASE, makeNode('n', 'us/b', { labels: { pool: 'gpu' }, taints: GPU })]],
  ['it moves', [...BASE, makeNode('n', 'ap/b', { labels: { pool: 'gpu' }, taints: GPU })]],
  ['it goes', BASE],
  ['two of a pool come', [...BASE, ...TWO_OF_A_POOL]],
  ['the first of them goes', [...BASE, ...TWO_OF_A_POOL.slice(1)]],
  ['the second, too', BASE],
  ['one comes that shows whose a zone is', [...BASE, makeNode('n', 'us/c')]],
  [
    'the zone is of another region too',
    [...BASE, makeNode('n', 'us/c'), makeNode('m', 'no/d', { labels: { [ZONE_LABEL]: 'us-c' } })],
  ],
  ['one of an architecture comes', [...BASE, makeNode('n', 'us/a', { labels: { 'kubernetes.io/arch': 'arm64' } })]],
  ['one with a taint comes', [...BASE, makeNode('t', 'ap/a', { taints: GPU })]],
  [
    'another shows whose a rack is',
    [
      ...BASE,
      makeNode('t', 'ap/a', { taints: GPU }),
      makeNode('n', 'us/a', { taints: GPU, labels: { 'csi.example.com/rack': 'r1' } }),
    ],
  ],
  ['a larger one comes', [...BASE, makeNode('n', 'eu/a', { allocatable: { cpu: 8 } })]],
  ['one of a region nobody described comes', [...BASE, makeNode('n', 'sa/a', { allocatable: { cpu: 8 } })]],
  ['one without a region comes', [...BASE, makeNode('n', undefined, { labels: { pool: 'gpu' } })]],
  [
    'one of a NodePool that says no place comes',
    [...BASE, makeNode('n', 'us/a', { labels: { 'karpenter.sh/nodepool': 'any' }, taints: GPU })],
  ],
  ['a region loses its only node', BASE.slice(1)],
];

/** One that says where, and what its nodes carry; one whose nodes alone tell where they come. */
const NODE_POOLS = [
  makeNodePool('gpus', [region('In', 'us', 'ap'), expression(ZONE_LABEL, 'In', 'us-b', 'ap-b')], {
    labels: { pool: 'gpu' },
  }),
  makeNodePool('any', [expression('kubernetes.io/arch', 'In', 'arm64')]),
];

/** The next snapshot, as the holder makes it. */
function after(
  snapshot: Snapshot,
  nodes: readonly NodeFacts[],
  nodePools: readonly NodePoolFacts[] | undefined,
): Snapshot {
  const topology = buildTopology(nodes, snapshot.topology);
  const regions = [...new Set([...REGIONS.map(({ name }) => name), ...topology.regions])].sort();
  const seen = { regionLabel: REGION_LABEL, regions, topology, nodePools, nodeGroups: undefined };
  const supply = nodePools && nodeSupply(seen, snapshot.supply);
  const parts = { nodes, ...(nodePools && { nodePools }) };
  return withNodes(snapshot, topology, supply) ?? { ...makeSnapshot(REGIONS, parts), topology };
}

describe('what is remembered while nodes change never shows', () => {
  const policy = makePolicy({ 'max-intensity': '200' });
  const decideBoth = (pod: Pod, snapshots: readonly Snapshot[]) =>
    snapshots.map((one) => {
      const volumes = pod === PODS[HELD] ? [ON_A_RACK] : [];
      const { decision, reason, patch, message, warnings } = decide({ pod, policy, snapshot: one, volumes, now: NOW });
      return { decision, reason, patch, message, warnings };
    });
  for (const nodePools of [undefined, NODE_POOLS]) {
    const parts = nodePools && { nodePools };
    let snapshot = makeSnapshot(REGIONS, { nodes: BASE, ...parts });
    // Twice: what was kept for nodes that are there again must still be right.
    for (const [name, nodes] of [...CHANGES, ...CHANGES]) {
      snapshot = after(snapshot, nodes, nodePools);
      const current = snapshot;
      it(`${name}${nodePools ? ', beside NodePools' : ''}`, () => {
        const afresh = makeSnapshot(REGIONS, { nodes: structuredClone(nodes), ...parts });
        for (const [what, pod] of Object.entries(PODS)) {
          const [kept, expected] = decideBoth(pod, [current, afresh]);
          assert.deepEqual(kept, expected, `a pod that ${what}`);
        }
      });
    }
  }
});

describe('what is remembered while nodes change', () => {
  it('holds none of those that went', async () => {
    let snapshot = makeSnapshot(REGIONS, { nodes: BASE });
    const gone = [1, 2, 3, 4].map((cpu) => {
      const visitor = makeNode(`n${cpu}`, 'us/a');
      snapshot = after(snapshot, [...BASE, visitor], undefined);
      // Of each topology another pod is the last to ask.
      const pod = makePod({ containers: [{ resources: { requests: { cpu: String(cpu) } } }] });
      decide({ pod, policy: makePolicy({ 'max-intensity': '200' }), snapshot, now: NOW });
      return new WeakRef(visitor);
    });
    snapshot = after(snapshot, BASE, undefined);
    await collectGarbage();
    assert.deepEqual(
      gone.map((one) => one.deref()),
      gone.map(() => undefined),
    );
    assert.equal(snapshot.topology?.nodes.length, BASE.length);
  });
});

describe('a picture of regions', () => {
  const first = makeSnapshot(REGIONS, { nodes: BASE });
  const next = (nodes: readonly NodeFacts[]) => withNodes(first, buildTopology(nodes, first.topology));

  it('is the same with a node more', () => {
    const second = next([...BASE, makeNode('n', 'us/b')]);
    assert.equal(second && pictureOf(second), pictureOf(first));
  });
  it('is another where a region gets its first node', () =>
    assert.equal(next([...BASE, makeNode('n', 'sa')]), undefined));
  it('is another where a region loses its last', () => assert.equal(next(BASE.slice(1)), undefined));
  it('is another where a carbon taint comes', () => {
    const taints = [{ key: 'gridgate.dev/carbon', value: 'high', effect: 'PreferNoSchedule' }];
    assert.equal(next([...BASE, makeNode('n', 'us/a', { taints })]), undefined);
  });
  it('is another where a group of nodes may grow', () => {
    assert.equal(next([...BASE, makeNode('n', 'us/a', { labels: { 'karpenter.sh/nodepool': 'x' } })]), undefined);
  });
  it('holds no nodes', () => assert.deepEqual(Object.keys(pictureOf(first).topology ?? {}), ['regions']));
});
