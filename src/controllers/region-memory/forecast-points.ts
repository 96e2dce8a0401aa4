import { type Announced, announcedByHour } from '../../forecast/by-hour.ts';
import { type Forecaster, type ForecastHour, MOST_HOURS } from '../../forecast/forecaster.ts';
import { MAX_GRAMS_PER_KWH } from '../../regions/reading.ts';
import type { ForecastPoint } from '../../regions/region-status.ts';
import { HOUR_MS } from '../../units/moment.ts';
import { toTenth } from '../../units/to-tenth.ts';

interface PointsInput {
  /** The hour, since 1970, of the first point. */
  readonly current: number;
  readonly forecaster: Forecaster;
  /** The reading of an hour. */
  readonly measuredOf: (hour: number) => number | undefined;
  /** What the source says of the hours from the current one on, where the forecaster has not judged that yet; gaps are NaN. */
  readonly unjudged: Float64Array | undefined;
}

/**
 * As a Region's status tells them, to a tenth of a gram, up to the first hour of which nothing is known:
 *
 * | the hour                        | its point                                    |
 * | ------------------------------- | -------------------------------------------- |
 * | is the current one, or learnt   | its reading, without a band, if it has one   |
 * | else                            | the forecaster's, with its band              |
 * | else, the source not judged yet | the mean of both, with the same band         |
 */
export function forecastPoints({ current, forecaster, measuredOf, unjudged }: PointsInput): readonly ForecastPoint[] {
  const next = forecaster.nextHour();
  const ahead = forecaster.forecast(MOST_HOURS);
  const points: ForecastPoint[] = [];
  for (let hour = current; hour < current + MOST_HOURS; hour++) {
    const measured = hour === current || hour < next ? measuredOf(hour) : undefined;
    const expected = ahead[hour - next];
    const point =
      measured !== undefined
        ? { gramsPerKwh: asWritten(measured) }
        : expected && tenthsOf(meanWith(expected, unjudged?.[hour - current]));
    if (!point) break;
    points.push({ from: hour * HOUR_MS, ...point });
  }
  return points;
}

/** Another one by so much is worth a write. */
const MATERIAL = { grams: 2, share: 0.05 };

/** Whether a source's forecast from an hour on is another, by so much that it matters. */
export function differsFrom(before: readonly Announced[], now: readonly Announced[], current: number): boolean {
  // What was asked for once is heard again and again, less what is past.
  if (before.at(-1) === now.at(-1) || now.length === 0) return false;
  if (before.length === 0) return true;
  const said = announcedByHour(before, current, MOST_HOURS);
  const says = announcedByHour(now, current, MOST_HOURS);
  const both = [...said.keys()].filter((lead) => !Number.isNaN((said[lead] ?? 0) + (says[lead] ?? 0)));
  const off = both.reduce((sum, lead) => sum + Math.abs((says[lead] ?? 0) - (said[lead] ?? 0)), 0);
  const grams = both.reduce((sum, lead) => sum + (said[lead] ?? 0), 0);
  return off > Math.max(MATERIAL.grams * both.length, MATERIAL.share * grams);
}

function meanWith(own: ForecastHour, said = Number.NaN): ForecastHour {
  if (Number.isNaN(said)) return own;
  const by = (said - own.gramsPerKwh) / 2;
  return { gramsPerKwh: own.gramsPerKwh + by, low: Math.max(0, own.low + by), high: own.high + by };
}

/** As the CRD takes them. */
function tenthsOf({ gramsPerKwh, low, high }: ForecastHour): Omit<ForecastPoint, 'from'> {
  return { gramsPerKwh: asWritten(gramsPerKwh), low: asWritten(low), high: asWritten(high) };
}

/** A status does not change for nothing. */
function asWritten(grams: number): number {
  return Math.min(MAX_GRAMS_PER_KWH, toTenth(grams));
}
