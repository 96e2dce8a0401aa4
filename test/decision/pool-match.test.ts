import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide, sharesOf } from '../../src/decision/decide.ts';
import type { Pod } from '../../src/decision/pod.ts';
import { reachableRegions } from '../../src/decision/reachable.ts';
import type { NodePoolFacts } from '../../src/regions/node-pool.ts';
import {
  decideNow,
  expression,
  HOSTNAME_LABEL,
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
  zone,
} from '../builders.ts';

const GRAMS = { 'eu-n': 20, 'eu-w': 100, 'us-e': 400 };
const TEAM = 'example.com/team';
const POOL = 'karpenter.sh/nodepool';
const ARCH = 'kubernetes.io/arch';
const CPUS = 'karpenter.k8s.aws/instance-cpu';
const TAINT = { key: 'batch', value: 'only', effect: 'NoSchedule' };

/** The one pool of a case is in `eu-n`, unless it says where itself. */
function inNorth(requirements: readonly ReturnType<typeof expression>[], parts: Partial<NodePoolFacts> = {}) {
  return makeNodePool('north', [region('In', 'eu-n'), ...requirements], parts);
}

function reachOf(pod: Pod, nodePools: readonly NodePoolFacts[], nodes = [] as ReturnType<typeof makeNode>[]) {
  const { regions } = reachableRegions(pod, makeSnapshot(GRAMS, { nodes, nodePools }));
  return regions.map(({ name }) => name).join(' ');
}

type Row = readonly [name: string, pool: NodePoolFacts, asks: Parameters<typeof makePod>[0], comes: boolean];

