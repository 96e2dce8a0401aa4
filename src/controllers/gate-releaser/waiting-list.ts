import { type Owner, ownerOf } from '../../decision/owner.ts';
import { readWait } from '../../decision/wait-annotations.ts';
import type { PlannedUnit } from './plan.ts';

/** One thing that waits, for people; times in epoch milliseconds, intensities in gCO2e/kWh. */
export interface WaitingUnit {
  readonly namespace: string;
  /** Of a pod that nothing owns, the pod. */
  readonly owner: Owner;
  readonly pods: number;
  readonly since: number;
  readonly notBefore: number;
  readonly latestStart: number;
  readonly lengthMs: number;
  /** Where the planned run is cleanest. */
  readonly region?: string;
  /** Means over its run, had it started when it was created, and as it is planned. */
  readonly now?: number;
  readonly planned?: number;
}

const MOST_LISTED = 500;

/** What waits, those first that start first; at most 500 of them. */
export function listWaiting(planned: readonly PlannedUnit[]): readonly WaitingUnit[] {
  return [...planned]
    .sort((a, b) => a.startAt - b.startAt)
    .slice(0, MOST_LISTED)
    .map(toWaitingUnit);
}

function toWaitingUnit({ unit, startAt, latestStart, length, start }: PlannedUnit): WaitingUnit {
  const { namespace, members, createdAt } = unit;
  const [{ pod, metadata, kind }] = members;
  const { grams, place } = start ?? {};
  return {
    namespace,
    owner: ownerOf(pod) ?? { kind, name: metadata.name },
    pods: members.reduce((sum, { pods }) => sum + pods, 0),
    since: createdAt,
    notBefore: startAt,
    latestStart,
    lengthMs: length.ms,
    ...(place !== undefined && { region: place }),
    ...(grams && { now: readWait(metadata.annotations)?.now ?? grams.now, planned: grams.planned }),
  };
}
