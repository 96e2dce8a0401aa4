import { type CsvRow, type CsvValue, readCsv } from '../../documents/csv-file.ts';
import { MAX_GRAMS_PER_KWH } from '../../regions/reading.ts';
import { HOUR_MS } from '../../units/moment.ts';

/** A region's hourly readings, gCO2e/kWh; `undefined` where there is none. */
export interface Series {
  readonly name: string;
  /** Hours since 1970 of the first. */
  readonly fromHour: number;
  readonly readings: readonly (number | undefined)[];
}

/** Ten years. */
const MOST_HOURS = 88_000;
const COLUMNS = ['timestamp', 'gramsPerKwh'] as const;
/** ISO 8601; without an offset it is UTC. */
const TIMESTAMP = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/;

/** Reads a series from CSV with the columns `timestamp` and `gramsPerKwh` (blank: missing). Several rows of an hour count as their mean. */
export async function readSeries(name: string, path: string): Promise<Series | { readonly issues: readonly string[] }> {
  const read = await readCsv(path, COLUMNS, toReading);
  if ('issues' in read) return read;
  const hours = new Map<number, { sum: number; count: number }>();
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { hour, grams } of read.rows) {
    if (grams === undefined) continue;
    first = Math.min(first, hour);
    last = Math.max(last, hour);
    const known = hours.get(hour) ?? { sum: 0, count: 0 };
    hours.set(hour, { sum: known.sum + grams, count: known.count + 1 });
  }
  if (hours.size === 0)
    return { issues: [`${path}: holds no reading; give CSV with the columns ${COLUMNS.join(', ')}`] };
  if (last - first >= MOST_HOURS) return { issues: [`${path}: spans more than ${MOST_HOURS} hours`] };
  const readings = Array.from({ length: last - first + 1 }, (_, index) => {
    const known = hours.get(first + index);
    return known && known.sum / known.count;
  });
  return { name, fromHour: first, readings };
}

interface Reading {
  readonly hour: number;
  readonly grams: number | undefined;
}

function toReading({ timestamp, gramsPerKwh }: CsvRow<(typeof COLUMNS)[number]>): CsvValue<Reading> {
  const ms = TIMESTAMP.test(timestamp) ? Date.parse(withOffset(timestamp)) : Number.NaN;
  if (Number.isNaN(ms)) return { mistake: 'timestamp must be a time such as 2026-11-22T09:00:00Z' };
  const hour = Math.floor(ms / HOUR_MS);
  if (gramsPerKwh === '') return { value: { hour, grams: undefined } };
  const grams = Number(gramsPerKwh);
  if (!(grams >= 0 && grams <= MAX_GRAMS_PER_KWH))
    return { mistake: `gramsPerKwh must be a number from 0 to ${MAX_GRAMS_PER_KWH}, or blank` };
  return { value: { hour, grams } };
}

function withOffset(timestamp: string): string {
  return /(Z|[+-]\d\d:?\d\d)$/.test(timestamp) ? timestamp : `${timestamp}Z`;
}
