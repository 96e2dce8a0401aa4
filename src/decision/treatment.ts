import { formatDuration, parseDuration } from '../units/duration.ts';
import { isLabelValue } from '../units/label-names.ts';
import { CHECK_NAME } from './check-answer.ts';
import { hasSystemPriority } from './exempt.ts';
import { ANNOTATION_PREFIX } from './namespace-record.ts';
import { annotationOf, neverEnds, type Pod } from './pod.ts';
import { POD_KEYS, unknownKey } from './pod-keys.ts';
import type { PodClass, Policy, SetBy } from './policy.ts';
import { nearestKey, quoted } from './policy-annotations.ts';
import { ANY_REGION, parseRegionPatterns, type RegionPatterns } from './region-patterns.ts';
import { createMemory, type Memory, remember } from './remember.ts';

/**
 * The policy as it applies to one pod. What a pod's author may change under `pod-overrides`:
 *
 * | annotation      | tighten (default)                  | allow                       |
 * | --------------- | ---------------------------------- | --------------------------- |
 * | `class`         | `flexible`, `standard`             | also `critical`             |
 * | `max-intensity` | counts if lower                    | counts, up to the limit     |
 * | `regions`       | narrows                            | narrows                     |
 * | `region`        | binds to one region, judged there  | the same                    |
 */
export interface Treatment {
  readonly policy: Policy;
  readonly podClass: PodClass;
  /** No ceiling: critical pods and Kubernetes' own. */
  readonly carbonExempt: boolean;
  readonly systemPod: boolean;
  /** gCO2e/kWh. */
  readonly maxIntensity: number;
  readonly maxIntensitySetBy: SetBy;
  readonly podRegions: RegionPatterns;
  /** The one region that the pod's author binds it to. */
  readonly target?: string;
}

const CLASSES: readonly PodClass[] = ['critical', 'standard', 'flexible'];
/** Keys that gridgate writes itself, and the one that only asks who answers; nothing trusts them. */
const OWN_KEYS: ReadonlySet<string> = new Set(['decision', 'not-before', 'waits', 'released', CHECK_NAME]);
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const GKE_REGION = 'cloud.google.com/region';

/** Treatments that no annotation changed, one a policy and class, so that plans can be remembered by identity. */
const plain: Readonly<Record<PodClass | 'system', Memory<Policy, Treatment>>> = {
  standard: createMemory(),
  flexible: createMemory(),
  critical: createMemory(),
  system: createMemory(),
};

/** What a pod's annotations come to. */
export interface Treated {
  readonly treatment: Treatment;
  /** A sentence for each annotation that is malformed or unknown, whatever the policy. */
  readonly mistakes: readonly string[];
  /** The mistakes, and what the policy refuses to grant. */
  readonly warnings: readonly string[];
}

/** How many keys of one pod are compared with known ones: that takes time, and nobody reads more mistakes. */
const MOST_COMPARED = 100;
const NOTHING_TOLD: readonly string[] = [];

/**
 * Merges a pod's annotations into its namespace's policy; each mistake or refused claim becomes a warning. `now`, epoch milliseconds, is for
 * warnings alone.
 */
export function treatmentOf(pod: Pod, policy: Policy, now?: number): Treated {
  const systemPod = policy.systemPriorityExempts !== false && hasSystemPriority(pod);
  const own = ownKeys(pod);
  if (own.length === 0) {
    const treatment = plainTreatment(policy, 'standard', systemPod);
    return { treatment, mistakes: NOTHING_TOLD, warnings: NOTHING_TOLD };
  }
  const told: Told = { mistakes: own.slice(0, MOST_COMPARED).flatMap(unknownKeyMistake), refused: [] };
  const podClass = claimedClass(pod, policy, told);
  const overrides = { ...ceiling(pod, policy, told), ...podRegions(pod, told), ...target(pod, told) };
  checkTimes(pod, told, now);
  checkDefer(pod, policy, podClass, told);
  const treatment = plainTreatment(policy, podClass, systemPod);
  return {
    treatment: Object.keys(overrides).length > 0 ? { ...treatment, ...overrides } : treatment,
    mistakes: told.mistakes,
    warnings: [...told.mistakes, ...told.refused],
  };
}

/** Sentences, as they are found. */
interface Told {
  readonly mistakes: string[];
  /** What is well written and not granted, or has no effect. */
  readonly refused: string[];
}

function ownKeys(pod: Pod): readonly string[] {
  const own: string[] = [];
  for (const key of Object.keys(pod.metadata?.annotations ?? {})) {
    if (key.startsWith(ANNOTATION_PREFIX) || key === GKE_REGION) own.push(key);
  }
  return own;
}

function plainTreatment(policy: Policy, podClass: PodClass, systemPod: boolean): Treatment {
  return remember(plain[systemPod ? 'system' : podClass], policy, () => ({
    policy,
    podClass: systemPod ? 'critical' : podClass,
    carbonExempt: systemPod || podClass === 'critical',
    systemPod,
    maxIntensity: policy.maxIntensity,
    maxIntensitySetBy: policy.maxIntensitySetBy,
    podRegions: ANY_REGION,
  }));
}

function unknownKeyMistake(key: string): string[] {
  const name = key.slice(ANNOTATION_PREFIX.length);
  return key === GKE_REGION || OWN_KEYS.has(name) || POD_KEYS.includes(name)
    ? []
    : [unknownKey(name, 'pod annotation')];
}

