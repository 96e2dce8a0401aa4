import { HOUR_MS } from '../units/moment.ts';
import { hourlyMeans, isCleaner } from './hourly-means.ts';

/** Intensities hour by hour, gCO2e/kWh; of the last hour it goes on as it ends. */
export interface HourlySeries {
  /** Epoch milliseconds at which the first hour begins. */
  readonly from: number;
  readonly gramsPerKwh: ArrayLike<number>;
}

/** Work that may wait. Times in epoch milliseconds. */
export interface Work {
  readonly durationMs: number;
  readonly earliest: number;
  /** The last moment at which it may start. */
  readonly latest: number;
}

export interface Start {
  readonly at: number;
  /** Mean over the run, gCO2e/kWh. */
  readonly gramsPerKwh: number;
}

/**
 * The start with the lowest mean intensity over the whole run: at the earliest moment, at a full hour after it, or at the last
 * moment; of equally clean ones the earliest.
 */
export function bestStart({ from, gramsPerKwh }: HourlySeries, { durationMs, earliest, latest }: Work): Start {
  const { mean } = hourlyMeans(gramsPerKwh);
  const meanFrom = (at: number) => mean((at - from) / HOUR_MS, durationMs / HOUR_MS);
  let best: Start = { at: earliest, gramsPerKwh: meanFrom(earliest) };
  for (let hour = Math.floor(earliest / HOUR_MS) + 1; ; hour++) {
    const at = Math.min(hour * HOUR_MS, latest);
    if (at <= earliest) return best;
    const grams = meanFrom(at);
    if (isCleaner(grams, best.gramsPerKwh)) best = { at, gramsPerKwh: grams };
    if (at === latest) return best;
  }
}

/** The mean intensity of a run, gCO2e/kWh. */
export function meanOver({ from, gramsPerKwh }: HourlySeries, at: number, durationMs: number): number {
  return hourlyMeans(gramsPerKwh).mean((at - from) / HOUR_MS, durationMs / HOUR_MS);
}
