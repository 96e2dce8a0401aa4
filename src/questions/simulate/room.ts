import type { Job } from './job.ts';

/** CPUs of the regions, hour by hour, as far as running and planned jobs leave them. Times in hours since the grid begins. */
export interface Room {
  /** Whether a region has room for a job for all of its run from a moment on. */
  fits(region: number, at: number, job: Job): boolean;
  /** A job runs from a moment on. */
  take(region: number, at: number, job: Job): void;
  /** A job that waits means to run from a moment on: others find that room taken. */
  plan(region: number, at: number, job: Job): void;
  /** What jobs that wait mean to do no longer counts: of one, or of all. */
  forget(job?: Job): void;
}

/** Sums of parts of CPUs are not exact. */
const ROUNDING = 1e-9;
const UNLIMITED: Room = { fits: () => true, take: () => {}, plan: () => {}, forget: () => {} };

/** `hours`: how far the jobs can reach. Of a region without a number there is no end. */
export function createRoom(capacity: readonly (number | undefined)[], hours: number): Room {
  if (capacity.every((cpus) => cpus === undefined)) return UNLIMITED;
  const used = capacity.map(() => new Float64Array(hours));
  const plans = new Map<Job, readonly [region: number, at: number]>();

  function add(region: number, at: number, { hours, cpus }: Job, sign: 1 | -1): void {
    const ofRegion = used[region];
    if (!ofRegion) return;
    for (let hour = Math.floor(at); hour < at + hours; hour++) ofRegion[hour] = (ofRegion[hour] ?? 0) + sign * cpus;
  }

  return {
    fits(region, at, { hours, cpus }) {
      const [limit, ofRegion] = [capacity[region], used[region]];
      if (limit === undefined || !ofRegion) return true;
      for (let hour = Math.floor(at); hour < at + hours; hour++)
        if ((ofRegion[hour] ?? 0) + cpus > limit + ROUNDING) return false;
      return true;
    },
    take: (region, at, job) => add(region, at, job, 1),
    plan(region, at, job) {
      plans.set(job, [region, at]);
      add(region, at, job, 1);
    },
    forget(job) {
      for (const one of job ? [job] : plans.keys()) {
        const [region, at] = plans.get(one) ?? [];
        if (region !== undefined && at !== undefined) add(region, at, one, -1);
        plans.delete(one);
      }
    },
  };
}
