/** What an intensity counts. Readings of different signals are never compared. */
export const SIGNALS = ['average-lifecycle', 'average-direct', 'marginal'] as const;
export type Signal = (typeof SIGNALS)[number];

/** `fresh` and `stale` are measurements; `embedded` is a yearly average that ranks but never refuses by itself. */
export type Freshness = 'fresh' | 'stale' | 'embedded';

/** One carbon intensity of a region's electricity, in gCO2e per kWh. */
export interface Reading {
  readonly gramsPerKwh: number;
  readonly signal: Signal;
  readonly source: string;
  /** Epoch milliseconds; absent where a value has no moment (a yearly average). */
  readonly measuredAt?: number;
  readonly estimated: boolean;
  readonly freshness: Freshness;
}

/** One value (gCO2e/kWh) of a region's series; `measuredAt` in epoch milliseconds. */
export interface TimedValue {
  readonly measuredAt: number;
  readonly gramsPerKwh: number;
}

/** An intensity above this is a mistake of unit, gCO2e/kWh. */
export const MAX_GRAMS_PER_KWH = 2000;
