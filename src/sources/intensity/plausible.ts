import { CLOCK_SKEW_MS } from '../../regions/freshness.ts';
import { MAX_GRAMS_PER_KWH, SIGNALS, type Signal } from '../../regions/reading.ts';
import { DAY_MS, MINUTE_MS } from '../../units/moment.ts';
import { SourceError } from '../asking/source-error.ts';
import type { ForecastPoint, Measurement } from './source.ts';

/** The longest step of a series that says anything about now, and the longest forecast that anybody plans with. */
const LONGEST_STEP_MS = DAY_MS;
const LONGEST_FORECAST_MS = 7 * DAY_MS;

/*
 * The one place where values are refused; it refuses nothing else. Of a series a value that cannot be right costs its row
 * alone. A zero:
 *
 * | signal            | one value | in a series         | a series of nothing but zeros |
 * | ----------------- | --------- | ------------------- | ----------------------------- |
 * | average-lifecycle | refused   | costs its row       | refused                       |
 * | any other         | counts    | counts              | refused                       |
 */

/** The measurement itself; `now` in epoch milliseconds; throws `implausible`. */
export function plausibleMeasurement(measurement: Measurement, now: number): Measurement {
  const problem = problemOf(measurement, now);
  if (problem !== undefined) throw new SourceError('implausible', problem);
  return measurement;
}

/**
 * Of a zone's rows of one series, in order of preference, the first that can be right; where there are only others the first
 * of these, for `plausibleMeasurement` to refuse. Throws `implausible` for nothing but zeros, `not_covered` where there is no row.
 */
export function firstPlausible(rows: readonly Measurement[], zone: string, now: number): Measurement {
  const kept = rows.filter((row) => problemOf(row, now) === undefined);
  refuseZeros(kept, rows);
  const first = kept[0] ?? rows[0];
  if (!first) throw new SourceError('not_covered', `there is no value for ${zone} now`);
  return first;
}

/** The plausible ones, oldest first; throws `implausible` when that leaves none of some. */
export function plausibleHistory(history: readonly Measurement[], now: number): readonly Measurement[] {
  const kept = history.filter((measurement) => problemOf(measurement, now) === undefined);
  return demandSome(kept, history).toSorted((a, b) => a.measuredAt - b.measuredAt);
}

/** The plausible ones, earliest first; throws `implausible` when that leaves none of some. */
export function plausibleForecast(points: readonly ForecastPoint[], now: number): readonly ForecastPoint[] {
  const kept = points.filter(
    ({ from, gramsPerKwh }) => canBeGrams(gramsPerKwh) && from >= now - DAY_MS && from <= now + LONGEST_FORECAST_MS,
  );
  return demandSome(kept, points).toSorted((a, b) => a.from - b.from);
}

/** Points do not say their signal: those that are of this one, and cannot be right in it, left out. */
export function plausibleIn(signal: Signal, points: readonly ForecastPoint[]): readonly ForecastPoint[] {
  return points.filter(({ gramsPerKwh }) => canBeGrams(gramsPerKwh, signal));
}

/** Whether a signal can have this value, gCO2e/kWh; without one whether any can. */
export function canBeGrams(gramsPerKwh: number, signal?: Signal): boolean {
  return (signal ? problemOfGrams(gramsPerKwh, signal) : problemOfNumber(gramsPerKwh)) === undefined;
}

interface Row {
  readonly gramsPerKwh: number;
}

function demandSome<T extends Row>(kept: readonly T[], all: readonly T[]): readonly T[] {
  refuseZeros(kept, all);
  if (kept.length === 0 && all.length > 0) throw new SourceError('implausible', 'none of its values can be right');
  return kept;
}

/** One zero may be a windy night; a source that has lost its data answers many. */
function refuseZeros(kept: readonly Row[], all: readonly Row[]): void {
  if (all.length > 1 && kept.length > 0 && kept.every(({ gramsPerKwh }) => gramsPerKwh === 0))
    throw new SourceError('implausible', 'there are only zeros among its values');
}

/** Received values may have other types than they should; what is no number is not repeated in a message. */
function problemOf({ gramsPerKwh, measuredAt, stepMs, signal }: Measurement, now: number): string | undefined {
  if (!SIGNALS.includes(signal)) return 'it does not say which signal it is of';
  if (!Number.isFinite(measuredAt)) return 'it was measured at no time';
  if (!(stepMs >= 0 && stepMs <= LONGEST_STEP_MS)) return 'its values last for no plausible time';
  return problemOfGrams(gramsPerKwh, signal) ?? problemOfTime(measuredAt - now);
}

function problemOfGrams(gramsPerKwh: number, signal: Signal): string | undefined {
  if (gramsPerKwh === 0 && signal === 'average-lifecycle') return '0 gCO2e/kWh is no grid, over the life of its plants';
  return problemOfNumber(gramsPerKwh);
}

function problemOfNumber(gramsPerKwh: number): string | undefined {
  if (!Number.isFinite(gramsPerKwh)) return 'the intensity is not a number';
  if (gramsPerKwh < 0) return `${gramsPerKwh} gCO2e/kWh is negative`;
  if (gramsPerKwh <= MAX_GRAMS_PER_KWH) return undefined;
  return `${gramsPerKwh} gCO2e/kWh is above ${MAX_GRAMS_PER_KWH}`;
}

function problemOfTime(aheadMs: number): string | undefined {
  if (aheadMs <= CLOCK_SKEW_MS) return undefined;
  return `measured ${Math.ceil(aheadMs / MINUTE_MS)} min from now: its clock or this one is wrong`;
}
