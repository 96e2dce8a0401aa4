import { LRUCache } from 'lru-cache';
import { type Decision, decide, leaveAlone } from '../decision/decide.ts';
import { capMode } from '../decision/effect.ts';
import type { Pod } from '../decision/pod.ts';
import type { Policy } from '../decision/policy.ts';
import type { Answer } from './answer.ts';
import { isObject, type Review, text } from './review.ts';
import { answerWith, type Moment, ownerOf, passed } from './review-pod.ts';

export interface BindingGuard {
  review(review: Review, policy: Policy | undefined, moment: Moment): Answer;
}

/** The scheduler tries the same node over and over: after so many vetoes a pod is worth more than a clean node. */
const MOST_VETOES = 3;

/**
 * Judges bindings: a pod that waited, or that another scheduler places, may be about to reach a node whose region the
 * policy refuses by now. `pendingPod` answers from memory; a pod that is not known here passes.
 */
export function createBindingGuard(pendingPod: (namespace: string, name: string) => Pod | undefined): BindingGuard {
  const vetoes = new LRUCache<string, number>({ max: 10_000 });

  function review(review: Review, policy: Policy | undefined, moment: Moment): Answer {
    if (!policy) return passed(review, 'unknown_namespace', policy);
    const pod = boundPod(review, pendingPod);
    if (!pod) return passed(review, 'unknown_pod', policy);
    const decision = judgeBinding(pod, targetOf(review), policy, moment);
    const mode = capMode(policy.mode, moment.modeCap);
    const uid = pod.metadata?.uid ?? '';
    const vetoed = decision.decision === 'deny' && mode === 'enforce';
    if (!vetoed) return answerWith(decision, mode, ownerOf(pod));
    const count = (vetoes.get(uid) ?? 0) + 1;
    if (count > MOST_VETOES) return answerWith(leaveAlone('vetoes_exhausted'), mode, ownerOf(pod));
    if (!review.dryRun) vetoes.set(uid, count);
    return answerWith(decision, mode, ownerOf(pod));
  }

  return { review };
}

/** The same decision as for a pod created on this node. */
function judgeBinding(pod: Pod, nodeName: string, policy: Policy, moment: Moment): Decision {
  const { snapshot, now, volumesOf } = moment;
  const volumes = volumesOf?.(pod.metadata?.namespace ?? '', pod);
  const bound = { ...pod, spec: { ...pod.spec, nodeName } };
  const decision = decide({ pod: bound, policy, final: true, snapshot, now, volumes });
  if (decision.decision !== 'deny' || decision.reason !== 'high_carbon') return decision;
  // A pod whose spread cannot be met in clean regions alone was promised preferences only.
  const unbound = decide({ pod, policy, snapshot, now, volumes });
  return unbound.steps?.steering?.keptSpread ? leaveAlone('acceptable') : decision;
}

function boundPod(
  { object, namespace, name }: Review,
  pendingPod: (namespace: string, name: string) => Pod | undefined,
): Pod | undefined {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const pod = pendingPod(namespace, name || text(metadata['name']));
  const isAnother = metadata['uid'] !== undefined && metadata['uid'] !== pod?.metadata?.uid;
  return isAnother ? undefined : pod;
}

function targetOf({ object }: Review): string {
  const target = object['target'];
  return isObject(target) ? text(target['name']) : '';
}
