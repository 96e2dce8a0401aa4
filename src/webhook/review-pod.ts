import { type Decision, decide, leaveAlone } from '../decision/decide.ts';
import { capMode, effectOf } from '../decision/effect.ts';
import { oversized } from '../decision/oversized.ts';
import { controllerOf, type Pod } from '../decision/pod.ts';
import type { Mode, Policy } from '../decision/policy.ts';
import type { VolumeTerms } from '../decision/volume-terms.ts';
import type { WaitingFacts } from '../decision/waiting.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import { isMapping } from '../units/is-mapping.ts';
import type { Answer, Outcome } from './answer.ts';
import { cutName } from './cut-name.ts';
import { type JsonObject, type Review, ReviewError } from './review.ts';

/** The bound volumes of a pod, from memory; none for a pod without claims. */
export type VolumeLookup = (namespace: string, pod: Pod) => readonly VolumeTerms[];

const NAMES = ['name', 'generateName', 'namespace'] as const;

/** What every endpoint needs to judge a pod, read once per review. */
export interface Moment {
  readonly snapshot: Snapshot;
  /** Epoch milliseconds. */
  readonly now: number;
  /** No namespace's mode counts above it: the cluster's kill switch. */
  readonly modeCap?: Mode | undefined;
  /** Absent: nothing is known of volumes. */
  readonly volumesOf?: VolumeLookup | undefined;
  /** Absent: nothing waits. */
  readonly waiting?: WaitingFacts | undefined;
}

/** Answers a pod review under a namespace's policy. `final`: the pod cannot be changed any more (`/validate`). */
export function reviewPod(review: Review, policy: Policy | undefined, moment: Moment, final: boolean): Answer {
  if (review.kind !== 'Pod' || review.group !== '' || review.subResource !== '')
    return passed(review, 'not_a_pod', policy);
  const { snapshot, now, modeCap, volumesOf, waiting } = moment;
  if (review.isOversized) return answerOversized(review, policy, modeCap);
  const pod = podOf(review);
  if (!policy) return passed(review, 'unknown_namespace', policy, pod);
  const volumes = volumesOf?.(review.namespace, pod);
  const decision = decide({ pod, policy, requester: review.requester, final, snapshot, now, volumes, waiting });
  return answerWith(decision, capMode(policy.mode, modeCap), ownerOf(pod));
}

/** A pod of which only the envelope was read. */
function answerOversized(review: Review, policy: Policy | undefined, modeCap: Mode | undefined): Answer {
  const pod = { metadata: { name: review.name } };
  if (!policy) return passed(review, 'unknown_namespace', policy, pod);
  const mode = capMode(policy.mode, modeCap);
  if (mode === 'off') return passed(review, 'mode_off', { mode }, pod);
  return answerWith(oversized(pod, 'it holds more values than a pod can have that is stored'), mode, ownerOf(pod));
}

/** What a decision means under the mode of its namespace, which the kill switch may have capped. */
export function answerWith(decision: Decision, mode: Mode, owner: string): Answer {
  const { allowed, patch, warnings, would } = effectOf(decision, mode);
  const { message, causes } = decision;
  return {
    ...(!allowed && { denial: { code: 403, reason: 'Forbidden', message, causes } as const }),
    patch,
    warnings,
    ...(would !== undefined && { would }),
    outcome: { mode, ...outcomeOf(decision), owner, ...(decision.decision === 'deny' && { message }) },
  };
}

/** A review that is let through unjudged. */
export function passed(
  review: Review,
  reason: Outcome['reason'],
  policy: Pick<Policy, 'mode'> | undefined,
  pod?: Pod,
  error?: unknown,
): Answer {
  const owner = pod ? ownerOf(pod) : cutName(`${review.kind || 'object'}/${review.name || '?'}`);
  return {
    outcome: {
      mode: policy?.mode ?? 'unknown',
      ...outcomeOf(leaveAlone(reason)),
      owner,
      ...(error !== undefined && { error }),
    },
  };
}

function outcomeOf({ decision, reason, region }: Decision): Pick<Outcome, 'decision' | 'reason' | 'region'> {
  return { decision, reason, ...(region !== undefined && { region }) };
}

/** The controller of a pod where it has one: a pod's own name says little and changes with every pod. */
export function ownerOf(pod: Pod): string {
  const owner = controllerOf(pod);
  if (owner) return cutName(`${owner.kind}/${owner.name}`);
  return cutName(`Pod/${pod.metadata?.name || `${pod.metadata?.generateName ?? ''}*`}`);
}

/** Checks the types of what a patch builds on: the API server sends no others, a stray client might. */
function podOf({ object, uid }: Review): Pod {
  const { metadata, spec } = object;
  if (!isMapping(metadata)) throw new ReviewError('the pod has no metadata', uid);
  if (!isMapping(spec)) throw new ReviewError('the pod has no spec', uid);
  const { affinity, tolerations } = spec;
  const nodeAffinity = isMapping(affinity) ? affinity['nodeAffinity'] : undefined;
  const {
    requiredDuringSchedulingIgnoredDuringExecution: required,
    preferredDuringSchedulingIgnoredDuringExecution: preferred,
  } = isMapping(nodeAffinity) ? nodeAffinity : {};
  mustBe(isMapping, 'object', metadata['annotations'], 'metadata.annotations', uid);
  mustBe(isMapping, 'object', affinity, 'affinity', uid);
  mustBe(isMapping, 'object', nodeAffinity, 'nodeAffinity', uid);
  mustBe(isMapping, 'object', required, 'required', uid);
  mustBe(Array.isArray, 'list', tolerations, 'tolerations', uid);
  mustBe(Array.isArray, 'list', preferred, 'preferred', uid);
  const short = withShortNames(metadata);
  return (short === metadata ? object : { ...object, metadata: short }) as Pod;
}

function mustBe(isIt: (value: unknown) => boolean, type: string, value: unknown, name: string, uid: string): void {
  if (value != null && !isIt(value)) throw new ReviewError(`${name} of the pod is no ${type}`, uid);
}

/** Messages, logs and pages quote a pod's names: what is too long for them is cut before anybody sees it. */
function withShortNames(metadata: JsonObject): JsonObject {
  const long = NAMES.filter((key) => isLong(metadata[key]));
  if (long.length === 0) return metadata;
  return { ...metadata, ...Object.fromEntries(long.map((key) => [key, cutName(String(metadata[key]))])) };
}

function isLong(name: unknown): boolean {
  return typeof name === 'string' && cutName(name) !== name;
}
