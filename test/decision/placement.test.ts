import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { effectivePolicy } from '../../src/decision/effective-policy.ts';
import { explain } from '../../src/decision/explain.ts';
import { AUTO_REASONS, type AutoReason, dataOfPlacement } from '../../src/decision/placement.ts';
import type { GroupFacts } from '../../src/regions/autoscaling.ts';
import type { NodePoolFacts } from '../../src/regions/node-pool.ts';
import type { RegionView } from '../../src/regions/snapshot.ts';
import {
  applied,
  decideNow,
  makeGroup,
  makeNode,
  makeNodePool,
  makePod,
  makePolicy,
  makeRegion,
  makeSnapshot,
  NO_RULES,
  prefers,
  region,
} from '../builders.ts';

const FLEXIBLE = { annotations: { class: 'flexible' } };
const NODES = ['eu-n', 'eu-w', 'eu-c', 'us-e'].map((name) => makeNode(name, name));
/** `eu-w` is within 10% of the best, `eu-c` is not, `us-e` is refused. */
const REGIONS = [makeRegion('eu-n', 100), makeRegion('eu-w', 105), makeRegion('eu-c', 150), makeRegion('us-e', 400)];
const OPEN = ['eu-n', 'eu-w', 'eu-c', 'us-e'].map((name) => makeGroup(`batch-${name}`));
const POOL = makeNodePool('p', [region('In', 'eu-n')]);

function fill(...names: readonly string[]): readonly GroupFacts[] {
  return OPEN.map((group) => (names.includes(group.name.slice('batch-'.length)) ? { ...group, target: 10 } : group));
}

interface Case {
  readonly pod?: Parameters<typeof makePod>[0];
  readonly policy?: Readonly<Record<string, string>>;
  readonly groups?: readonly GroupFacts[];
  readonly pools?: readonly NodePoolFacts[];
  readonly regions?: readonly RegionView[];
  readonly nodes?: typeof NODES;
}

function decideCase({ pod = FLEXIBLE, policy, groups, pools, regions = REGIONS, nodes = NODES }: Case) {
  const snapshot = makeSnapshot(regions, {
    nodes,
    ...(groups && { nodeGroups: groups }),
    ...(pools && { nodePools: pools }),
  });
  const decided = decideNow(makePod(pod), { placement: 'auto', ...policy }, snapshot);
  return { ...decided, snapshot };
}

