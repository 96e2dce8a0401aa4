import fc from 'fast-check';
import type { NodeSelectorTerm, Requirement } from '../../src/decision/node-selector.ts';
import type { Pod } from '../../src/decision/pod.ts';
import { HOSTNAME_LABEL, REGION_LABEL, ZONE_LABEL } from '../builders.ts';

/** The regions that may be known. */
export const REGIONS = ['ap-a', 'eu-a', 'eu-b', 'us-a', 'us-b'];
/** Has nodes, but no Region. */
export const PLACES = [...REGIONS, 'mars'];
export const NODE_NAMES = Array.from({ length: 10 }, (_, index) => `n${index}`);
const ZONES = PLACES.flatMap((place) => [`${place}-1`, `${place}-2`]);
/** The marker that gridgate puts behind a requirement of its own; here it is forged. */
export const PLACED = 'gridgate.dev/placed';
export const ARCH = 'kubernetes.io/arch';
export const GPU = 'nvidia.com/gpu';
export const POOLS = ['web', 'batch'];

/** This value, `weight` times as often as another. */
export const mostly = <T>(value: T, others: fc.Arbitrary<T>, weight = 3) =>
  fc.oneof({ weight, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: others });
/** This value once, the others `weight` times as often. */
export const seldom = <T>(value: T, others: fc.Arbitrary<T>, weight = 9) =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(value) }, { weight, arbitrary: others });
export const maybe = <T>(arbitrary: fc.Arbitrary<T>, weight = 1) => seldom<T | undefined>(undefined, arbitrary, weight);
const some = (values: readonly string[], maxLength = 3) =>
  fc.subarray([...values], { minLength: 1, maxLength: Math.min(maxLength, values.length) });
export const oneOf = <T>(...values: readonly T[]) => fc.constantFrom(...values);

/** Without the fields that are undefined: the API server never sends those. */
function defined<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}

export function record<T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  return fc.record<T>(model).map(defined);
}

const among = (key: string, values: readonly string[]): fc.Arbitrary<Requirement> =>
  fc.oneof(
    { weight: 5, arbitrary: some(values).map((listed) => ({ key, operator: 'In', values: listed })) },
    { weight: 2, arbitrary: some(values).map((listed) => ({ key, operator: 'NotIn', values: listed })) },
    { weight: 1, arbitrary: oneOf('Exists', 'DoesNotExist').map((operator) => ({ key, operator })) },
  );

const requirement: fc.Arbitrary<Requirement> = fc.oneof(
  { weight: 6, arbitrary: among(REGION_LABEL, PLACES) },
  { weight: 3, arbitrary: among(ZONE_LABEL, ZONES) },
  { weight: 2, arbitrary: among(HOSTNAME_LABEL, NODE_NAMES) },
  { weight: 2, arbitrary: among(ARCH, ['amd64', 'arm64']) },
  { weight: 2, arbitrary: among('pool', POOLS) },
  { weight: 1, arbitrary: fc.constant({ key: PLACED, operator: 'DoesNotExist' }) },
  {
    weight: 1,
    arbitrary: fc.record({
      key: oneOf('tier', REGION_LABEL),
      operator: oneOf('Gt', 'Lt'),
      values: oneOf(['5'], ['-1']),
    }),
  },
);

const field = fc.record({
  key: fc.constant('metadata.name'),
  operator: mostly('In', fc.constant('NotIn')),
  values: oneOf(...NODE_NAMES).map((name) => [name]),
});

const term: fc.Arbitrary<NodeSelectorTerm> = record({
  matchExpressions: fc.oneof(
    { weight: 6, arbitrary: fc.array(requirement, { minLength: 1, maxLength: 3 }) },
    { weight: 1, arbitrary: oneOf(undefined, null, []) },
  ),
  matchFields: mostly(
    undefined,
    fc.oneof(
      fc.constant([]),
      field.map((one) => [one]),
    ),
  ),
});

const preferredTerm = fc.record({
  weight: fc.integer({ min: 1, max: 100 }),
  preference: fc.oneof(
    oneOf(...PLACES).map((place) => ({ matchExpressions: [{ key: REGION_LABEL, operator: 'In', values: [place] }] })),
    term,
  ),
});

const nodeAffinity = record({
  requiredDuringSchedulingIgnoredDuringExecution: maybe(
    seldom(null, fc.record({ nodeSelectorTerms: fc.array(term, { minLength: 1, maxLength: 3 }) })),
    3,
  ),
  preferredDuringSchedulingIgnoredDuringExecution: maybe(
    fc.oneof(
      fc.constant(null),
      fc.uniqueArray(preferredTerm, { maxLength: 3, selector: (one) => JSON.stringify(one.preference) }),
    ),
  ),
});

const affinity = fc.oneof(
  { weight: 2, arbitrary: oneOf(undefined, null, {}, { podAffinity: {} }, { nodeAffinity: null }) },
  { weight: 3, arbitrary: nodeAffinity.map((value) => ({ nodeAffinity: value })) },
);

