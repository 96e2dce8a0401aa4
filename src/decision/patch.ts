import { BANDS, type Band } from '../regions/band.ts';
import type { PriorityClasses, Snapshot } from '../regions/snapshot.ts';
import { isEmptyTerm, type NodeSelectorTerm } from './node-selector.ts';
import { carries, ownExpressions, type RegionRequirement } from './own-requirement.ts';
import { annotationOf, type Pod, type PreferredTerm, preferredTerms, requiredTerms, type Toleration } from './pod.ts';
import { createMemory, remember } from './remember.ts';
import type { Steering } from './steer.ts';

export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace';
  readonly path: string;
  readonly value?: unknown;
}

export const DECISION_ANNOTATION = 'gridgate.dev/decision';
export const CARBON_TAINT = 'gridgate.dev/carbon';
const ARCH_LABEL = 'kubernetes.io/arch';
/** Below the best region's 100 and above a poor one's: the architecture breaks ties, the region leads. */
const ARCH_WEIGHT = 20;
/** Pods with more terms of their own are rare, and the Steering is not theirs to fill. */
const MOST_SHARED_TERMS = 8;
const NODE_AFFINITY = '/spec/affinity/nodeAffinity';
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

/** For each list of a pod: what to add where there is none yet, and what where there are other entries. */
interface Addition {
  readonly first: readonly PatchOperation[];
  readonly more: readonly PatchOperation[];
}

/** Operations that pods of one steering share: made and written once, and as a whole where they are all that a pod needs. */
interface SharedOperations {
  /** For a pod without affinity. */
  readonly affinity: readonly PatchOperation[];
  /** For a pod with requirements of its own alone. */
  readonly preferences: readonly PatchOperation[];
  /** For each term of a pod's own requirements, by its index. */
  readonly expressions: Map<number, readonly PatchOperation[]>;
  readonly tolerations: Addition;
  readonly annotations: Addition;
  /** Whole patches of pods without affinity, by what they have of the other two. */
  readonly patches: Map<readonly PatchOperation[], Map<readonly PatchOperation[], readonly PatchOperation[]>>;
}

const shared = createMemory<Steering, SharedOperations>();
/** Policies that differ in what does not matter now come to the same operations: hundreds of them share a few. */
const interned = createMemory<object, Map<string, SharedOperations>>();
const MOST_INTERNED = 500;
const encoded = createMemory<readonly PatchOperation[], string>();
const written = createMemory<PatchOperation, string>();

/**
 * The JSON Patch (RFC 6902) that makes a pod carry a steering and its record: only what is missing, so that a pod
 * decided twice gets nothing. It never removes or rewrites a requirement, and always applies.
 */
export function buildPatch(
  pod: Pod,
  steering: Steering,
  record: string,
  snapshot: Pick<Snapshot, 'regionLabel' | 'priorityClasses'>,
): readonly PatchOperation[] {
  const { regionLabel, priorityClasses } = snapshot;
  const common = remember(shared, steering, () => internOperations(steering, record, snapshot));
  const affinity = affinityOperations(pod, steering, regionLabel, common);
  const tolerations = tolerationOperations(pod, steering.toleratedBands, common);
  const priority = priorityOperations(pod, steering.priorityClass, priorityClasses);
  const annotations = annotationOperations(pod, record, common);
  if (affinity !== common.affinity || priority.length > 0) {
    return [...affinity, ...tolerations, ...priority, ...annotations];
  }
  return sharedPatch(common, tolerations, annotations);
}

/** A patch as the AdmissionReview carries it: JSON in base64. */
export function encodePatch(patch: readonly PatchOperation[]): string {
  return encoded.of(patch) ?? Buffer.from(`[${patch.map(write).join()}]`).toString('base64');
}

function write(operation: PatchOperation): string {
  return written.of(operation) ?? JSON.stringify(operation);
}

function share(...operations: readonly PatchOperation[]): readonly PatchOperation[] {
  for (const operation of operations) written.keep(operation, JSON.stringify(operation));
  return operations;
}

function sharedPatch(
  { affinity, tolerations: { first, more }, annotations: { first: only, more: other }, patches }: SharedOperations,
  tolerations: readonly PatchOperation[],
  annotations: readonly PatchOperation[],
): readonly PatchOperation[] {
  const known = patches.get(tolerations)?.get(annotations);
  if (known) return known;
  const patch = [...affinity, ...tolerations, ...annotations];
  const isShared = (tolerations === first || tolerations === more) && (annotations === only || annotations === other);
  if (isShared) {
    encoded.keep(patch, encodePatch(patch));
    const byAnnotations = patches.get(tolerations) ?? new Map();
    patches.set(tolerations, byAnnotations.set(annotations, patch));
  }
  return patch;
}