describe('a NodePool may bring a pod a node', () => {
  const pinned = (key: string, value: string) => ({ nodeSelector: { [key]: value } });
  const wants = (key: string, operator: string, ...values: readonly string[]) =>
    requires(term(expression(key, operator, ...values)));
  const onTeam = (operator: string, ...values: readonly string[]) => inNorth([expression(TEAM, operator, ...values)]);
  const onCpus = (...bounds: readonly (readonly [string, string])[]) =>
    inNorth(bounds.map(([operator, value]) => expression(CPUS, operator, value)));
  const labelled = inNorth([], { labels: { [TEAM]: 'a', [POOL]: 'north' } });
  const tainted = inNorth([], { taints: [TAINT] });
  const rows: readonly Row[] = [
    ['that asks for nothing', inNorth([]), {}, true],
    ['not while it is paused', inNorth([], { isPaused: true }), {}, false],
    ['not of a fixed number of them', inNorth([], { isStatic: true }), {}, false],
    ['not while it has all that it may have', inNorth([], { isFull: true }), {}, false],
    ['not before it is ready', inNorth([], { isUnready: true }), {}, false],
    // A label of the owner's
    ['with a label that it gives', labelled, pinned(TEAM, 'a'), true],
    ['not with another value of it', labelled, pinned(TEAM, 'b'), false],
    ['not without it', labelled, wants(TEAM, 'DoesNotExist'), false],
    ['with one of the values that it may have', onTeam('In', 'a', 'b'), wants(TEAM, 'In', 'b', 'c'), true],
    ['not with one that it may not', onTeam('In', 'a', 'b'), wants(TEAM, 'In', 'c'), false],
    ['with a value that is left', onTeam('In', 'a', 'b'), wants(TEAM, 'NotIn', 'a'), true],
    ['not where none is left', onTeam('In', 'a', 'b'), wants(TEAM, 'NotIn', 'a', 'b'), false],
    ['with any value of a label that only has to be there', onTeam('Exists'), pinned(TEAM, 'mine'), true],
    ['that names none of them', onTeam('Exists'), wants(TEAM, 'Exists'), true],
    ['not without it, where it has to be there', onTeam('Exists'), wants(TEAM, 'DoesNotExist'), false],
    ['not with one that must not be there', onTeam('DoesNotExist'), wants(TEAM, 'Exists'), false],
    ['without it', onTeam('DoesNotExist'), wants(TEAM, 'DoesNotExist'), true],
    ['with a value that is not shut out', onTeam('NotIn', 'a'), pinned(TEAM, 'b'), true],
    ['not with one that is', onTeam('NotIn', 'a'), pinned(TEAM, 'a'), false],
    ['that shuts out other values', onTeam('NotIn', 'a'), wants(TEAM, 'NotIn', 'b'), true],
    ['not with a label of which it does not speak', inNorth([]), pinned(TEAM, 'a'), false],
    ['not even where it only has to be there', inNorth([]), wants(TEAM, 'Exists'), false],
    ['without one of which it does not speak', inNorth([]), wants(TEAM, 'DoesNotExist'), true],
    ['with another value than one of which it does not speak', inNorth([]), wants(TEAM, 'NotIn', 'a'), true],
    // All that is asked of one label holds of one value
    [
      'with the value that two wishes leave',
      onTeam('In', 'a', 'b'),
      { ...pinned(TEAM, 'a'), ...wants(TEAM, 'NotIn', 'b') },
      true,
    ],
    [
      'not with one that two wishes leave none of',
      onTeam('In', 'a', 'c'),
      requires(term(expression(TEAM, 'In', 'a', 'b'), expression(TEAM, 'NotIn', 'a'))),
      false,
    ],
    // Numbers
    ['with a number above its bound', onCpus(['Gt', '3']), wants(CPUS, 'Gt', '8'), true],
    ['with a number of its range', onCpus(['Gte', '4'], ['Lte', '8']), pinned(CPUS, '8'), true],
    ['not with one above its range', onCpus(['Gte', '4'], ['Lte', '8']), pinned(CPUS, '9'), false],
    ['not above the top of its range', onCpus(['Gte', '4'], ['Lte', '8']), wants(CPUS, 'Gt', '8'), false],
    ['not below its bottom', onCpus(['Gt', '4']), wants(CPUS, 'Lt', '5'), false],
    ['with the one number between', onCpus(['Gt', '4']), wants(CPUS, 'Lt', '6'), true],
    [
      'not with the one number between, where it is shut out',
      onCpus(['Gt', '4']),
      requires(term(expression(CPUS, 'Lt', '6'), expression(CPUS, 'NotIn', '5'))),
      false,
    ],
    ['with a number below', onCpus(['Lt', '9']), wants(CPUS, 'Lt', '4'), true],
    ['not with a word, where it has a number', onCpus(['Lt', '9']), pinned(CPUS, 'many'), false],
    ['with a number of its list', inNorth([expression(CPUS, 'In', '4', '8')]), wants(CPUS, 'Gt', '4'), true],
    ['not with one beyond its list', inNorth([expression(CPUS, 'In', '4', '8')]), wants(CPUS, 'Gt', '8'), false],
    // What instance types carry
    ['of any architecture where it names none', inNorth([]), pinned(ARCH, 'arm64'), true],
    ['not of another than it names', inNorth([expression(ARCH, 'In', 'amd64')]), pinned(ARCH, 'arm64'), false],
    [
      'by the name of a label from before',
      inNorth([expression(ARCH, 'In', 'amd64')]),
      pinned('beta.kubernetes.io/arch', 'amd64'),
      true,
    ],
    ['not against it', inNorth([expression(ARCH, 'In', 'amd64')]), pinned('beta.kubernetes.io/arch', 'arm64'), false],
    ['of any instance type', inNorth([]), pinned('node.kubernetes.io/instance-type', 'm7g.large'), true],
    ['with what its provider says of instance types', inNorth([]), wants(CPUS, 'Gt', '16'), true],
    ['with what EKS Auto Mode says of them', inNorth([]), pinned('eks.amazonaws.com/instance-category', 'c'), true],
    ['without a device', inNorth([]), wants('karpenter.k8s.aws/instance-gpu-name', 'DoesNotExist'), true],
    ['not without an architecture', inNorth([]), wants(ARCH, 'DoesNotExist'), false],
    ['not with a label that only looks like one of Karpenter', inNorth([]), pinned('karpenter.sh/mine', 'x'), false],
    ['of a capacity type', inNorth([]), pinned('karpenter.sh/capacity-type', 'spot'), true],
    ['not in a managed node group', inNorth([]), pinned('eks.amazonaws.com/nodegroup', 'web'), false],
    ['not of those that Karpenter did not make', inNorth([]), wants(POOL, 'DoesNotExist'), false],
    ['of its own name', inNorth([]), pinned(POOL, 'north'), true],
    ['not of the name of another', inNorth([]), pinned(POOL, 'south'), false],
    // Places
    ['in its region', inNorth([]), pinned(REGION_LABEL, 'eu-n'), true],
    ['not in another', inNorth([]), pinned(REGION_LABEL, 'eu-w'), false],
    ['in a zone that it names', inNorth([zone('In', 'eu-n-1')]), pinned(ZONE_LABEL, 'eu-n-1'), true],
    ['not in one that it does not', inNorth([zone('In', 'eu-n-1')]), pinned(ZONE_LABEL, 'eu-n-2'), false],
    ['in any zone where it names none', inNorth([]), pinned(ZONE_LABEL, 'eu-n-2'), true],
    ['not in one whose name tells another region', inNorth([]), pinned(ZONE_LABEL, 'us-e-b'), false],
    ['in one whose name tells nothing', inNorth([]), pinned(ZONE_LABEL, 'z9'), true],
    ['not on a host by name', inNorth([]), pinned(HOSTNAME_LABEL, 'h1'), false],
    ['not without a host', inNorth([]), wants(HOSTNAME_LABEL, 'DoesNotExist'), false],
    ['not on a node by name', inNorth([]), requires(onNode('n1')), false],
    ['on any host but one', inNorth([]), wants(HOSTNAME_LABEL, 'NotIn', 'h1'), true],
    // Taints
    ['not past a taint that it does not tolerate', tainted, {}, false],
    ['that tolerates its taint', tainted, { tolerations: [{ key: 'batch', operator: 'Exists' }] }, true],
    [
      'past a taint that only prefers others',
      inNorth([], { taints: [{ ...TAINT, effect: 'PreferNoSchedule' }] }),
      {},
      true,
    ],
    [
      'past a taint that goes by itself',
      inNorth([], { taints: [{ ...TAINT, key: 'example.com/agent-not-ready' }] }),
      {},
      true,
    ],
    // Alternatives
    [
      'that has an alternative',
      inNorth([]),
      requires(term(expression(TEAM, 'In', 'a')), term(region('In', 'eu-n'))),
      true,
    ],
    ['not one that asks for nothing at all', inNorth([]), requires({}), false],
    [
      'whatever it asks of size',
      inNorth([]),
      { containers: [{ resources: { requests: { cpu: '900', 'nvidia.com/gpu': '8' } } }] },
      true,
    ],
  ];
  for (const [name, pool, asks, comes] of rows)
    it(name, () => assert.equal(reachOf(makePod(asks), [pool]), comes ? 'eu-n' : ''));
});

