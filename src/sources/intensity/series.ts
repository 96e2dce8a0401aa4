import { z } from 'zod';
import type { ForecastPoint, Measurement } from './source.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** A time with its offset from UTC, to the minute or finer, as epoch milliseconds. */
export const instant = z
  .union([z.iso.datetime({ offset: true }), z.iso.datetime({ offset: true, precision: -1 })])
  .transform((text) => Date.parse(text));

/** The rows of a series: one of another shape costs that row alone. Where no row has the right one, the first says what is wrong. */
export function rowsOf<T>(row: z.ZodType<T>) {
  return z.array(z.unknown()).transform((rows, context): readonly T[] => {
    const parsed = rows.map((one) => row.safeParse(one));
    const kept = parsed.flatMap((one) => (one.success ? [one.data] : []));
    const issue = kept.length > 0 ? undefined : parsed[0]?.error?.issues[0];
    if (issue) context.addIssue({ code: 'custom', path: [0, ...issue.path], message: issue.message });
    return kept;
  });
}

export function oldestFirst(measurements: readonly Measurement[]): readonly Measurement[] {
  return measurements.toSorted((one, other) => one.measuredAt - other.measuredAt);
}

/** What is not over yet, earliest first; the last value lasts one step. */
export function notOverYet(points: readonly ForecastPoint[], stepMs: number, now: number): readonly ForecastPoint[] {
  return points.filter(({ from }) => from + stepMs > now).toSorted((one, other) => one.from - other.from);
}