function claimedClass(pod: Pod, policy: Policy, told: Told): PodClass {
  const text = annotationOf(pod, `${ANNOTATION_PREFIX}class`);
  if (text === undefined) return 'standard';
  const claimed = CLASSES.find((podClass) => podClass === text);
  if (!claimed) told.mistakes.push(ignored('class', text, `one of ${CLASSES.join(', ')}`, CLASSES));
  if (claimed !== 'critical' || policy.podOverrides === 'allow') return claimed ?? 'standard';
  told.refused.push('gridgate.dev/class: critical needs pod-overrides: allow on the namespace; treated as standard');
  return 'standard';
}

function ceiling(
  pod: Pod,
  policy: Policy,
  told: Told,
): Pick<Treatment, 'maxIntensity' | 'maxIntensitySetBy'> | undefined {
  const text = annotationOf(pod, `${ANNOTATION_PREFIX}max-intensity`);
  if (text === undefined) return undefined;
  const maxIntensity = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  const { ceilingLimit = Number.POSITIVE_INFINITY } = policy;
  if (Number.isNaN(maxIntensity)) told.mistakes.push(ignored('max-intensity', text, 'gCO2e/kWh, a number such as 300'));
  else if (maxIntensity > ceilingLimit && policy.podOverrides === 'allow') {
    told.refused.push(
      `gridgate.dev/max-intensity: ${text} is above ${ceilingLimit}, the limit of gridgate's configuration, which counts`,
    );
    return { maxIntensity: ceilingLimit, maxIntensitySetBy: 'limits' };
  } else if (maxIntensity < policy.maxIntensity || policy.podOverrides === 'allow')
    return { maxIntensity, maxIntensitySetBy: 'pod' };
  else if (maxIntensity > policy.maxIntensity)
    told.refused.push(
      `gridgate.dev/max-intensity: ${text} is above the namespace's ${policy.maxIntensity}, which counts; a higher one needs pod-overrides: allow`,
    );
  return undefined;
}

function podRegions(pod: Pod, told: Told): Pick<Treatment, 'podRegions'> | undefined {
  const text = annotationOf(pod, `${ANNOTATION_PREFIX}regions`);
  if (text === undefined) return undefined;
  const patterns = parseRegionPatterns(text);
  if (!patterns) told.mistakes.push(ignored('regions', text, 'region names or globs separated by commas'));
  return patterns && { podRegions: patterns };
}

function target(pod: Pod, told: Told): Pick<Treatment, 'target'> | undefined {
  const own = annotationOf(pod, `${ANNOTATION_PREFIX}region`);
  const gke = annotationOf(pod, GKE_REGION);
  if (own !== undefined && gke !== undefined && own !== gke)
    told.refused.push(`gridgate.dev/region: ${own} counts, not ${GKE_REGION}: ${gke}`);
  const region = own ?? gke;
  if (region === undefined) return undefined;
  if (isLabelValue(region)) return { target: region };
  told.mistakes.push(ignored('region', region, 'the name of a region'));
  return undefined;
}

function checkTimes(pod: Pod, told: Told, now: number | undefined): void {
  for (const name of ['defer', 'duration']) {
    const text = annotationOf(pod, ANNOTATION_PREFIX + name);
    const ms = parseDuration(text ?? '');
    if (text !== undefined && ms === undefined) told.mistakes.push(ignored(name, text, 'a duration such as 8h'));
    else if (ms === 0 && name === 'duration')
      told.mistakes.push(ignored(name, text ?? '', 'how long a run takes, a duration above 0 such as 8h'));
  }
  const deadline = annotationOf(pod, `${ANNOTATION_PREFIX}deadline`);
  if (deadline !== undefined && (!RFC_3339.test(deadline) || Number.isNaN(Date.parse(deadline))))
    told.mistakes.push(ignored('deadline', deadline, 'a time such as 2026-11-22T09:00:00Z'));
  else if (now !== undefined && Date.parse(deadline ?? '') <= now)
    told.refused.push(`gridgate.dev/deadline: ${deadline} has passed; such a pod starts at once`);
}

/** A wait that nothing will come of, or not all of it. */
function checkDefer(pod: Pod, { deferMs = 0, podOverrides }: Policy, podClass: PodClass, told: Told): void {
  const text = annotationOf(pod, `${ANNOTATION_PREFIX}defer`);
  const own = parseDuration(text ?? '');
  if (!own) return;
  if (neverEnds(pod))
    told.refused.push(
      'gridgate.dev/defer: has no effect on a pod that never ends (restartPolicy: Always, as of every Deployment): pods of Jobs and bare pods can wait',
    );
  else if (deferMs === 0 && podOverrides !== 'allow')
    told.refused.push(
      'gridgate.dev/defer: has no effect: its namespace has none, and a pod can only shorten that; write it to the Namespace',
    );
  else if (podClass !== 'flexible')
    told.refused.push(`gridgate.dev/defer: has no effect on a pod of class ${podClass}: only flexible ones wait`);
  else if (own > deferMs && podOverrides !== 'allow')
    told.refused.push(
      `gridgate.dev/defer: ${text} is above the namespace's ${formatDuration(deferMs)}, which counts; a longer one needs pod-overrides: allow`,
    );
}

function ignored(name: string, text: string, allowed: string, words: readonly string[] = []): string {
  const nearest = nearestKey(text, words);
  const hint = nearest === undefined ? '' : `, did you mean ${nearest}?`;
  return `${ANNOTATION_PREFIX}${name}: ${quoted(text)} is not ${allowed}; ignored${hint}`;
}
