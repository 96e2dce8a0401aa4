import { type HourlyMeans, hourlyMeans, isCleaner } from '../../forecast/hourly-means.ts';
import type { Job } from './job.ts';
import { FIXED_THRESHOLD, yesterdayOf } from './references.ts';
import type { Moment, Strategy } from './replay.ts';

/** Sums of hours are not exact. */
const ROUNDING = 1e-9;

/** At once, always in one region. */
export function inRegion(name: string, region: number): Strategy {
  return { name, choose: (job, moment) => firstWithRoom([region], job, moment) };
}

/** At once, in the cleanest region of this hour. */
export const GREEDY: Strategy = {
  name: 'greedy, cleanest now',
  choose: (job, moment) => firstWithRoom(cleanestFirst(moment), job, moment),
};

/** At home, as soon as it is at most 200 g/kWh. */
export const FIXED: Strategy = {
  name: 'threshold of 200',
  choose(job, moment) {
    const isClean = (moment.known[moment.home]?.mean(0, 1) ?? 0) <= FIXED_THRESHOLD;
    return isClean || isDue(job, moment) ? firstWithRoom([moment.home], job, moment) : undefined;
  },
};

/** At home, when yesterday was cleanest: planned once. */
export function yesterday(): Strategy {
  const starts = new WeakMap<Job, number>();
  return {
    name: 'yesterday as forecast',
    choose(job, moment) {
      const { home, now } = moment;
      const at = starts.get(job) ?? plan(job, moment, [home], [expectedAgain(moment, job)])?.at ?? now;
      starts.set(job, at);
      return now >= at || isDue(job, moment) ? firstWithRoom([home], job, moment) : undefined;
    },
  };
}

/** At once, where a service would be that moves only when that pays. */
export const SPATIAL: Strategy = {
  name: 'gridgate, where',
  choose: (job, moment) => firstWithRoom([moment.current, ...cleanestFirst(moment)], job, moment),
};

/** At home, when it is expected to be cleanest; planned again at every full hour. */
export const TEMPORAL: Strategy = {
  name: 'gridgate, when',
  choose: (job, moment) => startOrWait(job, moment, [moment.home], moment.expected),
};

/** Where and when it is expected to be cleanest. */
export const BOTH: Strategy = {
  name: 'gridgate, where and when',
  choose: (job, moment) => startOrWait(job, moment, allOf(moment), moment.known),
};

/** Where and when it will have been cleanest, as nobody knows beforehand. */
export function oracle(actual: readonly HourlyMeans[]): Strategy {
  return {
    name: 'perfect foresight',
    choose(job, moment) {
      const ahead = actual.map(({ mean }) => ({
        mean: (from: number, hours: number) => mean(moment.hour + from, hours),
      }));
      return startOrWait(job, moment, allOf(moment), ahead);
    },
  };
}

function allOf({ grid }: Moment): readonly number[] {
  return grid.regions.map((_, index) => index);
}

function cleanestFirst(moment: Moment): readonly number[] {
  const now = moment.known.map(({ mean }) => mean(0, 1));
  return allOf(moment).toSorted((a, b) => (now[a] ?? 0) - (now[b] ?? 0));
}

function isDue(job: Job, { now, slackHours }: Moment): boolean {
  return now >= job.arrival + slackHours - ROUNDING;
}

function firstWithRoom(regions: readonly number[], job: Job, { now, room }: Moment): number | undefined {
  return regions.find((region) => room.fits(region, now, job));
}

function startOrWait(
  job: Job,
  moment: Moment,
  regions: readonly number[],
  outlooks: readonly HourlyMeans[],
): number | undefined {
  const { now, room } = moment;
  const best = plan(job, moment, regions, outlooks);
  if (!best) return isDue(job, moment) ? firstWithRoom(regions, job, moment) : undefined;
  if (best.at <= now) return best.region;
  room.plan(best.region, best.at, job);
  return undefined;
}

/** The start with the lowest mean over the run where there is room; the earliest of equal ones. */
function plan(
  job: Job,
  moment: Moment,
  regions: readonly number[],
  outlooks: readonly HourlyMeans[],
): { readonly region: number; readonly at: number } | undefined {
  let best: { region: number; at: number; mean: number } | undefined;
  for (const at of startsOf(job, moment))
    for (const region of regions) {
      const mean = outlooks[region]?.mean(at - moment.hour, job.hours) ?? Number.POSITIVE_INFINITY;
      if ((!best || isCleaner(mean, best.mean)) && moment.room.fits(region, at, job)) best = { region, at, mean };
    }
  return best;
}

/** Now, at a full hour, or at the last moment: when a job is asked for. */
function* startsOf(job: Job, { now, slackHours }: Moment): Generator<number> {
  const latest = job.arrival + slackHours;
  for (let at = now; at < latest; at = Math.floor(at) + 1) yield at;
  if (now <= latest + ROUNDING) yield Math.max(now, latest);
}

function expectedAgain({ grid, hour, home, slackHours }: Moment, job: Job): HourlyMeans {
  const past = grid.regions[home]?.carried ?? new Float64Array(0);
  return hourlyMeans(yesterdayOf(past, hour, Math.ceil(slackHours + job.hours) + 1));
}
