import type { Band } from '../regions/band.ts';
import type { Picture, PriorityClasses, Snapshot } from '../regions/snapshot.ts';
import { CARBON_KEY } from '../units/label-names.ts';
import { isEmptyTerm, type NodeSelectorTerm } from './node-selector.ts';
import { carries, ownExpressions, type RegionRequirement } from './own-requirement.ts';
import { annotationOf, type Pod, type PreferredTerm, preferredTerms, requiredTerms, type Toleration } from './pod.ts';
import { createMemory } from './remember.ts';
import type { Steering } from './steer.ts';
import { tolerationsFor } from './tolerated-bands.ts';

export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace';
  readonly path: string;
  readonly value?: unknown;
}

export const DECISION_ANNOTATION = 'gridgate.dev/decision';
const ARCH_LABEL = 'kubernetes.io/arch';
/** Below the best region's 100 and above a poor one's: the architecture breaks ties, the region leads. */
const ARCH_WEIGHT = 20;
const NODE_AFFINITY = '/spec/affinity/nodeAffinity';
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

/** What pods of one plan share: the record, and whole patches by kind of pod, each built and encoded once. */
export interface Patches {
  readonly record: string;
  readonly made: Map<number, readonly PatchOperation[]>;
}

/** Pods come in few kinds; a patch of 200 regions takes 5 KB. */
const MOST_KINDS = 8;
/** Patches for pods with more terms, which are rare, are not shared. */
const MOST_TERMS = 8;
const encoded = createMemory<readonly PatchOperation[], string>();

/**
 * The JSON Patch (RFC 6902) that makes a pod carry a steering and its record: only what is missing, so a pod
 * that is decided twice, or that needs nothing, gets an empty one. It never loosens a requirement and always applies. Its
 * size is linear in the pod's.
 */
export function buildPatch(
  pod: Pod,
  steering: Steering,
  { record, made }: Patches,
  snapshot: Pick<Snapshot, 'regionLabel' | 'priorityClasses'>,
): readonly PatchOperation[] {
  const kind = kindOf(pod, steering, record, snapshot);
  const known = kind === undefined ? undefined : made.get(kind);
  if (known) return known;
  const changes = [
    ...affinityOperations(pod, steering, snapshot.regionLabel),
    ...tolerationOperations(pod, steering.toleratedBands),
    ...priorityOperations(pod, steering.priorityClass, snapshot.priorityClasses),
  ];
  // An answer with a patch costs the API server 3 ms, whatever the patch holds: a record alone is not worth that.
  const patch =
    changes.length > 0 ? [...changes, ...annotationOperations(pod, { [DECISION_ANNOTATION]: record })] : changes;
  if (kind !== undefined && made.size < MOST_KINDS) {
    encoded.keep(patch, encodePatch(patch));
    made.set(kind, patch);
  }
  return patch;
}

/** A patch as the AdmissionReview carries it: JSON in base64. */
export function encodePatch(patch: readonly PatchOperation[]): string {
  return encoded.of(patch) ?? Buffer.from(JSON.stringify(patch)).toString('base64');
}

/**
 * A number for all that a patch depends on besides its steering; pods of one kind get the same patch. `undefined` for a
 * pod that has some of what gridgate would add: its patch is its own.
 */
function kindOf(
  pod: Pod,
  steering: Steering,
  record: string,
  { regionLabel, priorityClasses }: Pick<Snapshot, 'regionLabel' | 'priorityClasses'>,
): number | undefined {
  const affinity = affinityKind(pod, steering, regionLabel);
  if (affinity === undefined || pod.spec?.tolerations?.some(concernsCarbon)) return undefined;
  if (annotationOf(pod, DECISION_ANNOTATION) === record) return undefined;
  const priority = priorityOperations(pod, steering.priorityClass, priorityClasses);
  const flags = [
    pod.spec?.tolerations,
    pod.metadata?.annotations,
    priority.length > 0,
    priority.some(({ path }) => path === '/spec/priority'),
    priority.some(({ path }) => path === '/spec/preemptionPolicy'),
  ];
  return flags.reduce<number>((kind, flag) => 2 * kind + (flag ? 1 : 0), affinity);
}

