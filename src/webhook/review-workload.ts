import { decide } from '../decision/decide.ts';
import { capMode, refusalWarnings } from '../decision/effect.ts';
import type { Policy } from '../decision/policy.ts';
import { isControlled, podOfWorkload } from '../decision/workload.ts';
import type { Answer } from './answer.ts';
import type { Review } from './review.ts';
import { type Moment, passed } from './review-pod.ts';

/** Warns the author of a workload whose pods would be denied; never denies and changes nothing. */
export function reviewWorkload(review: Review, policy: Policy | undefined, moment: Moment): Answer {
  if (!policy) return passed(review, 'unknown_namespace', policy);
  const mode = capMode(policy.mode, moment.modeCap);
  if (mode === 'off') return passed(review, 'mode_off', { mode });
  if (review.isOversized) return passed(review, 'oversized', { mode });
  const pod = isControlled(review.object) ? undefined : podOfWorkload(review.group, review.kind, review.object);
  if (mode === 'audit' || !pod) return passed(review, 'not_a_pod', { mode });
  const { snapshot, now, volumesOf } = moment;
  const decision = decide({ pod, policy, snapshot, now, volumes: volumesOf?.(review.namespace, pod) });
  const { reason, warnings } = decision;
  const will = mode === 'enforce' ? 'will be denied' : 'would be denied in mode enforce';
  const refusal = decision.decision === 'deny' ? refusalWarnings(`pods of this ${review.kind} ${will}`, decision) : [];
  return { warnings: [...refusal, ...warnings], outcome: passed(review, reason, { mode }).outcome };
}