describe('where NodePools may create nodes', () => {
  const any = makePod();
  const rows: readonly [
    name: string,
    pools: readonly NodePoolFacts[],
    nodes: readonly ReturnType<typeof makeNode>[],
    regions: string,
  ][] = [
    ['in the regions that one names', [makeNodePool('p', [region('In', 'eu-n', 'eu-w')])], [], 'eu-n eu-w'],
    [
      'in a region that its template names',
      [makeNodePool('p', [], { labels: { [REGION_LABEL]: 'us-e' } })],
      [],
      'us-e',
    ],
    ['in those of its zones, by their names', [makeNodePool('p', [zone('In', 'eu-n-a', 'us-e-b')])], [], 'eu-n us-e'],
    [
      'in those of its zones, by nodes that carry both',
      [makeNodePool('p', [zone('In', 'z1')])],
      [makeNode('n', 'eu-w', { labels: { [ZONE_LABEL]: 'z1' }, taints: [TAINT] })],
      'eu-w',
    ],
    ['in no region of a zone that nobody knows', [makeNodePool('p', [zone('In', 'moon-1')])], [], ''],
    [
      'in a region of which it names a zone',
      [makeNodePool('p', [region('In', 'eu-n', 'eu-w'), zone('In', 'eu-n-a')])],
      [],
      'eu-n',
    ],
    [
      'not where it does not want to',
      [makeNodePool('p', [region('In', 'eu-n', 'eu-w'), region('NotIn', 'eu-n')])],
      [],
      'eu-w',
    ],
    [
      'where its nodes are, if it says nothing',
      [makeNodePool('p')],
      [
        makeNode('n', 'eu-w', { labels: { [POOL]: 'p' }, taints: [TAINT] }),
        makeNode('m', 'us-e', { labels: { [POOL]: 'q' }, taints: [TAINT] }),
      ],
      'eu-w',
    ],
    [
      'where all nodes are, if it says nothing and has none',
      [makeNodePool('p')],
      [makeNode('n', 'us-e', { taints: [TAINT] })],
      'us-e',
    ],
    [
      'nobody knows where, if nodes are in two regions',
      [makeNodePool('p')],
      [makeNode('n', 'us-e', { taints: [TAINT] }), makeNode('m', 'eu-n', { taints: [TAINT] })],
      '',
    ],
    ['nobody knows where, without any node', [makeNodePool('p')], [], ''],
    ['in a region that nobody described', [makeNodePool('p', [region('In', 'sa-e')])], [], 'sa-e'],
  ];
  for (const [name, pools, nodes, expected] of rows)
    it(name, () => assert.equal(reachOf(any, pools, [...nodes]), expected));

  it('of several that could, each counts where it is', () => {
    const pools = [
      makeNodePool('batch', [region('In', 'eu-n')], { labels: { [TEAM]: 'a' } }),
      makeNodePool('web', [region('In', 'eu-w', 'us-e')]),
    ];
    assert.equal(reachOf(any, pools), 'eu-n eu-w us-e');
    assert.equal(reachOf(makePod({ nodeSelector: { [TEAM]: 'a' } }), pools), 'eu-n');
    assert.equal(reachOf(makePod({ nodeSelector: { [POOL]: 'web' } }), pools), 'eu-w us-e');
  });

  it('beside nodes that are there', () => {
    const pools = [makeNodePool('batch', [region('In', 'eu-n')])];
    assert.equal(reachOf(any, pools, [makeNode('n', 'us-e')]), 'eu-n us-e');
  });

  it('is not asked where nodes may not be seen: any region may have some', () => {
    const snapshot = makeSnapshot(GRAMS, { nodePools: [makeNodePool('p', [region('In', 'eu-n')])] });
    assert.equal(reachableRegions(any, snapshot).all, true);
  });

  it('a zone that only another region has keeps a pool away, whatever it says of zones without listing them', () => {
    const nodes = [makeNode('n', 'us-e/1', { taints: [TAINT] })];
    const asks = makePod({ nodeSelector: { [ZONE_LABEL]: 'us-e-1' } });
    for (const said of [[], [zone('NotIn', 'eu-n-2')], [zone('Exists')]])
      assert.equal(reachOf(asks, [inNorth(said)], nodes), '', JSON.stringify(said));
    const rack = expression('example.com/rack', 'NotIn', 'r7');
    const racked = [makeNode('n', 'us-e', { labels: { 'example.com/rack': 'r1' }, taints: [TAINT] })];
    assert.equal(reachOf(makePod({ nodeSelector: { 'example.com/rack': 'r1' } }), [inNorth([rack])], racked), '');
  });

  it('a volume is where its driver says: a zone of another region keeps a pool away', () => {
    const nodes = [makeNode('n', 'eu-w/1', { taints: [TAINT] })];
    const snapshot = makeSnapshot(GRAMS, { nodes, nodePools: [makeNodePool('p', [region('In', 'eu-n', 'eu-w')])] });
    const terms = [term(expression('topology.ebs.csi.aws.com/zone', 'In', 'eu-w-1'))];
    const volumes = [{ claim: 'data', volume: 'pv', terms }];
    const seen = reachableRegions(any, snapshot, {
      volumes: [{ ...volumes[0], terms: [term(zone('In', 'eu-w-1'))] } as never],
    });
    assert.deepEqual(
      seen.regions.map(({ name }) => name),
      ['eu-w'],
    );
    // Of a label that no node carries nobody knows whose it is.
    const unseen = reachableRegions(any, snapshot, { volumes });
    assert.deepEqual(
      unseen.regions.map(({ name }) => name),
      ['eu-n', 'eu-w'],
    );
  });
});

