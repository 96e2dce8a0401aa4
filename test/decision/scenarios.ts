import fc from 'fast-check';
import type { Requester } from '../../src/decision/exempt.ts';
import type { Pod } from '../../src/decision/pod.ts';
import type { GroupFacts } from '../../src/regions/autoscaling.ts';
import { toNodeFacts } from '../../src/regions/node-facts.ts';
import type { NodePoolFacts } from '../../src/regions/node-pool.ts';
import type { RegionView, Snapshot } from '../../src/regions/snapshot.ts';
import {
  expression,
  HOSTNAME_LABEL,
  makeGroup,
  makeNodePool,
  makeRegion,
  makeSnapshot,
  REGION_LABEL,
  ZONE_LABEL,
} from '../builders.ts';
import { ARCH, GPU, maybe, mostly, NODE_NAMES, oneOf, PLACES, POOLS, pod, REGIONS, record } from './random-pods.ts';
import type { Node } from './scheduler-model.ts';

/** One random pod in one random cluster under one random policy. */
export interface Scenario {
  readonly pod: Pod;
  readonly requester: Requester;
  /** Of the namespace, without prefix. */
  readonly policy: Readonly<Record<string, string>>;
  readonly regions: readonly RegionView[];
  /** The regions as another moment sees them. */
  readonly laterRegions: readonly RegionView[];
  readonly nodes: readonly Node[];
  /** Whether gridgate sees the nodes. */
  readonly seesNodes: boolean;
  /** Absent: nobody could look. */
  readonly nodePools: readonly NodePoolFacts[] | undefined;
  readonly nodeGroups: readonly GroupFacts[] | undefined;
}

const policy = record({
  mode: mostly('enforce', oneOf('off', 'audit', 'warn'), 20),
  'max-intensity': maybe(oneOf('50', '200', '400')),
  'when-all-dirty': maybe(oneOf('cleanest', 'deny')),
  regions: maybe(oneOf('eu-*', 'eu-*,us-a', '!ap-*', '*-b', 'mars')),
  'home-region': maybe(oneOf(...PLACES)),
  'max-latency': mostly(undefined, oneOf('10ms', '100ms')),
  weights: mostly(undefined, oneOf('carbon=1,latency=1', 'cost=1', 'carbon=2,cost=1,latency=1')),
  placement: maybe(oneOf('auto', 'prefer', 'require', 'none')),
  spread: maybe(oneOf('1', '2', '5')),
  'prefer-arch': mostly(undefined, fc.constant('arm64')),
  priority: maybe(oneOf('none', 'flexible', 'failover')),
  tolerate: mostly(undefined, oneOf('none', 'low', 'low,high', 'low,medium,high')),
  'pod-overrides': mostly('tighten', fc.constant('allow')),
}) as fc.Arbitrary<Record<string, string>>;

const region = (name: string): fc.Arbitrary<RegionView> =>
  record({
    grams: fc.oneof(
      { weight: 1, arbitrary: fc.constant(undefined) },
      { weight: 6, arbitrary: oneOf(0, 30, 100, 190, 200, 210, 310, 450, 700) },
    ),
    reading: record({
      freshness: mostly('fresh', oneOf('stale', 'embedded'), 5),
      signal: mostly('average-lifecycle', fc.constant('marginal'), 9),
    }) as fc.Arbitrary<NonNullable<Parameters<typeof makeRegion>[2]>['reading']>,
    outage: mostly<string | undefined>(undefined, fc.constant('fire'), 5),
    latencyMs: fc.dictionary(oneOf(...PLACES), oneOf(0, 5, 50, 500), { maxKeys: 4 }),
    pricePerHour: maybe(oneOf(0, 1, 2.5)),
    elastic: mostly(false, fc.constant(true)),
  }).map(({ grams, ...parts }) => makeRegion(name, grams, parts as Parameters<typeof makeRegion>[2]));

/** Each region is known nine times of ten. */
const regions = fc
  .tuple(...REGIONS.map((name) => maybe(region(name), 9)))
  .map((views) => views.filter((view) => view !== undefined));

const TAINTS = [
  { key: 'gpu', effect: 'NoSchedule' },
  { key: 'gridgate.dev/carbon', value: 'high', effect: 'NoSchedule' },
  { key: 'gridgate.dev/carbon', value: 'low', effect: 'PreferNoSchedule' },
];

const node = (name: string): fc.Arbitrary<Node> =>
  fc
    .record({
      place: maybe(oneOf(...PLACES), 9),
      suffix: oneOf('', '-1', '-2'),
      arch: oneOf('amd64', 'arm64'),
      tier: oneOf('', '1', '7', 'x'),
      pool: oneOf('', ...POOLS),
      taints: mostly<Node['taints']>(undefined, fc.subarray(TAINTS), 4),
      allocatable: maybe(fc.record({ cpu: oneOf(4, 8, 16), [GPU]: oneOf(0, 2, 8) }), 3) as fc.Arbitrary<
        Node['allocatable']
      >,
    })
    .map(({ place, suffix, arch, tier, pool, taints, allocatable }) => ({
      name,
      labels: {
        [HOSTNAME_LABEL]: name,
        [ARCH]: arch,
        ...(place !== undefined && { [REGION_LABEL]: place }),
        ...(suffix !== '' && { [ZONE_LABEL]: `${place ?? 'eu-a'}${suffix}` }),
        ...(tier !== '' && { tier }),
        ...(pool !== '' && { pool }),
      },
      ...(taints && { taints }),
      ...(allocatable && { allocatable }),
    }));