/**
 * | affinity of a pod                             | number |
 * | --------------------------------------------- | ------ |
 * | none                                          | 0      |
 * | none to nodes                                 | 1      |
 * | n required terms that are all alike to a patch | 1 + n  |
 * | any other                                     | -      |
 */
function affinityKind(pod: Pod, { requirement }: Steering, regionLabel: string): number | undefined {
  const affinity = pod.spec?.affinity;
  if (!affinity?.nodeAffinity) return affinity ? 1 : 0;
  const terms = requiredTerms(pod) ?? [];
  if (terms.length === 0 || terms.length > MOST_TERMS || affinity.nodeAffinity[PREFERRED]) return undefined;
  const isPlain = (term: NodeSelectorTerm) =>
    !isEmptyTerm(term) && term.matchExpressions && !(requirement && carries(term, regionLabel, requirement));
  return terms.every(isPlain) ? 1 + terms.length : undefined;
}

function wholeNodeAffinity(steering: Steering, regionLabel: string): unknown {
  const preferred = wantedPreferences(steering, regionLabel);
  if (!steering.requirement && preferred.length === 0) return undefined;
  return {
    ...(steering.requirement && { [REQUIRED]: requiredBlock(steering.requirement, regionLabel) }),
    ...(preferred.length > 0 && { [PREFERRED]: preferred }),
  };
}

/** What is missing of the region's requirement and preferences. */
export function affinityOperations(pod: Pod, steering: Steering, regionLabel: string): readonly PatchOperation[] {
  const affinity = pod.spec?.affinity;
  if (affinity?.nodeAffinity) {
    return [
      ...requirementOperations(pod, steering.requirement, regionLabel),
      ...preferenceOperations(pod, steering, regionLabel),
    ];
  }
  const nodeAffinity = wholeNodeAffinity(steering, regionLabel);
  if (!nodeAffinity) return [];
  return affinity
    ? [{ op: 'add', path: NODE_AFFINITY, value: nodeAffinity }]
    : [{ op: 'add', path: '/spec/affinity', value: { nodeAffinity } }];
}

function requiredBlock(requirement: RegionRequirement, regionLabel: string): unknown {
  return { nodeSelectorTerms: [{ matchExpressions: ownExpressions(regionLabel, requirement) }] };
}

function requirementOperations(
  pod: Pod,
  requirement: RegionRequirement | undefined,
  regionLabel: string,
): readonly PatchOperation[] {
  if (!requirement) return [];
  const terms = requiredTerms(pod);
  if (!terms)
    return [{ op: 'add', path: `${NODE_AFFINITY}/${REQUIRED}`, value: requiredBlock(requirement, regionLabel) }];
  const operations = terms.flatMap((term, index) => termOperations(term, index, requirement, regionLabel));
  return terms.length > MOST_TERMS ? smallerOf(operations, wholeTerms(terms, requirement, regionLabel)) : operations;
}

/**
 * Replaces all terms in one operation and keeps equal ones once: terms are ORed, so a repeated one admits no other node.
 * What the author wrote in each stays as it is; an empty term, which matches nothing, stays empty.
 */
function wholeTerms(
  terms: readonly NodeSelectorTerm[],
  requirement: RegionRequirement,
  regionLabel: string,
): readonly PatchOperation[] {
  const expressions = ownExpressions(regionLabel, requirement);
  const distinct = new Map(terms.map((term) => [JSON.stringify(term), term]));
  const value = [...distinct.values()].map((term) =>
    isEmptyTerm(term) || carries(term, regionLabel, requirement)
      ? term
      : { ...term, matchExpressions: [...(term.matchExpressions ?? []), ...expressions] },
  );
  return [{ op: 'replace', path: `${NODE_AFFINITY}/${REQUIRED}/nodeSelectorTerms`, value }];
}

function smallerOf(some: readonly PatchOperation[], others: readonly PatchOperation[]): readonly PatchOperation[] {
  return some.length === 0 || JSON.stringify(some).length <= JSON.stringify(others).length ? some : others;
}