describe('a pod in a cluster of NodePools, without any node', () => {
  const POOLS = ['eu-n', 'eu-w', 'us-e'].map((name) => makeNodePool(`in-${name}`, [region('In', name)]));
  const snapshot = makeSnapshot(GRAMS, { nodes: [], nodePools: POOLS });

  it('is led to the cleanest by a preference, and kept out of the dirty', () => {
    const { decision, region: best, steps } = decideNow(makePod(), { 'max-intensity': '200' }, snapshot);
    assert.deepEqual([decision, best], ['steer', 'eu-n']);
    assert.deepEqual(steps?.steering?.requirement, { operator: 'NotIn', values: ['us-e'] });
    assert.deepEqual(
      steps?.steering?.preferred.map((one) => one.region),
      ['eu-n', 'eu-w'],
    );
  });

  it('is held to the best under require, though nothing is elastic', () => {
    const { steps } = decideNow(makePod(), { placement: 'require' }, snapshot);
    assert.deepEqual(steps?.steering?.requirement, { operator: 'In', values: ['eu-n'] });
  });

  it('stays where only a dirty pool has what it needs', () => {
    const pools = [
      makeNodePool('n', [region('In', 'eu-n')]),
      makeNodePool('e', [region('In', 'us-e'), expression(ARCH, 'In', 'arm64')]),
    ];
    const arm = makeSnapshot(GRAMS, {
      nodes: [],
      nodePools: [
        { ...pools[0], requirements: [...(pools[0]?.requirements ?? []), expression(ARCH, 'In', 'amd64')] } as never,
        ...pools.slice(1),
      ],
    });
    const { decision, reason } = decideNow(
      makePod({ nodeSelector: { [ARCH]: 'arm64' } }),
      { 'max-intensity': '200' },
      arm,
    );
    assert.notEqual(decision, 'deny');
    assert.equal(reason, 'all_dirty');
  });

  it('is told that it counts on new nodes', () => {
    const { warnings } = decideNow(makePod(), {}, snapshot);
    assert.match(warnings.join(), /no node of eu-n, eu-w has now what the pod asks for; it counts on new ones/);
  });

  it('is told where nobody knows what a NodePool may bring', () => {
    const { reason, warnings } = decideNow(
      makePod(),
      {},
      makeSnapshot(GRAMS, { nodes: [], nodePools: [makeNodePool('p')] }),
    );
    assert.equal(reason, 'unreachable');
    assert.match(
      warnings.join(),
      /it waits: NodePool p may bring one, nobody knows where: it names no region or zone, and has no node/,
    );
  });

  it('is told which of its wishes leaves which regions, by what may come', () => {
    const pools = [...POOLS.slice(1), makeNodePool('batch', [region('In', 'eu-n')], { labels: { [TEAM]: 'a' } })];
    const input = {
      pod: makePod({ nodeSelector: { [TEAM]: 'a' } }),
      policy: makePolicy(),
      snapshot: makeSnapshot(GRAMS, { nodes: [], nodePools: pools }),
      now: NOW,
    };
    assert.equal(decide(input).region, 'eu-n');
    assert.deepEqual(
      sharesOf(input).map(({ what, leaves }) => [what, leaves.map(({ name }) => name)]),
      [[`node selector ${TEAM}=a`, ['eu-n']]],
    );
  });
});

