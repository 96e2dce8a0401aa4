import { type BandThresholds, thresholdsOf } from './band.ts';

/** One value (gCO2e/kWh) of a region's series; `measuredAt` in epoch milliseconds. */
export interface TimedValue {
  readonly measuredAt: number;
  readonly gramsPerKwh: number;
}

/** The last 7 days of a region's series in one signal and zone, at most one value an hour, by hours since 1970. */
export type HourlyWeek = ReadonlyMap<number, TimedValue>;

const HOUR_MS = 3_600_000;
const WEEK_HOURS = 7 * 24;

/**
 * The week with these values added and what is older than 7 days at `now` (epoch milliseconds) left out. Of an hour the
 * latest value counts; of the same moment the one that was heard last, since providers put their estimates right.
 * Values ahead of `now` (the clock was set back) are left out too: nothing else would ever end them.
 */
export function rememberHours(week: HourlyWeek, values: readonly TimedValue[], now: number): HourlyWeek {
  const current = hourOf(now);
  const next = new Map<number, TimedValue>();
  for (const { measuredAt, gramsPerKwh } of [...week.values(), ...values]) {
    const hour = hourOf(measuredAt);
    const known = next.get(hour);
    if (hour > current || hour <= current - WEEK_HOURS || (known && known.measuredAt > measuredAt)) continue;
    next.set(hour, { measuredAt, gramsPerKwh });
  }
  return next;
}

/** The thresholds that a week makes, to a tenth of a gram; `undefined` where fewer than 24 hours of it are known. */
export function ownThresholds(week: HourlyWeek): BandThresholds | undefined {
  const thresholds = thresholdsOf([...week.values()].map(({ gramsPerKwh }) => gramsPerKwh));
  return thresholds && [toTenth(thresholds[0]), toTenth(thresholds[1])];
}

function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS);
}

/** People read them in the status of a Region. */
function toTenth(grams: number): number {
  return Math.round(grams * 10) / 10;
}
