import { forecastFromDays, PAST_HOURS } from '../../forecast/first-weeks.ts';
import { createForecaster, MOST_HOURS } from '../../forecast/forecaster.ts';
import { type HourlyMeans, hourlyMeans, isCleaner } from '../../forecast/hourly-means.ts';
import { fillGaps } from './grid.ts';
import { FIRST_HOUR, FIXED_THRESHOLD, yesterdayOf } from './references.ts';

export interface EveryHour {
  readonly readings: readonly (number | undefined)[];
  /** Hours since 1970 of the first reading. */
  readonly fromHour: number;
  /** Whole hours: how long the work runs, and how long it may wait. */
  readonly length: number;
  readonly slack: number;
}

/** What waiting saves of what starting at once emits, and which share of it each way to wait finds. */
export interface Saved {
  /** Of perfect foresight; a share of 1. */
  readonly foresightSaving: number;
  /** Of what perfect foresight saves; `null` where it saves nothing. */
  readonly shares: Readonly<Record<Way, number | null>>;
}

export const WAYS = ['gridgate', 'yesterday', 'profile', 'fixed-200'] as const;
type Way = (typeof WAYS)[number];

/** What is expected at an hour, asked for one after the other, of so many hours from it on. */
export type Expecting = (hour: number, hours: number) => ArrayLike<number>;

/** Learns each reading when its hour is over. */
export function learnAsTheyCome({ readings, fromHour }: Pick<EveryHour, 'readings' | 'fromHour'>): Expecting {
  const forecaster = createForecaster(fromHour);
  return (hour, hours) => {
    while (forecaster.nextHour() < fromHour + hour) forecaster.learn(readings[forecaster.nextHour() - fromHour]);
    return forecaster.forecast(Math.min(MOST_HOURS, hours)).map(({ gramsPerKwh }) => gramsPerKwh);
  };
}

/**
 * A year of submissions, one every hour, of work that may wait: what each way to choose its start makes of it. Past readings only;
 * `gridgate` plans again every hour, the others once.
 */
export function everyHour(work: EveryHour, expect: Expecting = learnAsTheyCome(work)): Saved | undefined {
  const { readings, length, slack } = work;
  const filled = fillGaps(readings);
  const actual = hourlyMeans(filled);
  const last = filled.length - slack - length - 1;
  if (last <= FIRST_HOUR) return undefined;
  const sums: Record<Way | 'now' | 'foresight', number> = {
    now: 0,
    foresight: 0,
    gridgate: 0,
    yesterday: 0,
    profile: 0,
    'fixed-200': 0,
  };
  const emits = (at: number) => actual.mean(at, length);
  /** By hour of submission. */
  let waiting: number[] = [];
  const window = slack + length;

  /** What all but `gridgate` make of work that is submitted now. */
  function submit(hour: number): void {
    const best = (outlook: HourlyMeans) => emits(hour + cleanest(outlook, slack, length));
    const past = Array.from(filled.subarray(Math.max(0, hour - PAST_HOURS), hour));
    const clean = filled.subarray(hour, hour + slack + 1).findIndex((grams) => grams <= FIXED_THRESHOLD);
    sums.now += emits(hour);
    sums.foresight += Math.min(...Array.from({ length: slack + 1 }, (_, wait) => emits(hour + wait)));
    sums.yesterday += best(hourlyMeans(yesterdayOf(filled, hour, window)));
    sums.profile += best(hourlyMeans(forecastFromDays(past, window)));
    sums['fixed-200'] += emits(hour + (clean < 0 ? slack : clean));
  }

  for (let hour = FIRST_HOUR; hour < last + slack; hour++) {
    if (hour < last) {
      submit(hour);
      waiting.push(hour);
    }
    const outlook = hourlyMeans(expect(hour, window));
    waiting = waiting.filter((submitted) => {
      if (cleanest(outlook, submitted + slack - hour, length) > 0) return true;
      sums.gridgate += emits(hour);
      return false;
    });
  }
  const foresight = sums.now - sums.foresight;
  const share = (way: Way) => (foresight > 0 ? (sums.now - sums[way]) / foresight : null);
  return {
    foresightSaving: sums.now > 0 ? foresight / sums.now : 0,
    shares: {
      gridgate: share('gridgate'),
      yesterday: share('yesterday'),
      profile: share('profile'),
      'fixed-200': share('fixed-200'),
    },
  };
}

/** How many hours on the mean over the run is lowest; the earliest of equal ones. */
function cleanest({ mean }: HourlyMeans, slack: number, length: number): number {
  let best = 0;
  for (let wait = 1; wait <= slack; wait++) if (isCleaner(mean(wait, length), mean(best, length))) best = wait;
  return best;
}