describe('an elastic region for a pod that names a NodePool', () => {
  const regions = [makeRegion('eu-n', 20, { elastic: true }), makeRegion('us-e', 400, { elastic: true })];
  const nodes = [makeNode('n', 'eu-n'), makeNode('m', 'us-e')];
  const named = makePod({ nodeSelector: { [POOL]: 'late' } });
  const late = (parts: Partial<NodePoolFacts> = {}) => makeNodePool('late', [region('In', 'us-e')], parts);
  const reached = (nodePools: readonly NodePoolFacts[] | undefined, pod = named) =>
    reachableRegions(pod, makeSnapshot(regions, { nodes, ...(nodePools && { nodePools }) }))
      .regions.map(({ name }) => name)
      .join(' ');

  it('counts where that pool may create nodes', () => assert.equal(reached([late()]), 'us-e'));
  it('does not where it is paused', () => assert.equal(reached([late({ isPaused: true })]), ''));
  it('does not where there is no such pool', () => assert.equal(reached([makeNodePool('other')]), ''));
  it('counts where nobody knows where the pool creates nodes', () =>
    assert.equal(reached([makeNodePool('late')]), 'eu-n us-e'));
  it('counts where NodePools cannot be seen', () => assert.equal(reached(undefined), 'eu-n us-e'));
  it('counts one of a few pools', () => {
    const either = makePod(requires(term(expression(POOL, 'In', 'late', 'soon'))));
    const pools = [late({ isPaused: true }), makeNodePool('soon', [region('In', 'eu-n')])];
    assert.equal(reached(pools, either), 'eu-n');
  });
  it('gets no requirement that keeps it out of the one region of its paused pool', () => {
    const snapshot = makeSnapshot(regions, { nodes, nodePools: [late({ isPaused: true })] });
    const { decision, patch } = decideNow(named, { 'max-intensity': '200' }, snapshot);
    assert.equal(decision, 'allow');
    assert.ok(!JSON.stringify(patch).includes('us-e'));
  });
});