describe('placement: auto', () => {
  const rows: readonly [name: string, given: Case, why: AutoReason, required: string][] = [
    ['under Cluster Autoscaler: the best that have room', { groups: OPEN }, 'cluster_autoscaler', 'In eu-n,eu-w'],
    ['not one that is full', { groups: fill('eu-n') }, 'cluster_autoscaler', 'In eu-w'],
    [
      'not one that is unhealthy',
      { groups: OPEN.map((one) => (one.name === 'batch-eu-w' ? { ...one, isHealthy: false } : one)) },
      'cluster_autoscaler',
      'In eu-n',
    ],
    [
      'not one of which no group is known, though it has nodes',
      { groups: OPEN.slice(1) },
      'cluster_autoscaler',
      'In eu-w',
    ],
    [
      'not one whose group backs off',
      { groups: OPEN.map((one) => (one.name === 'batch-eu-n' ? { ...one, isBackingOff: true } : one)) },
      'cluster_autoscaler',
      'In eu-w',
    ],
    [
      'not one to which no node comes, as its owner says',
      {
        groups: OPEN,
        regions: [makeRegion('eu-n', 100, { isClosed: true }), ...REGIONS.slice(1)],
      },
      'cluster_autoscaler',
      'In eu-w',
    ],
    ['prefers where nobody knows the region of any group', { groups: [makeGroup('asg-17')] }, 'no_room', 'NotIn us-e'],
    [
      'prefers where only labels of nodes tell of Cluster Autoscaler',
      {
        groups: [],
        nodes: NODES.map((one) => ({ ...one, labels: { ...one.labels, 'cloud.google.com/gke-nodepool': 'a' } })),
      },
      'no_status',
      'NotIn us-e',
    ],
    [
      'not one without nodes, of which no group is known',
      { groups: OPEN.slice(1), nodes: NODES.slice(1) },
      'cluster_autoscaler',
      'In eu-w',
    ],
    ['prefers where all of the best are full', { groups: fill('eu-n', 'eu-w') }, 'no_room', 'NotIn us-e'],
    ['prefers where every group is full', { groups: fill('eu-n', 'eu-w', 'eu-c', 'us-e') }, 'no_room', 'NotIn us-e'],
    [
      'prefers where nothing ranks them',
      { groups: OPEN, regions: [makeRegion('eu-n', undefined), makeRegion('eu-w', undefined)] },
      'nothing_ranked',
      '',
    ],
    [
      'of so many of the best as a spread says',
      { groups: OPEN, policy: { spread: '3' } },
      'cluster_autoscaler',
      'In eu-c,eu-n,eu-w',
    ],
    [
      'of those of a spread that have room',
      { groups: fill('eu-n'), policy: { spread: '3' } },
      'cluster_autoscaler',
      'In eu-c,eu-w',
    ],
    ['a standard pod only prefers', { groups: OPEN, pod: {} }, 'not_flexible', 'NotIn us-e'],
    [
      'a critical pod only prefers',
      { groups: OPEN, pod: { annotations: { class: 'critical' } }, policy: { 'pod-overrides': 'allow' } },
      'not_flexible',
      '',
    ],
    ['prefers under Karpenter', { groups: [], pools: [POOL] }, 'karpenter', 'NotIn us-e'],
    ['prefers where both are', { groups: OPEN, pools: [POOL] }, 'both', 'NotIn us-e'],
    ['prefers where no autoscaler was seen', { groups: [], pools: [] }, 'no_autoscaler', 'NotIn us-e'],
    ['prefers where nobody could look', { pools: [] }, 'not_seen', 'NotIn us-e'],
    ['prefers where nothing was looked at', {}, 'not_seen', 'NotIn us-e'],
  ];
  for (const [name, given, why, required] of rows)
    it(name, () => {
      const { steps } = decideCase(given);
      const { requirement, preferred } = steps?.steering ?? {};
      assert.equal(requirement ? `${requirement.operator} ${requirement.values}` : '', required);
      const placement = steps && dataOfPlacement(steps.judgement);
      assert.deepEqual(placement, { asked: 'auto', counts: why === 'cluster_autoscaler' ? 'require' : 'prefer', why });
      if (why !== 'cluster_autoscaler' && why !== 'nothing_ranked') assert.ok(preferred && preferred.length > 0);
    });

  it('every reason comes about', () =>
    assert.deepEqual([...new Set(rows.map(([, , why]) => why))].sort(), Object.keys(AUTO_REASONS).sort()));

  it('decided again gets nothing twice, and what is tightened stays when a group fills', () => {
    const pod = makePod(FLEXIBLE);
    const first = decideCase({ groups: OPEN });
    const steered = applied(pod, first);
    assert.deepEqual(decideNow(steered, { placement: 'auto' }, first.snapshot).patch, []);
    const later = decideCase({ groups: fill('eu-n', 'eu-w') }).snapshot;
    const again = applied(steered, decideNow(steered, { placement: 'auto' }, later));
    assert.match(JSON.stringify(again.spec?.affinity), /"operator":"In","values":\["eu-n","eu-w"\]/);
  });

  it('leaves a preference of the author as it is', () => {
    const { patch } = decideCase({ groups: OPEN, pod: { ...FLEXIBLE, ...prefers({ 'us-e': 7 }) } });
    assert.doesNotMatch(JSON.stringify(patch), /"op":"(remove|replace)"/);
  });

  it('says which of both it is, and why, and what brings nodes', () => {
    const told = (given: Case) => {
      const decided = decideCase(given);
      return explain(makePod(FLEXIBLE), decided, makePolicy()).flatMap(({ step, finding }) =>
        step === 'steering' || step === 'autoscaler' ? finding : [],
      );
    };
    const [steering = '', autoscaler] = told({ groups: OPEN });
    assert.match(
      steering,
      /requires region In eu-n, eu-w;.*placement auto: require: Cluster Autoscaler ignores preferences/,
    );
    assert.match(autoscaler ?? '', /^Cluster Autoscaler \(4 node groups\) ignores preferences/);
    const [full = '', ignored] = told({ groups: fill('eu-n', 'eu-w') });
    assert.match(
      full,
      /placement auto: prefer: no region close to the best is known to have a healthy node group below its maximum/,
    );
    assert.doesNotMatch(ignored ?? '', /placement: auto/);
    assert.deepEqual(told({}).length, 1, 'nobody looked');
  });
});

describe('placement: auto of a namespace', () => {
  it('is understood, and is no default', () => {
    const { policy, mistakes } = effectivePolicy('shop', { 'gridgate.dev/placement': 'auto' }, NO_RULES);
    assert.deepEqual([policy.placement, mistakes], ['auto', []]);
    assert.equal(effectivePolicy('shop', {}, NO_RULES).policy.placement, 'prefer');
  });
});
