import { Cron } from 'croner';
import type { CronJobRecord } from '../../cluster/cron-jobs.ts';
import type { NextRun } from './latest-start.ts';

/** Schedules are asked about again and again; anybody may write one. */
const MOST_KEPT = 10_000;
const LONGEST = 256;

/**
 * Reads schedules as the CronJob controller does (`robfig/cron`, five fields or a nickname). `onUnreadable` hears once of each
 * that is not read, such as `@every 1h`; such a schedule bounds nothing.
 */
export function createNextRun(onUnreadable: (cronJob: CronJobRecord) => void): NextRun {
  const known = new Map<string, number | undefined>();
  const unreadable = new Set<string>();

  function ask(cronJob: CronJobRecord, after: number): number | undefined {
    const { schedule, timeZone = 'UTC', uid } = cronJob;
    try {
      if (schedule.length > LONGEST) throw new Error('too long');
      const cron = new Cron(schedule, { timezone: timeZone, mode: '5-part', sloppyRanges: true, paused: true });
      return cron.nextRun(new Date(after))?.getTime();
    } catch {
      const name = `${uid} ${schedule} ${timeZone}`;
      if (unreadable.size >= MOST_KEPT) unreadable.clear();
      if (!unreadable.has(name)) onUnreadable(cronJob);
      unreadable.add(name);
      return undefined;
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