describe('a pod that only NodePools could serve which create no nodes now is told why', () => {
  const nodes = [makeNode('n', 'us-e')];
  const named = { nodeSelector: { [POOL]: 'north' } };
  const rows: readonly [
    name: string,
    pools: readonly NodePoolFacts[],
    asks: Parameters<typeof makePod>[0],
    says: RegExp,
  ][] = [
    [
      'paused',
      [inNorth([], { isPaused: true, pausedBy: 'cpu' })],
      named,
      /it waits: NodePool north would serve it, and creates no nodes now: it is paused \(limits\.cpu 0\)$/,
    ],
    ['full', [inNorth([], { isFull: true })], named, /no nodes now: it has as much as its limits let it$/],
    ['static', [inNorth([], { isStatic: true })], named, /no nodes now: it is static: it has a fixed number of nodes$/],
    ['not ready', [inNorth([], { isUnready: true })], named, /no nodes now: it is not ready$/],
    [
      'two of them',
      [
        inNorth([], { isPaused: true, labels: { [TEAM]: 'a' } }),
        makeNodePool('other', [region('In', 'eu-w')], { isFull: true, labels: { [TEAM]: 'a' } }),
      ],
      { nodeSelector: { [TEAM]: 'a' } },
      /NodePools north, other would serve it, and create no nodes now: north is paused, other has as much/,
    ],
    [
      'not of another pool that is alike',
      [inNorth([], { isPaused: true }), makeNodePool('twin', [region('In', 'eu-n')], { isPaused: true })],
      named,
      /NodePool north would/,
    ],
    ['not of a pool with another name', [makeNodePool('p', [], { isPaused: true })], named, /none is known to come/],
    ['not of one with a taint', [inNorth([], { isPaused: true, taints: [TAINT] })], named, /none is known to come/],
    [
      'not where one may come nobody knows where',
      [inNorth([], { isPaused: true, labels: { [TEAM]: 'a' } }), makeNodePool('p', [], { labels: { [TEAM]: 'a' } })],
      { nodeSelector: { [TEAM]: 'a' } },
      /NodePool p may bring one, nobody knows where/,
    ],
  ];
  for (const [name, nodePools, asks, says] of rows)
    it(name, () => {
      const snapshot = makeSnapshot({ ...GRAMS, 'us-w': 300 }, { nodes: [...nodes, makeNode('w', 'us-w')], nodePools });
      const { reason, warnings } = decideNow(makePod(asks), {}, snapshot);
      assert.equal(reason, 'unreachable');
      assert.match(warnings.join('\n'), says);
    });
});

