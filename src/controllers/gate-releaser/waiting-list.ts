import { ownerOf } from '../../decision/owner.ts';
import { readWait } from '../../decision/wait-annotations.ts';
import type { WaitingWork } from '../../decision/waiting-work.ts';
import type { PlannedUnit } from './plan.ts';

const MOST_LISTED = 500;

/** What waits, those first that start first; at most 500 of them. */
export function listWaiting(planned: readonly PlannedUnit[]): readonly WaitingWork[] {
  return [...planned]
    .sort((a, b) => a.startAt - b.startAt)
    .slice(0, MOST_LISTED)
    .map(toWork);
}

function toWork({ unit, startAt, latestStart, length, start }: PlannedUnit): WaitingWork {
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
