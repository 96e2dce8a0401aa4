const DAY = 24;

/** Nothing counts before so many hours are known. */
export const FIRST_HOUR = 28 * DAY;
/** What peers wait for, gCO2e/kWh. */
export const FIXED_THRESHOLD = 200;

/** An hour and those to come as if the days before came again, as far as they are known at that hour. */
export function yesterdayOf(past: Float64Array, hour: number, hours: number): readonly number[] {
  return Array.from({ length: hours }, (_, ahead) => past[hour + ahead - DAY * Math.ceil((ahead + 1) / DAY)] ?? 0);
}
