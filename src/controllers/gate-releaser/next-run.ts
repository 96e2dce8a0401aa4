import type { CronJobRecord } from '../../cluster/cron-jobs.ts';
import type { NextRun } from './latest-start.ts';
import { nextRunAfter } from './schedule.ts';

/** Schedules are asked about again and again; anybody may write one. */
const MOST_KEPT = 10_000;

/** Reads schedules as the CronJob controller does. `onUnreadable` hears once of each that is not read. */
export function createNextRun(onUnreadable: (cronJob: CronJobRecord) => void): NextRun {
  const known = new Map<string, ReturnType<NextRun>>();
  const unreadable = new Set<string>();

  function ask(cronJob: CronJobRecord, after: number): ReturnType<NextRun> {
    const { schedule, timeZone = 'UTC', uid } = cronJob;
    try {
      return nextRunAfter(schedule, timeZone, after);
    } catch {
      const name = `${uid} ${schedule} ${timeZone}`;
      if (unreadable.size >= MOST_KEPT) unreadable.clear();
      if (!unreadable.has(name)) onUnreadable(cronJob);
      unreadable.add(name);
      return 'unreadable';
    }
  }

  return (cronJob, after) => {
    const key = `${cronJob.schedule} ${cronJob.timeZone} ${after}`;
    if (known.has(key)) return known.get(key);
    const next = ask(cronJob, after);
    if (known.size >= MOST_KEPT) known.clear();
    known.set(key, next);
    return next;
  };
}
