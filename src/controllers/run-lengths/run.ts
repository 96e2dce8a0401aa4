import type { CompletedJob } from '../../cluster/completed-jobs.ts';
import { type Owner, ownerOf } from '../../decision/owner.ts';

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
 * let go does, where that is later. `undefined` of one that says what cannot be.
 */
export function runOf({ name, namespace, startTime, completionTime, released }: CompletedJob): Run | undefined {
  const owner = ownerOf({ metadata: { ownerReferences: [{ kind: 'Job', name, controller: true }] } });
  const endedAt = toSeconds(completionTime);
  const releasedAt = toSeconds(released);
  const seconds = endedAt - Math.max(toSeconds(startTime), Number.isNaN(releasedAt) ? 0 : releasedAt);
  return owner && seconds >= 0 ? { namespace, owner, endedAt, seconds } : undefined;
}

function toSeconds(time: string | undefined): number {
  return Math.round(Date.parse(time ?? '') / 1_000);
}
