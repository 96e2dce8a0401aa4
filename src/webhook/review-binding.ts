import { type Decision, decide, leaveAlone } from '../decision/decide.ts';
import { capMode } from '../decision/effect.ts';
import { isDaemonPod } from '../decision/exempt.ts';
import type { Pod } from '../decision/pod.ts';
import type { Policy } from '../decision/policy.ts';
import type { Reason } from '../decision/reasons.ts';
import { isMapping } from '../units/is-mapping.ts';
import type { Answer } from './answer.ts';
import { type Review, text } from './review.ts';
import { answerWith, type Moment, ownerOf, passed } from './review-pod.ts';

export interface BindingGuard {
  review(review: Review, policy: Policy | undefined, moment: Moment): Answer;
}

/** What is known of pods that wait for a node; answers come from memory. */
export interface PendingPods {
  pendingPod(namespace: string, name: string): Pod | undefined;
  /** Milliseconds for which the watch has shown the pod without a scheduling gate and without a node; 0: not at all. */
  freeForMs(namespace: string, name: string): number;
}

/** The scheduler tries the same node over and over: a pod that has waited so long is worth more than a clean node. */
const LET_GO_AFTER_MS = 5 * 60_000;

/** Where data may live, and how far from its users, is no question of patience. */
const PATIENT_ABOUT: ReadonlySet<Reason> = new Set(['outage', 'high_carbon']);

/**
 * Judges bindings: a pod that waited, or that another scheduler places, may be about to reach a node whose region the
 * policy refuses by now. In mode `enforce`:
 *
 * | refused for               | free and unbound, as our own watch has seen it | answer                    |
 * | ------------------------- | ---------------------------------------------- | ------------------------- |
 * | outage, carbon            | for 5 minutes                                  | allowed, `waited_unbound` |
 * | outage, carbon            | for less                                       | denied                    |
 * | outage, carbon            | the pod is not known here                      | allowed, `unknown_pod`    |
 * | sovereignty, any other    | for any time, known or not                     | denied                    |
 *
 * Reviews change nothing of that: anybody who reaches the port can post some.
 */
export function createBindingGuard({ pendingPod, freeForMs }: PendingPods): BindingGuard {
  function review(review: Review, policy: Policy | undefined, moment: Moment): Answer {
    if (!policy) return passed(review, 'unknown_namespace', policy);
    const pod = boundPod(review, pendingPod);
    const mode = capMode(policy.mode, moment.modeCap);
    if (!pod) {
      const refusal = refusalOfAny(review, policy, moment);
      return refusal ? answerWith(refusal, mode, ownerOf(podOnly(review))) : passed(review, 'unknown_pod', { mode });
    }
    const decision = judgeBinding(pod, targetOf(review), policy, moment);
    const isVeto = decision.decision === 'deny' && mode === 'enforce';
    const letsGo = isVeto && PATIENT_ABOUT.has(decision.reason) && waitedMs(review, freeForMs) >= LET_GO_AFTER_MS;
    return answerWith(letsGo ? leaveAlone('waited_unbound') : decision, mode, ownerOf(pod));
  }

  return { review };
}

function waitedMs(review: Review, freeForMs: PendingPods['freeForMs']): number {
  return freeForMs(review.namespace, podNameOf(review));
}

/** The same decision as for a pod created on this node. */
function judgeBinding(pod: Pod, nodeName: string, policy: Policy, moment: Moment): Decision {
  const { snapshot, now, volumesOf } = moment;
  const volumes = volumesOf?.(pod.metadata?.namespace ?? '', pod);
  const bound = { ...pod, spec: { ...pod.spec, nodeName } };
  // Every pod names a node when it is bound: what belongs to a daemon set named one before.
  const isOfDaemonSet = isDaemonPod(pod, policy, {});
  const decision = decide({ pod: bound, policy, final: true, snapshot, now, volumes, isOfDaemonSet });
  if (decision.decision !== 'deny' || decision.reason !== 'high_carbon') return decision;
  // A pod whose spread cannot be met in clean regions alone was promised preferences only.
  const unbound = decide({ pod, policy, snapshot, now, volumes });
  return unbound.steps?.steering?.keptSpread ? leaveAlone('acceptable') : decision;
}

/** Why a namespace lets no pod at all onto this node: a pod can only narrow where its data may live, and how far. */
function refusalOfAny(review: Review, policy: Policy, { snapshot, now }: Moment): Decision | undefined {
  const pod = { ...podOnly(review), spec: { nodeName: targetOf(review) } };
  const decision = decide({ pod, policy, final: true, snapshot, now });
  return decision.decision === 'deny' && !PATIENT_ABOUT.has(decision.reason) ? decision : undefined;
}

/** All that a binding says of its pod. */
function podOnly(review: Review): Pod {
  return { metadata: { name: podNameOf(review), namespace: review.namespace } };
}

function boundPod(review: Review, pendingPod: PendingPods['pendingPod']): Pod | undefined {
  const metadata = metadataOf(review);
  const pod = pendingPod(review.namespace, podNameOf(review));
  const isAnother = metadata['uid'] !== undefined && metadata['uid'] !== pod?.metadata?.uid;
  return isAnother ? undefined : pod;
}

function podNameOf(review: Review): string {
  return review.name || text(metadataOf(review)['name']);
}

function metadataOf({ object }: Review): Readonly<Record<string, unknown>> {
  return isMapping(object['metadata']) ? object['metadata'] : {};
}

function targetOf({ object }: Review): string {
  const target = object['target'];
  return isMapping(target) ? text(target['name']) : '';
}
