import { HOUR_MS } from '../units/moment.ts';
import { hourlyMeans } from './hourly-means.ts';

/** Intensities hour by hour, gCO2e/kWh. */
export interface HourlySeries {
  /** Epoch milliseconds at which the first hour begins. */
  readonly from: number;
  readonly gramsPerKwh: ArrayLike<number>;
}

/** What is expected of a region's hours, ready to be asked often. Times in epoch milliseconds, intensities in gCO2e/kWh. */
export interface Outlook {
  readonly from: number;
  /** Beyond it nothing is expected. */
  readonly until: number;
  /** The mean of a run. */
  mean(at: number, durationMs: number): number;
  /** The intensity of a moment. */
  grams(at: number): number;
}

/** The intensity of a moment within a series; `undefined` outside it, and where it has a gap (NaN). */
export function gramsAt(series: HourlySeries | undefined, at: number): number | undefined {
  const grams = series?.gramsPerKwh[Math.floor((at - series.from) / HOUR_MS)];
  return grams === undefined || Number.isNaN(grams) ? undefined : grams;
}

const DAY = 24;
/** Nobody plans further; it bounds what one pod can cost. */
const MOST_HOURS = 15 * DAY;

/**
 * Beyond a series of a day or more each hour is as the one a day before, for 15 days in all. A shorter one says nothing of what
 * comes after it.
 */
export function outlookOf({ from, gramsPerKwh }: HourlySeries): Outlook {
  const hours = Array.from(gramsPerKwh).slice(0, MOST_HOURS);
  if (hours.length >= DAY) while (hours.length < MOST_HOURS) hours.push(hours[hours.length - DAY] ?? 0);
  const { mean } = hourlyMeans(hours);
  return {
    from,
    until: from + hours.length * HOUR_MS,
    mean: (at, durationMs) => mean((at - from) / HOUR_MS, durationMs / HOUR_MS),
    grams: (at) => hours[Math.min(Math.max(0, Math.floor((at - from) / HOUR_MS)), hours.length - 1)] ?? 0,
  };
}