function internOperations(
  steering: Steering,
  record: string,
  snapshot: Pick<Snapshot, 'regionLabel'>,
): SharedOperations {
  const known = remember(interned, snapshot, () => new Map<string, SharedOperations>());
  const key = JSON.stringify([steering, record]);
  const operations = known.get(key) ?? sharedOperations(steering, record, snapshot.regionLabel);
  if (known.size < MOST_INTERNED) known.set(key, operations);
  return operations;
}

function sharedOperations(steering: Steering, record: string, regionLabel: string): SharedOperations {
  const nodeAffinity = wholeNodeAffinity(steering, regionLabel);
  const tolerations = wantedTolerations(steering.toleratedBands);
  const preferred = wantedPreferences(steering, regionLabel);
  return {
    affinity: nodeAffinity ? share({ op: 'add', path: '/spec/affinity', value: { nodeAffinity } }) : [],
    preferences:
      preferred.length > 0 ? share({ op: 'add', path: `${NODE_AFFINITY}/${PREFERRED}`, value: preferred }) : [],
    expressions: new Map(),
    tolerations: {
      first: tolerations.length > 0 ? share({ op: 'add', path: '/spec/tolerations', value: tolerations }) : [],
      more: share(...tolerations.map((value) => ({ op: 'add', path: '/spec/tolerations/-', value }) as const)),
    },
    annotations: {
      first: share({ op: 'add', path: '/metadata/annotations', value: { [DECISION_ANNOTATION]: record } }),
      more: share({
        op: 'add',
        path: `/metadata/annotations/${DECISION_ANNOTATION.replace('/', '~1')}`,
        value: record,
      }),
    },
    patches: new Map(),
  };
}

function wholeNodeAffinity(steering: Steering, regionLabel: string): unknown {
  const preferred = wantedPreferences(steering, regionLabel);
  if (!steering.requirement && preferred.length === 0) return undefined;
  return {
    ...(steering.requirement && { [REQUIRED]: requiredBlock(steering.requirement, regionLabel) }),
    ...(preferred.length > 0 && { [PREFERRED]: preferred }),
  };
}

function affinityOperations(
  pod: Pod,
  steering: Steering,
  regionLabel: string,
  common: SharedOperations,
): readonly PatchOperation[] {
  const affinity = pod.spec?.affinity;
  if (!affinity) return common.affinity;
  if (affinity.nodeAffinity) {
    return [
      ...requirementOperations(pod, steering.requirement, regionLabel, common),
      ...preferenceOperations(pod, steering, regionLabel, common),
    ];
  }
  const value = wholeNodeAffinity(steering, regionLabel);
  return value ? [{ op: 'add', path: NODE_AFFINITY, value }] : [];
}

function requiredBlock(requirement: RegionRequirement, regionLabel: string): unknown {
  return { nodeSelectorTerms: [{ matchExpressions: ownExpressions(regionLabel, requirement) }] };
}

function requirementOperations(
  pod: Pod,
  requirement: RegionRequirement | undefined,
  regionLabel: string,
  common: SharedOperations,
): readonly PatchOperation[] {
  if (!requirement) return [];
  const terms = requiredTerms(pod);
  if (!terms)
    return [{ op: 'add', path: `${NODE_AFFINITY}/${REQUIRED}`, value: requiredBlock(requirement, regionLabel) }];
  return terms.flatMap((term, index) => termOperations(term, index, requirement, regionLabel, common));
}

/** Terms are ORed: the requirement goes into every one. An empty term matches nothing and must stay so. */
function termOperations(
  term: NodeSelectorTerm,
  index: number,
  requirement: RegionRequirement,
  regionLabel: string,
  { expressions: shared }: SharedOperations,
): readonly PatchOperation[] {
  if (isEmptyTerm(term) || carries(term, regionLabel, requirement)) return [];
  const path = `${NODE_AFFINITY}/${REQUIRED}/nodeSelectorTerms/${index}/matchExpressions`;
  const expressions = ownExpressions(regionLabel, requirement);
  if (!term.matchExpressions) return [{ op: 'add', path, value: expressions }];
  let operations = shared.get(index);
  if (!operations) {
    operations = expressions.map((value) => ({ op: 'add', path: `${path}/-`, value }) as const);
    if (index < MOST_SHARED_TERMS) shared.set(index, share(...operations));
  }
  return operations;
}

