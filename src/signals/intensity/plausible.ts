import { CLOCK_SKEW_MS } from '../../regions/freshness.ts';
import { SIGNALS } from '../../regions/reading.ts';
import { MAX_GRAMS_PER_KWH } from '../../regions/region-resource.ts';
import type { ForecastPoint, Measurement } from './source.ts';
import { SourceError } from './source-error.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The longest step of a series that says anything about now, and the longest forecast that anybody plans with. */
const LONGEST_STEP_MS = DAY_MS;
const LONGEST_FORECAST_MS = 7 * DAY_MS;

/** The one place where values are refused; rejects nothing else. `now` in epoch milliseconds; throws `implausible`. */
export function plausibleMeasurement(measurement: Measurement, now: number): Measurement {
  const problem = problemOf(measurement, now);
  if (problem !== undefined) throw new SourceError('implausible', problem);
  return measurement;
}

/** The plausible ones, oldest first; throws `implausible` when that leaves none of some. */
export function plausibleHistory(history: readonly Measurement[], now: number): readonly Measurement[] {
  const kept = history.filter((measurement) => problemOf(measurement, now) === undefined);
  return demandSome(kept, history).toSorted((a, b) => a.measuredAt - b.measuredAt);
}

/** The plausible ones, earliest first; throws `implausible` when that leaves none of some. */
export function plausibleForecast(points: readonly ForecastPoint[], now: number): readonly ForecastPoint[] {
  const kept = points.filter(
    ({ from, gramsPerKwh }) =>
      problemOfGrams(gramsPerKwh) === undefined && from >= now - DAY_MS && from <= now + LONGEST_FORECAST_MS,
  );
  return demandSome(kept, points).toSorted((a, b) => a.from - b.from);
}

function demandSome<T>(kept: readonly T[], all: readonly T[]): readonly T[] {
  if (kept.length === 0 && all.length > 0) throw new SourceError('implausible', 'none of its values can be right');
  return kept;
}

/** What is received is not trusted to have the types it should; what is no number is not repeated in a message. */
function problemOf({ gramsPerKwh, measuredAt, stepMs, signal }: Measurement, now: number): string | undefined {
  if (!SIGNALS.includes(signal)) return 'it does not say which signal it is of';
  if (!Number.isFinite(measuredAt)) return 'it was measured at no time';
  if (!(stepMs >= 0 && stepMs <= LONGEST_STEP_MS)) return 'its values last for no plausible time';
  return problemOfGrams(gramsPerKwh) ?? problemOfTime(measuredAt - now);
}

function problemOfGrams(gramsPerKwh: number): string | undefined {
  if (!Number.isFinite(gramsPerKwh)) return 'the intensity is not a number';
  if (gramsPerKwh < 0) return `${gramsPerKwh} gCO2e/kWh is negative`;
  if (gramsPerKwh <= MAX_GRAMS_PER_KWH) return undefined;
  return `${gramsPerKwh} gCO2e/kWh is above ${MAX_GRAMS_PER_KWH}`;
}

function problemOfTime(aheadMs: number): string | undefined {
  if (aheadMs <= CLOCK_SKEW_MS) return undefined;
  return `measured ${Math.ceil(aheadMs / MINUTE_MS)} min from now: its clock or this one is wrong`;
}