const spread = record({
  maxSkew: fc.constant(1),
  topologyKey: oneOf(REGION_LABEL, ZONE_LABEL, HOSTNAME_LABEL),
  whenUnsatisfiable: mostly('DoNotSchedule', fc.constant('ScheduleAnyway')),
  minDomains: maybe(fc.integer({ min: 1, max: 4 })),
  nodeAffinityPolicy: mostly(undefined, oneOf('Ignore', 'Honor')),
});

const toleration = record({
  key: mostly('gridgate.dev/carbon', oneOf(undefined, 'gpu'), 1),
  operator: oneOf(undefined, 'Equal', 'Exists'),
  value: oneOf(undefined, 'low', 'high'),
  effect: mostly(undefined, oneOf('NoSchedule', 'PreferNoSchedule')),
});

/** As the Priority plugin leaves them. */
const priority = fc.oneof(
  { weight: 4, arbitrary: oneOf({}, { priority: 0, preemptionPolicy: 'PreemptLowerPriority' }) },
  {
    weight: 3,
    arbitrary: oneOf(
      { priorityClassName: 'normal', priority: 5 },
      { priorityClassName: 'mine', priority: 7 },
      { priorityClassName: 'gridgate-flexible', priority: -10, preemptionPolicy: 'Never' },
      { priorityClassName: 'system-cluster-critical', priority: 2_000_000_000 },
    ),
  },
);

/** Whole numbers, as the model counts. */
const container = record({
  name: fc.constant('main'),
  resources: mostly(
    undefined,
    record({ requests: record({ cpu: maybe(oneOf('1', '4', '9')), [GPU]: mostly(undefined, oneOf('1', '4')) }) }),
    5,
  ),
});

const OWNER = { apiVersion: 'apps/v1', name: 'owner', controller: true };
const spec = fc
  .tuple(
    record({
      containers: fc.array(container, { minLength: 1, maxLength: 2 }),
      nodeName: mostly(undefined, oneOf(...NODE_NAMES, 'ghost'), 15),
      nodeSelector: mostly(
        undefined,
        fc.oneof(
          oneOf(null, {}),
          oneOf(...PLACES).map((place) => ({ [REGION_LABEL]: place })),
          oneOf(...ZONES).map((name) => ({ [ZONE_LABEL]: name })),
          oneOf(...NODE_NAMES).map((name) => ({ [HOSTNAME_LABEL]: name })),
          fc.constant({ [ARCH]: 'arm64' }),
          oneOf(...POOLS).map((pool) => ({ pool })),
        ),
      ),
      affinity,
      tolerations: maybe(fc.oneof(oneOf(null, []), fc.array(toleration, { maxLength: 3 }))),
      topologySpreadConstraints: mostly(
        undefined,
        fc.oneof(oneOf(null, []), fc.array(spread, { minLength: 1, maxLength: 2 })),
      ),
    }),
    priority,
  )
  .map(([parts, ofPriority]) => ({ ...parts, ...ofPriority }));

/** Values in and out of order for every pod annotation. */
export const POD_ANNOTATIONS = {
  class: oneOf('critical', 'standard', 'flexible', 'vip'),
  'max-intensity': oneOf('0', '50', '150', '250', '400', '900', 'NaN'),
  regions: oneOf('eu-*', '!eu-a', 'us-a,us-b', '*-b', 'mars', 'eu-{a}'),
  region: oneOf(...PLACES, 'not a label'),
  'cloud.google.com/region': oneOf(...PLACES),
  decision: oneOf('', '{"reason":"acceptable"}'),
  defer: oneOf('8h', 'x'),
  deadline: oneOf('2026-11-22T19:00:00Z', 'x'),
  duration: oneOf('1h', 'x'),
  nonsense: fc.constant('x'),
} as const;

const rarely = (arbitrary: fc.Arbitrary<string>, weight = 9) =>
  mostly<string | undefined>(undefined, arbitrary, weight);
const ownAnnotations = record(
  Object.fromEntries(
    Object.entries(POD_ANNOTATIONS).map(([key, values]) => [key, rarely(values, key === 'class' ? 1 : 9)]),
  ),
);
const annotations = fc.oneof(
  { weight: 1, arbitrary: oneOf(undefined, null, {}, { 'kubernetes.io/config.mirror': 'x' }) },
  {
    weight: 2,
    arbitrary: ownAnnotations.map((own) =>
      Object.fromEntries(
        Object.entries(own).map(([key, value]) => [key.includes('/') ? key : `gridgate.dev/${key}`, String(value)]),
      ),
    ),
  },
);

/** A pod as the API server sends it, its constraints in every shape. */
export const pod = fc
  .tuple(spec, annotations, mostly('ReplicaSet', fc.constant('DaemonSet'), 9))
  .map(([ofSpec, ofPod, kind]) => ({
    metadata: {
      generateName: 'web-',
      ownerReferences: [{ ...OWNER, kind }],
      ...(ofPod !== undefined && { annotations: ofPod }),
    },
    spec: ofSpec,
  })) as fc.Arbitrary<Pod>;
