import { HOUR_MS } from '../units/moment.ts';
import { ANCHOR_KEPT } from './forecaster.ts';

/** A value of the future, gCO2e/kWh: from `from` (epoch milliseconds) until the next one's. */
export interface Announced {
  readonly from: number;
  readonly gramsPerKwh: number;
}

/** What a source announced of the hours to come, and the hour, since 1970, in which that was heard. */
export interface HeardForecast {
  readonly announced: readonly Announced[];
  readonly hour: number;
}

/** A day profile needs a day; single hours of it may be missing. */
const LEAST_SPAN_HOURS = 24;
const LEAST_READINGS = 20;

/** Whether so many hours that have a reading, among so many, are enough to forecast from. */
export function isEnough(readings: number, spanHours: number): boolean {
  return readings >= LEAST_READINGS && spanHours >= LEAST_SPAN_HOURS;
}

/** The forecaster knows the errors of a source's forecasts once it has seen more than so many. */
export const JUDGED_AFTER = 16;

/** The hour, since 1970, of a moment in epoch milliseconds. */
export function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS);
}

/** The means of the hours, since 1970, that have a value. */
export function meansByHour(
  values: Iterable<{ readonly measuredAt: number; readonly gramsPerKwh: number }>,
): ReadonlyMap<number, number> {
  const sums = new Map<number, { readonly sum: number; readonly count: number }>();
  for (const { measuredAt, gramsPerKwh } of values) {
    const hour = hourOf(measuredAt);
    const { sum, count } = sums.get(hour) ?? { sum: 0, count: 0 };
    sums.set(hour, { sum: sum + gramsPerKwh, count: count + 1 });
  }
  return new Map([...sums].map(([hour, { sum, count }]) => [hour, sum / count]));
}

/** The means of so many hours from `firstHour` (since 1970) on; NaN where nothing is said of most of an hour. */
export function announcedByHour(announced: readonly Announced[], firstHour: number, hours: number): Float64Array {
  const sums = new Float64Array(hours);
  const covered = new Float64Array(hours);
  for (const [index, { from, gramsPerKwh }] of announced.entries()) {
    const until = announced[index + 1]?.from ?? from + lastStep(announced);
    const first = Math.max(0, Math.floor(from / HOUR_MS) - firstHour);
    const last = Math.min(hours - 1, Math.ceil(until / HOUR_MS) - 1 - firstHour);
    for (let hour = first; hour <= last; hour++) {
      const begins = (firstHour + hour) * HOUR_MS;
      const ms = Math.min(until, begins + HOUR_MS) - Math.max(from, begins);
      sums[hour] = (sums[hour] ?? 0) + gramsPerKwh * ms;
      covered[hour] = (covered[hour] ?? 0) + ms;
    }
  }
  return sums.map((sum, hour) => ((covered[hour] ?? 0) * 2 >= HOUR_MS ? sum / (covered[hour] ?? 0) : Number.NaN));
}

/** The last value of a series lasts as long as the one before it; one that stands alone an hour. */
function lastStep(announced: readonly Announced[]): number {
  const [before, last] = announced.slice(-2);
  return before && last ? last.from - before.from : HOUR_MS;
}

/** What was announced of so many hours from `current` on, moved to the last reading that it says something of; that fades. */
export function anchorAnnounced(
  { announced, hour: heard }: HeardForecast,
  readingOf: (hour: number) => number | undefined,
  current: number,
  hours: number,
): Float64Array {
  const said = announcedByHour(announced, heard, current - heard + hours);
  for (let at = current; at >= heard; at--) {
    const off = (readingOf(at) ?? Number.NaN) - (said[at - heard] ?? Number.NaN);
    if (Number.isNaN(off)) continue;
    return said
      .slice(current - heard)
      .map((grams, lead) => Math.max(0, grams + off * ANCHOR_KEPT ** (current + lead - at)));
  }
  return said.slice(current - heard);
}
