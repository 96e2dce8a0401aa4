import assert from 'node:assert/strict';
import jsonPatch from 'fast-json-patch';
import { type Decision, type DecisionInput, decide } from '../src/decision/decide.ts';
import type { NodeSelectorTerm, Requirement } from '../src/decision/node-selector.ts';
import type { Affinity, Pod, PodSpec } from '../src/decision/pod.ts';
import type { Policy } from '../src/decision/policy.ts';
import { describeIssue, parsePolicy } from '../src/decision/policy-annotations.ts';
import type { PolicyRules } from '../src/decision/policy-rules.ts';
import type { GroupFacts } from '../src/regions/autoscaling.ts';
import { BANDS, bandOf } from '../src/regions/band.ts';
import type { NodeFacts } from '../src/regions/node-facts.ts';
import { NODE_POOL_LABEL, type NodePoolFacts } from '../src/regions/node-pool.ts';
import { nodeSupply } from '../src/regions/node-supply.ts';
import type { Reading } from '../src/regions/reading.ts';
import type { RegionView, Snapshot } from '../src/regions/snapshot.ts';
import { buildTopology } from '../src/regions/topology.ts';

/** The moment of every test. */
export const NOW = Date.parse('2026-11-22T09:00:00Z');
export const REGION_LABEL = 'topology.kubernetes.io/region';
export const ZONE_LABEL = 'topology.kubernetes.io/zone';
export const HOSTNAME_LABEL = 'kubernetes.io/hostname';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

type PodParts = PodSpec & { annotations?: Record<string, string>; metadata?: NonNullable<Pod['metadata']> };

/** A pod of these parts of a spec; annotations without a slash are `gridgate.dev/` ones. */
export function makePod({ annotations, metadata, ...spec }: PodParts = {}): Pod {
  return {
    metadata: {
      generateName: 'web-',
      namespace: 'shop',
      ...(annotations && { annotations: prefixed(annotations) }),
      ...metadata,
    },
    spec,
  };
}

/** Affinity with these required terms, which are ORed. */
export function requires(...terms: readonly NodeSelectorTerm[]): { affinity: Affinity } {
  return { affinity: { nodeAffinity: { [REQUIRED]: { nodeSelectorTerms: terms } } } };
}

/** Affinity that prefers single regions, each with a weight. */
export function prefers(weights: Readonly<Record<string, number>>): { affinity: Affinity } {
  const terms = Object.entries(weights).map(([name, weight]) => ({ weight, preference: term(region('In', name)) }));
  return { affinity: { nodeAffinity: { [PREFERRED]: terms } } };
}

export function term(...matchExpressions: readonly Requirement[]): NodeSelectorTerm {
  return { matchExpressions };
}

/** A term that pins one node, as the DaemonSet controller writes it. */
export function onNode(...names: readonly string[]): NodeSelectorTerm {
  return { matchFields: [{ key: 'metadata.name', operator: 'In', values: names }] };
}

export function expression(key: string, operator: string, ...values: readonly string[]): Requirement {
  return { key, operator, ...(values.length > 0 && { values }) };
}

export function region(operator: string, ...values: readonly string[]): Requirement {
  return expression(REGION_LABEL, operator, ...values);
}

export function zone(operator: string, ...values: readonly string[]): Requirement {
  return expression(ZONE_LABEL, operator, ...values);
}

type RegionParts = Partial<Omit<RegionView, 'name' | 'reading' | 'outage' | 'latencyMs'>> & {
  /** Parts of the reading that differ from a fresh static one. */
  readonly reading?: Partial<Reading>;
  /** The reason of an active outage. */
  readonly outage?: string;
  readonly latencyMs?: Readonly<Record<string, number>>;
};

/** A region with a fresh reading; `undefined` grams is no reading. */
export function makeRegion(
  name: string,
  gramsPerKwh: number | undefined,
  { reading, outage, latencyMs = {}, ...parts }: RegionParts = {},
): RegionView {
  return {
    name,
    ...(gramsPerKwh !== undefined && {
      reading: { ...FRESH, gramsPerKwh, ...reading },
      band: bandOf(gramsPerKwh),
    }),
    ...(outage !== undefined && { outage: { active: true, reason: outage, sources: ['manual'] } }),
    latencyMs: new Map(Object.entries(latencyMs)),
    elastic: false,
    ...parts,
  };
}

const FRESH: Omit<Reading, 'gramsPerKwh'> = {
  signal: 'average-lifecycle',
  source: 'static',
  measuredAt: NOW - 10 * 60_000,
  estimated: false,
  freshness: 'fresh',
};

type SnapshotParts = Partial<
  Pick<Snapshot, 'regionLabel' | 'policySignal' | 'priorityClasses' | 'takenAt' | 'taintedBands' | 'startupTaints'>
> & {
  /** Absent: no view of nodes. */
  readonly nodes?: readonly NodeFacts[];
  readonly nodePools?: readonly NodePoolFacts[];
  /** Of Cluster Autoscaler. */
  readonly nodeGroups?: readonly GroupFacts[];
};