const nodePool: fc.Arbitrary<NodePoolFacts> = fc
  .record({
    name: oneOf('batch', 'web', 'spare'),
    places: maybe(fc.subarray([...REGIONS], { minLength: 1, maxLength: 3 }), 4),
    arch: oneOf('', 'amd64', 'arm64'),
    pool: oneOf('', ...POOLS),
    isTainted: mostly(false, fc.constant(true)),
    isPaused: mostly(false, fc.constant(true), 6),
  })
  .map(({ name, places, arch, pool, isTainted, isPaused }) =>
    makeNodePool(
      name,
      [
        ...(places ? [expression(REGION_LABEL, 'In', ...places)] : []),
        ...(arch === '' ? [] : [expression(ARCH, 'In', arch)]),
      ],
      { ...(pool !== '' && { labels: { pool } }), ...(isTainted && { taints: TAINTS.slice(0, 1) }), isPaused },
    ),
  );

const nodeGroup: fc.Arbitrary<GroupFacts> = fc
  .record({ place: oneOf(...PLACES), isFull: fc.boolean(), isHealthy: mostly(true, fc.constant(false)) })
  .map(({ place, isFull, isHealthy }) => makeGroup(`batch-${place}`, { isHealthy, ...(isFull && { target: 10 }) }));

const few = <T>(one: fc.Arbitrary<T>) => mostly<readonly T[] | undefined>([], fc.array(one, { maxLength: 3 }), 1);

export const scenario: fc.Arbitrary<Scenario> = fc
  .record({
    pod,
    requester: mostly<Requester>({ groups: ['system:authenticated'] }, fc.constant({ groups: ['system:nodes'] }), 9),
    policy,
    regions,
    laterRegions: regions,
    nodes: fc.tuple(...NODE_NAMES.map(node)),
    seesNodes: mostly(true, fc.constant(false)),
    nodePools: maybe(few(nodePool) as fc.Arbitrary<readonly NodePoolFacts[]>, 2),
    nodeGroups: maybe(few(nodeGroup) as fc.Arbitrary<readonly GroupFacts[]>, 2),
  })
  .map((scenario) => ({ ...scenario, [fc.toStringMethod]: () => describeScenario(scenario) }));

/** A counterexample that fits a screen. */
export function describeScenario(scenario: Scenario): string {
  const { pod, policy, regions, laterRegions, nodes, seesNodes, nodePools, nodeGroups } = scenario;
  const brief = ({ name, reading, outage, elastic, latencyMs }: RegionView) =>
    [
      name,
      `${reading?.gramsPerKwh} ${reading?.freshness} ${reading?.signal}`,
      ...(outage?.active ? ['outage'] : []),
      ...(elastic ? ['elastic'] : []),
      ...[...latencyMs].map(([home, ms]) => `${ms} ms from ${home}`),
    ].join(', ');
  return [
    '',
    `pod ${JSON.stringify({ annotations: pod.metadata?.annotations, ...pod.spec })}`,
    `policy ${JSON.stringify(policy)}`,
    ...regions.map((view) => `region ${brief(view)}`),
    ...laterRegions.map((view) => `later ${brief(view)}`),
    ...nodes.map(
      ({ name, labels, taints = [], allocatable }) =>
        `${seesNodes ? 'node' : 'unseen node'} ${name} ${Object.values(labels).join(' ')} ${taints.map(({ key, value }) => `${key}=${value}`)} ${JSON.stringify(allocatable)}`,
    ),
    `NodePools ${JSON.stringify(nodePools)}`,
    `node groups ${JSON.stringify(nodeGroups)}`,
    '',
  ].join('\n');
}

const PRIORITY_CLASSES = {
  names: new Set(['gridgate-flexible', 'gridgate-failover', 'normal']),
  globalDefault: 'normal',
};

export function snapshotOf(scenario: Scenario, regions: readonly RegionView[], takenAt = 0): Snapshot {
  const { nodes, seesNodes, nodePools, nodeGroups } = scenario;
  const facts = nodes.map(({ name, labels, taints = [], allocatable }) =>
    toNodeFacts(
      { metadata: { name, labels }, spec: { taints }, ...(allocatable && { status: { allocatable } }) },
      REGION_LABEL,
    ),
  );
  return makeSnapshot(regions, {
    priorityClasses: PRIORITY_CLASSES,
    takenAt,
    ...(seesNodes && { nodes: facts }),
    ...(nodePools && { nodePools }),
    ...(nodeGroups && { nodeGroups }),
  });
}