describe('no pod is denied to whom a NodePool may bring a node later', () => {
  const nodes = [makeNode('n', 'us-e'), makeNode('m', 'us-w')];
  const rows: readonly [name: string, pool: NodePoolFacts, asks: Parameters<typeof makePod>[0], waits: boolean][] = [
    ['that is paused', inNorth([], { isPaused: true }), {}, true],
    ['that is full', inNorth([], { isFull: true }), {}, true],
    ['that is not ready', inNorth([], { isUnready: true }), {}, true],
    ['of a fixed size', inNorth([], { isStatic: true }), {}, true],
    ['nobody knows where', makeNodePool('p'), {}, true],
    ['but not one that it does not tolerate', inNorth([], { isPaused: true, taints: [TAINT] }), {}, false],
    [
      'that it tolerates',
      inNorth([], { isPaused: true, taints: [TAINT] }),
      { tolerations: [{ key: 'batch', operator: 'Exists' }] },
      true,
    ],
    [
      'but not one in a region that is refused',
      makeNodePool('p', [region('In', 'us-e')], { isPaused: true }),
      {},
      false,
    ],
    ['but not one that keeps out of the region', makeNodePool('p', [region('NotIn', 'eu-n', 'eu-w')]), {}, false],
  ];
  const policies: readonly Readonly<Record<string, string>>[] = [
    { regions: 'eu-*' },
    { 'max-intensity': '200', 'when-all-dirty': 'deny' },
  ];
  for (const [name, pool, asks, waits] of rows)
    for (const policy of policies)
      it(`${name}, under ${JSON.stringify(policy)}`, () => {
        const snapshot = makeSnapshot({ ...GRAMS, 'us-w': 400 }, { nodes, nodePools: [pool] });
        const { decision, warnings, steps } = decideNow(makePod(asks), policy, snapshot);
        assert.equal(decision, waits ? 'steer' : 'deny');
        if (!waits) return;
        assert.match(warnings.join(), /it waits for NodePools that are paused, full, static or not ready/);
        const { operator, values = [] } = steps?.steering?.requirement ?? {};
        assert.equal(values.includes('us-e'), operator === 'NotIn', 'the dirty region stays shut');
      });

  it('nor in a region that only it names, and nobody described', () => {
    const nodePools = [makeNodePool('p', [region('In', 'eu-s')], { isPaused: true })];
    const { decision } = decideNow(
      makePod(),
      { regions: 'eu-s' },
      makeSnapshot({ 'us-e': 400, 'us-w': 400 }, { nodes, nodePools }),
    );
    assert.equal(decision, 'steer');
  });

  it('it is no place to prefer or require', () => {
    const nodePools = [inNorth([], { isPaused: true })];
    const snapshot = makeSnapshot(GRAMS, { nodes: [...nodes, makeNode('w', 'eu-w')], nodePools });
    const { steps } = decideNow(makePod(), { placement: 'require' }, snapshot);
    assert.deepEqual(steps?.steering?.requirement, { operator: 'In', values: ['eu-w'] });
  });

  it('a pod whose own wishes NodePools of the clean region do not meet is denied', () => {
    const nodePools = [inNorth([], { isPaused: true })];
    const labelled = [makeNode('n', 'us-e', { labels: { [TEAM]: 'a' } })];
    const pod = makePod({ nodeSelector: { [TEAM]: 'a' } });
    const { decision } = decideNow(pod, { regions: 'eu-*' }, makeSnapshot(GRAMS, { nodes: labelled, nodePools }));
    assert.equal(decision, 'deny');
  });
});

describe('a region that its owner calls not elastic', () => {
  it('gets no node of a NodePool either', () => {
    const nodes = [makeNode('n', 'us-e')];
    const nodePools = [inNorth([])];
    const views = [makeRegion('eu-n', 20, { isClosed: true }), makeRegion('eu-w', 100), makeRegion('us-e', 250)];
    const snapshot = makeSnapshot(views, { nodes, nodePools });
    assert.deepEqual(
      reachableRegions(makePod(), snapshot).regions.map(({ name }) => name),
      ['us-e'],
    );
    const { steps } = decideNow(makePod(), { placement: 'require' }, snapshot);
    assert.deepEqual(steps?.steering?.requirement, { operator: 'In', values: ['us-e'] });
    assert.equal(decideNow(makePod(), { regions: 'eu-*' }, snapshot).decision, 'deny');
  });
});

describe("a region label of the owner's own", () => {
  const OWN = 'example.com/region';
  const reachByOwn = (pool: NodePoolFacts) => {
    const snapshot = makeSnapshot(GRAMS, { nodes: [], nodePools: [pool], regionLabel: OWN });
    return reachableRegions(makePod(), snapshot).regions.map(({ name }) => name);
  };
  const rows: readonly [name: string, pool: NodePoolFacts, regions: readonly string[]][] = [
    ['counts where a NodePool requires it', makeNodePool('p', [expression(OWN, 'In', 'eu-n')]), ['eu-n']],
    ['counts where its template has it', makeNodePool('p', [], { labels: { [OWN]: 'eu-n' } }), ['eu-n']],
    [
      'counts in the regions of its zones where it only has to be there',
      makeNodePool('p', [expression(OWN, 'Exists'), zone('In', 'eu-n-a')]),
      ['eu-n'],
    ],
    ['does not come with zones alone', makeNodePool('p', [zone('In', 'eu-n-a')]), []],
    ['does not come with the well-known label', makeNodePool('p', [region('In', 'eu-n')]), []],
  ];
  for (const [name, pool, regions] of rows) it(name, () => assert.deepEqual(reachByOwn(pool), regions));

  it('and who waits is told that a NodePool lacks it', () => {
    const nodePools = [makeNodePool('p', [zone('In', 'eu-n-a')])];
    const { warnings } = decideNow(makePod(), {}, makeSnapshot(GRAMS, { nodes: [], nodePools, regionLabel: OWN }));
    assert.match(
      warnings.join(),
      /NodePool p may bring one, nobody knows where: it says nothing of the label example.com\/region/,
    );
  });
});