/** A picture of these regions; numbers are fresh readings. */
export function makeSnapshot(
  regions: readonly RegionView[] | Readonly<Record<string, number>>,
  { nodes, nodePools, nodeGroups, ...parts }: SnapshotParts = {},
): Snapshot {
  const views = isList(regions)
    ? [...regions]
    : Object.entries(regions).map(([name, grams]) => makeRegion(name, grams));
  const topology = nodes && buildTopology(nodes);
  const described = new Set(views.map(({ name }) => name));
  const known = [...new Set([...described, ...(topology?.regions ?? [])])].sort();
  const { regionLabel = REGION_LABEL } = parts;
  const isAutoscaled = nodePools !== undefined || nodeGroups !== undefined;
  const supply = isAutoscaled
    ? nodeSupply({ regionLabel, regions: known, topology, nodePools, nodeGroups })
    : undefined;
  const labelled = [...new Set([...known, ...(supply?.regions ?? []), ...(supply?.laterRegions ?? [])])].filter(
    (name) => !described.has(name),
  );
  views.push(...labelled.map((name) => makeRegion(name, undefined)));
  views.sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    takenAt: NOW,
    regionLabel: REGION_LABEL,
    policySignal: 'average-lifecycle',
    regions: views,
    byName: new Map(views.map((view) => [view.name, view])),
    ...(topology && { topology, taintedBands: new Set(BANDS.filter((band) => topology.carbonTaints.has(band))) }),
    ...(supply && { supply }),
    ...parts,
  };
}

function isList<T>(value: readonly T[] | object): value is readonly T[] {
  return Array.isArray(value);
}

type NodeParts = Partial<Omit<NodeFacts, 'name' | 'region'>>;

/** A node in a zone (`eu-a/1` is zone `eu-a-1` of region `eu-a`), or in none; its labels come on top of those of its place. */
export function makeNode(name: string, place?: string, { labels, ...parts }: NodeParts = {}): NodeFacts {
  const region = place?.split('/')[0];
  return {
    name,
    ...(region && { region }),
    labels: {
      [HOSTNAME_LABEL]: name,
      ...(region && { [REGION_LABEL]: region }),
      ...(place?.includes('/') && { [ZONE_LABEL]: place.replace('/', '-') }),
      ...labels,
    },
    taints: [],
    ...parts,
  };
}

type PoolParts = Partial<Omit<NodePoolFacts, 'name' | 'requirements'>>;

/** A NodePool that may create nodes; its requirements as pods have them. */
export function makeNodePool(
  name: string,
  requirements: readonly Requirement[] = [],
  { labels, ...parts }: PoolParts = {},
): NodePoolFacts {
  return {
    name,
    labels: { ...labels, [NODE_POOL_LABEL]: name },
    requirements: requirements.map(({ key, operator, values }) => ({ key, operator, ...(values && { values }) })),
    taints: [],
    isPaused: false,
    isFull: false,
    isStatic: false,
    isUnready: false,
    ...parts,
  };
}

/** A node group of Cluster Autoscaler with 3 of its at most 10 nodes. */
export function makeGroup(name: string, parts: Partial<GroupFacts> = {}): GroupFacts {
  return { name, target: 3, max: 10, isHealthy: true, isBackingOff: false, ...parts };
}

/** A policy from annotations without their prefix; `enforce` unless they say otherwise. They must be in order. */
export function makePolicy(annotations: Readonly<Record<string, string>> = {}): Policy {
  const { policy, issues } = parsePolicy(prefixed({ mode: 'enforce', ...annotations }));
  assert.deepEqual(issues.map(describeIssue), []);
  return policy;
}

export function prefixed(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [key.includes('/') ? key : `gridgate.dev/${key}`, value]),
  );
}

/** `decide()` now; annotations stand for the policy they make. */
export function decideNow(
  pod: Pod,
  policy: Policy | Readonly<Record<string, string>>,
  snapshot: Snapshot,
  rest: Partial<DecisionInput> = {},
): Decision {
  return decide({ pod, policy: isPolicy(policy) ? policy : makePolicy(policy), snapshot, now: NOW, ...rest });
}

function isPolicy(value: object): value is Policy {
  return 'whenAllDirty' in value;
}

/** The pod with its patch, which must apply as the API server would apply it. */
export function applied(pod: Pod, { patch }: Pick<Decision, 'patch'>): Pod {
  return jsonPatch.applyPatch(pod, structuredClone(patch) as jsonPatch.Operation[], true, false).newDocument;
}

/** What a region without a measurement has. */
export const AVERAGE: Reading = {
  gramsPerKwh: 500,
  signal: 'average-lifecycle',
  source: 'embedded',
  estimated: true,
  freshness: 'embedded',
};

/** A configuration that says nothing of policies. */
export const NO_RULES: PolicyRules = { defaults: {}, limits: {} };
