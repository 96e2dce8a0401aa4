import { z } from 'zod';
import { SourceError } from '../asking/source-error.ts';
import type { ForecastPoint, Measurement } from './source.ts';

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

/** Throws `wrong_zone` where an answer is for another zone than was asked about. */
export function checkZone(answered: string, asked: string): void {
  if (answered !== asked) throw new SourceError('wrong_zone', `the answer is for ${answered}, not ${asked}`);
}