describe('what a pod asks is compared with NodePools', () => {
  /** 500 pools in 20 regions, no two alike. */
  const POOLS = Array.from({ length: 500 }, (_, index) =>
    makeNodePool(`p${index}`, [
      region('In', ...Array.from({ length: 3 }, (_, other) => `r${(index + 7 * other) % 20}`)),
      expression(TEAM, 'In', ...Array.from({ length: 20 }, (_, other) => `t${index}-${other}`)),
    ]),
  );
  const grams = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`r${index}`, 50 + index]));
  const snapshot = makeSnapshot(grams, { nodes: [], nodePools: POOLS });
  const values = (count: number, prefix = 'v') => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

  it('by 500 of them, none like another', () => {
    const { regions } = reachableRegions(makePod({ nodeSelector: { [TEAM]: 't7-3' } }), snapshot);
    assert.deepEqual(
      regions.map(({ name }) => name),
      ['r1', 'r14', 'r7'],
    );
  });

  it('no longer than a budget allows: beyond it every NodePool counts that it tolerates', () => {
    const types = 'node.kubernetes.io/instance-type';
    const many = Array.from({ length: 500 }, (_, index) =>
      makeNodePool(`p${index}`, [
        region('In', `r${index % 20}`),
        expression(types, 'In', ...values(500, `t${index}-`)),
        expression(TEAM, 'Exists'),
      ]),
    );
    const tainted = makeNodePool('tainted', [region('In', 'far')], { taints: [TAINT] });
    const large = makeSnapshot(grams, { nodes: [], nodePools: [...many, tainted] });
    const terms = values(499, '').map((bound) => term(expression(types, 'Gt', bound)));
    const started = performance.now();
    const { regions } = reachableRegions(makePod(requires(...terms)), large);
    assert.equal(regions.length, 20);
    assert.ok(performance.now() - started < 60_000);
    assert.equal(
      reachableRegions(
        makePod(requires(...terms.slice(0, 1))),
        makeSnapshot(grams, { nodes: [], nodePools: many.slice(0, 20) }),
      ).regions.length,
      0,
    );
  });

  it('500 equal ones are one', () => {
    const equal = POOLS.map(({ name }) => makeNodePool(name, [region('In', 'r1')]));
    const { supply } = makeSnapshot(grams, { nodes: [], nodePools: equal });
    assert.deepEqual(
      supply?.offers.map(({ pools }) => pools.length),
      [500],
    );
  });

  const hostile: readonly [name: string, pod: Parameters<typeof makePod>[0]][] = [
    ['9,000 values', requires(term(expression(TEAM, 'In', ...values(9_000))))],
    [
      '9,000 values that must not be, of a number',
      requires(term(expression(CPUS, 'Gt', '1'), expression(CPUS, 'NotIn', ...values(9_000, '')))),
    ],
    [
      '4,000 requirements on one label',
      requires(term(...values(4_000).map((value) => expression(TEAM, 'NotIn', value)))),
    ],
    [
      '500 terms of 10 requirements',
      requires(...values(500).map((value) => term(...values(10).map((key) => expression(key, 'In', value))))),
    ],
  ];
  for (const [name, asks] of hostile)
    it(`in good time, whatever its author wrote: ${name}`, () => {
      const started = performance.now();
      reachableRegions(makePod(asks), snapshot);
      const took = performance.now() - started;
      assert.ok(took < 60_000, `${took} ms`);
    });
});
