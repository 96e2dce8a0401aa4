import { HOUR_MS } from '../units/moment.ts';

/** A value of the future, gCO2e/kWh: from `from` (epoch milliseconds) until the next one's. */
export interface Announced {
  readonly from: number;
  readonly gramsPerKwh: number;
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
