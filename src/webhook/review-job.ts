import { capMode } from '../decision/effect.ts';
import type { Policy } from '../decision/policy.ts';
import { decideJob, type Job, mayBeDeferred, podOfJob } from '../decision/suspended-job.ts';
import type { Answer } from './answer.ts';
import { cutName } from './cut-name.ts';
import type { Review } from './review.ts';
import { answerWith, type Moment, passed } from './review-pod.ts';

/** Answers the creation of a Job, which may have to wait, suspended. It is never denied: its pods are. */
export function reviewJob(review: Review, policy: Policy | undefined, moment: Moment): Answer {
  if (review.operation !== 'CREATE' || review.subResource !== '') return passed(review, 'not_a_pod', policy);
  if (!policy) return passed(review, 'unknown_namespace', policy);
  const mode = capMode(policy.mode, moment.modeCap);
  if (mode === 'off') return passed(review, 'mode_off', { mode });
  if (review.isOversized) return passed(review, 'oversized', { mode });
  const job: Job = review.object;
  const { namespace } = review;
  const pod = mayBeDeferred(job, policy) ? podOfJob(job, namespace) : undefined;
  const { snapshot, now, waiting, volumesOf } = moment;
  const decision = pod && decideJob(job, { pod, policy, snapshot, now, waiting, volumes: volumesOf?.(namespace, pod) });
  return decision ? answerWith(decision, mode, nameOf(job)) : passed(review, 'not_a_pod', { mode });
}

/** Its name is made up later, where it has none. */
function nameOf({ metadata }: Job): string {
  return cutName(`Job/${metadata?.name || `${metadata?.generateName ?? ''}*`}`);
}
