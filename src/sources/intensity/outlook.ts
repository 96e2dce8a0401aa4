import type { Signal } from '../../regions/reading.ts';
import { DAY_MS } from './series.ts';
import type { ForecastPoint, Measurement } from './source.ts';

/** Of a forecast (earliest first), the point that counts now and those to come; none when it says nothing of later. */
export function fromNowOn(points: readonly ForecastPoint[], now: number): readonly ForecastPoint[] {
  const next = points.findIndex(({ from }) => from > now);
  return next < 0 ? [] : points.slice(Math.max(0, next - 1));
}

/**
 * Yesterday's values (oldest first, of one signal) at today's hours: the load and the sun of one day are the best guess
 * for the next where nobody forecasts it.
 */
export function yesterdayAgain(history: readonly Measurement[], signal: Signal, now: number): readonly ForecastPoint[] {
  return history
    .filter((one) => one.signal === signal && one.measuredAt + one.stepMs > now - DAY_MS)
    .map(({ measuredAt, gramsPerKwh }) => ({ from: measuredAt + DAY_MS, gramsPerKwh }));
}
