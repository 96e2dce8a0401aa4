import type { CronJobRecord } from '../../cluster/cron-jobs.ts';
import type { Policy } from '../../decision/policy.ts';
import { latestStart } from '../../decision/waiting.ts';
import type { Member, Unit } from './units.ts';

/** When a CronJob runs next after a moment, epoch milliseconds; `undefined` where it does not. */
export type NextRun = (cronJob: CronJobRecord, after: number) => number | undefined | 'unreadable';

/**
 * The last moment at which a unit may start, epoch milliseconds: the earliest of what bounds its members.
 *
 * | bound                                                | the start is at the latest               |
 * | ---------------------------------------------------- | ---------------------------------------- |
 * | the longest wait of policy and pod                   | so long after the unit's creation        |
 * | the pod's own `deadline`                             | a run before it                          |
 * | `activeDeadlineSeconds` of its Job, unless suspended | a run before the end of that             |
 * | the next run of its CronJob, under Forbid, Replace   | a run before it                          |
 * | the next run of its CronJob, under Allow             | then                                     |
 * | a schedule that nobody can read, under Forbid, Replace | as it was created: it might never run   |
 *
 * Never before the unit's creation: a length of many years would make it no date at all.
 */
export function latestStartOf(unit: Unit, policy: Policy, lengthMs: number, nextRun: NextRun): number {
  let latest = Number.POSITIVE_INFINITY;
  for (const member of unit.members) {
    const byPolicy = latestStart(member.pod, policy, unit.createdAt, lengthMs);
    latest = Math.min(latest, byPolicy, byActiveDeadline(member, lengthMs), byNextRun(member, lengthMs, nextRun));
  }
  return Math.max(latest, unit.createdAt);
}

const UNBOUNDED = Number.POSITIVE_INFINITY;

function byActiveDeadline({ kind, job }: Member, lengthMs: number): number {
  if (kind === 'Job' || !job || job.activeDeadlineMs === undefined) return UNBOUNDED;
  return createdAt(job) + job.activeDeadlineMs - lengthMs;
}

function byNextRun({ job, cronJob }: Member, lengthMs: number, nextRun: NextRun): number {
  if (!job || !cronJob || cronJob.isSuspended) return UNBOUNDED;
  const next = nextRun(cronJob, createdAt(job));
  if (next === undefined) return UNBOUNDED;
  if (next === 'unreadable') return cronJob.allowsTwo ? UNBOUNDED : createdAt(job);
  return cronJob.allowsTwo ? next : next - lengthMs;
}

function createdAt({ metadata }: NonNullable<Member['job']>): number {
  return Date.parse(metadata.creationTimestamp ?? '');
}