function wantedPreferences(steering: Steering, regionLabel: string): readonly PreferredTerm[] {
  const regions = steering.preferred.map(({ region, weight }) => preferredTerm(regionLabel, region, weight));
  return steering.arch === undefined ? regions : [...regions, preferredTerm(ARCH_LABEL, steering.arch, ARCH_WEIGHT)];
}

function preferredTerm(key: string, value: string, weight: number): PreferredTerm {
  return { weight, preference: { matchExpressions: [{ key, operator: 'In', values: [value] }] } };
}

/** One term a region, whoever wrote it: where a pod has one already, the greater weight counts. */
function preferenceOperations(
  pod: Pod,
  steering: Steering,
  regionLabel: string,
  common: SharedOperations,
): readonly PatchOperation[] {
  if (!pod.spec?.affinity?.nodeAffinity?.[PREFERRED]) return common.preferences;
  const present = preferredTerms(pod);
  const path = `${NODE_AFFINITY}/${PREFERRED}`;
  return wantedPreferences(steering, regionLabel).flatMap((term): PatchOperation[] => {
    const index = present.findIndex((other) => prefersSame(other, term));
    const found = present[index];
    if (!found) return [{ op: 'add', path: `${path}/-`, value: term }];
    return found.weight >= term.weight ? [] : [{ op: 'replace', path: `${path}/${index}/weight`, value: term.weight }];
  });
}

function prefersSame(left: PreferredTerm, right: PreferredTerm): boolean {
  if (left.preference.matchFields?.length || left.preference.matchExpressions?.length !== 1) return false;
  const [a] = left.preference.matchExpressions;
  const [b] = right.preference.matchExpressions ?? [];
  return a?.key === b?.key && a?.operator === 'In' && a.values?.length === 1 && a.values[0] === b?.values?.[0];
}

function tolerationOperations(pod: Pod, bands: readonly Band[], common: SharedOperations): readonly PatchOperation[] {
  const present = pod.spec?.tolerations;
  if (!present) return common.tolerations.first;
  const ours = present.filter(({ key, operator }) => key === CARBON_TAINT || (!key && operator === 'Exists'));
  if (ours.length === 0) return common.tolerations.more;
  if (bands.every((band) => ours.some((toleration) => tolerates(toleration, band)))) return [];
  return wantedTolerations(bands)
    .filter(({ value }) => value === undefined || !ours.some((toleration) => tolerates(toleration, value)))
    .map((value) => ({ op: 'add', path: '/spec/tolerations/-', value }));
}

function tolerates({ operator, value, effect }: Toleration, band: string): boolean {
  return !effect && (operator === 'Exists' || value === band);
}

/** One toleration where every band is tolerated, else one a band. */
function wantedTolerations(bands: readonly Band[]): readonly Toleration[] {
  if (bands.length === BANDS.length) return [{ key: CARBON_TAINT, operator: 'Exists' }];
  return bands.map((band) => ({ key: CARBON_TAINT, operator: 'Equal', value: band }));
}

/**
 * The Priority plugin ran before us and filled `priority` and `preemptionPolicy` from no class or the default one;
 * with our class and the old numbers it would refuse the pod (403), without them it computes them again.
 */
function priorityOperations(
  pod: Pod,
  wanted: Steering['priorityClass'],
  classes: PriorityClasses | undefined,
): readonly PatchOperation[] {
  if (!wanted || !mayTake(pod, wanted, classes) || pod.spec?.priorityClassName === wanted) return [];
  return [
    { op: 'add', path: '/spec/priorityClassName', value: wanted },
    ...(['priority', 'preemptionPolicy'] as const)
      .filter((field) => pod.spec !== undefined && Object.hasOwn(pod.spec, field))
      .map((field) => ({ op: 'remove' as const, path: `/spec/${field}` })),
  ];
}

/** Whether a steered pod has the PriorityClass of its steering. */
export function setsPriority(pod: Pod, { priorityClass }: Steering, snapshot: Snapshot): boolean {
  return priorityClass !== undefined && mayTake(pod, priorityClass, snapshot.priorityClasses);
}

/** A class that the pod has of its own stays; the API server sends a globalDefault one as if it were. */
function mayTake(pod: Pod, wanted: string, classes: PriorityClasses | undefined): boolean {
  const own = pod.spec?.priorityClassName;
  return classes?.names.has(wanted) === true && (!own || own === wanted || own === classes.globalDefault);
}

function annotationOperations(pod: Pod, record: string, common: SharedOperations): readonly PatchOperation[] {
  if (!pod.metadata?.annotations) return common.annotations.first;
  return annotationOf(pod, DECISION_ANNOTATION) === record ? [] : common.annotations.more;
}