/** Terms are ORed: the requirement goes into every one. An empty term matches nothing and must stay so. */
function termOperations(
  term: NodeSelectorTerm,
  index: number,
  requirement: RegionRequirement,
  regionLabel: string,
): readonly PatchOperation[] {
  if (isEmptyTerm(term) || carries(term, regionLabel, requirement)) return [];
  const path = `${NODE_AFFINITY}/${REQUIRED}/nodeSelectorTerms/${index}/matchExpressions`;
  const expressions = ownExpressions(regionLabel, requirement);
  if (!term.matchExpressions) return [{ op: 'add', path, value: expressions }];
  return expressions.map((value) => ({ op: 'add', path: `${path}/-`, value }));
}

function wantedPreferences(steering: Steering, regionLabel: string): readonly PreferredTerm[] {
  const regions = steering.preferred.map(({ region, weight }) => preferredTerm(regionLabel, region, weight));
  return steering.arch === undefined ? regions : [...regions, preferredTerm(ARCH_LABEL, steering.arch, ARCH_WEIGHT)];
}

function preferredTerm(key: string, value: string, weight: number): PreferredTerm {
  return { weight, preference: { matchExpressions: [{ key, operator: 'In', values: [value] }] } };
}

/** One term a region, whoever wrote it: where a pod has one already, the greater weight counts. */
function preferenceOperations(pod: Pod, steering: Steering, regionLabel: string): readonly PatchOperation[] {
  const wanted = wantedPreferences(steering, regionLabel);
  const path = `${NODE_AFFINITY}/${PREFERRED}`;
  if (!pod.spec?.affinity?.nodeAffinity?.[PREFERRED])
    return wanted.length > 0 ? [{ op: 'add', path, value: wanted }] : [];
  const present = preferredTerms(pod);
  return wanted.flatMap((term): PatchOperation[] => {
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

function tolerationOperations(pod: Pod, bands: readonly Band[]): readonly PatchOperation[] {
  const present = pod.spec?.tolerations;
  const wanted = tolerationsFor(bands);
  if (!present) return wanted.length > 0 ? [{ op: 'add', path: '/spec/tolerations', value: wanted }] : [];
  const ours = present.filter(concernsCarbon);
  if (ours.length > 0 && bands.every((band) => ours.some((toleration) => tolerates(toleration, band)))) return [];
  return wanted
    .filter(({ value }) => value === undefined || !ours.some((toleration) => tolerates(toleration, value)))
    .map((value) => ({ op: 'add', path: '/spec/tolerations/-', value }));
}

function concernsCarbon({ key, operator }: Toleration): boolean {
  return key === CARBON_KEY || (!key && operator === 'Exists');
}

function tolerates({ operator, value, effect }: Toleration, band: string): boolean {
  return !effect && (operator === 'Exists' || value === band);
}

/**
 * The Priority plugin ran before us and filled `priority` and `preemptionPolicy` from no class or the default one;
 * with our class and the old numbers it would refuse the pod (403), without them it computes them again.
 */
export function priorityOperations(
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
export function setsPriority(pod: Pod, { priorityClass }: Steering, snapshot: Picture): boolean {
  return priorityClass !== undefined && mayTake(pod, priorityClass, snapshot.priorityClasses);
}

/** The pod's own class stays. A globalDefault class arrives as if the pod had named it. */
function mayTake(pod: Pod, wanted: string, classes: PriorityClasses | undefined): boolean {
  const own = pod.spec?.priorityClassName;
  return classes?.names.has(wanted) === true && (!own || own === wanted || own === classes.globalDefault);
}

/** Annotations that are missing, or say something else. */
export function annotationOperations(
  pod: Pick<Pod, 'metadata'>,
  wanted: Readonly<Record<string, string>>,
): readonly PatchOperation[] {
  if (!pod.metadata?.annotations) return [{ op: 'add', path: '/metadata/annotations', value: wanted }];
  return Object.entries(wanted)
    .filter(([key, value]) => annotationOf(pod, key) !== value)
    .map(([key, value]) => ({ op: 'add', path: `/metadata/annotations/${key.replace('/', '~1')}`, value }));
}
