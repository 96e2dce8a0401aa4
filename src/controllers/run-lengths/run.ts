import { isComplete, type LiveJob } from '../../cluster/job-runs.ts';
import { type Owner, ownerOf } from '../../decision/owner.ts';
import { RELEASED } from '../../decision/wait-annotations.ts';

/** A Job that did its work. */
export interface Run {
  readonly namespace: string;
  readonly owner: Owner;
  /** Epoch seconds. */
  readonly endedAt: number;
  readonly seconds: number;
}

/**
 * How long a Job ran, from when its pods might start: its own start counts while they wait behind gates, so the moment at which they were
 * let go does, where that is later. `undefined` of one that has not completed, or says what cannot be.
 */
export function runOf(job: LiveJob): Run | undefined {
  if (!isComplete(job)) return undefined;
  const { name, namespace = '', annotations } = job.metadata;
  const owner = ownerOf({ metadata: { ownerReferences: [{ kind: 'Job', name, controller: true }] } });
  const endedAt = toSeconds(job.status.completionTime);
  const releasedAt = toSeconds(annotations?.[RELEASED]);
  const startedAt = Math.max(toSeconds(job.status.startTime), Number.isNaN(releasedAt) ? 0 : releasedAt);
  const seconds = endedAt - startedAt;
  return owner && seconds >= 0 ? { namespace, owner, endedAt, seconds } : undefined;
}

function toSeconds(time: string | undefined): number {
  return Math.round(Date.parse(time ?? '') / 1_000);
}
