const HOUR_MS = 3_600_000;

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
export function bestStart(series: HourlySeries, { durationMs, earliest, latest }: Work): Start {
  const grams = integrated(series);
  const meanFrom = (at: number) => (grams(at + durationMs) - grams(at)) / durationMs;
  let best: Start = { at: earliest, gramsPerKwh: meanFrom(earliest) };
  for (let hour = Math.floor(earliest / HOUR_MS) + 1; ; hour++) {
    const at = Math.min(hour * HOUR_MS, latest);
    if (at <= earliest) return best;
    const gramsPerKwh = meanFrom(at);
    if (gramsPerKwh < best.gramsPerKwh) best = { at, gramsPerKwh };
    if (at === latest) return best;
  }
}

/** The mean intensity of a run, gCO2e/kWh. */
export function meanOver(series: HourlySeries, at: number, durationMs: number): number {
  const grams = integrated(series);
  return (grams(at + durationMs) - grams(at)) / durationMs;
}

/** The integral of a series from its beginning to a moment (gCO2e/kWh times milliseconds). */
function integrated({ from, gramsPerKwh }: HourlySeries): (at: number) => number {
  const sums = [0];
  for (let hour = 0; hour < gramsPerKwh.length; hour++)
    sums.push((sums[hour] ?? 0) + (gramsPerKwh[hour] ?? 0) * HOUR_MS);
  const last = gramsPerKwh.length - 1;
  return (at) => {
    const hour = Math.min(Math.max(0, Math.floor((at - from) / HOUR_MS)), last);
    return (sums[hour] ?? 0) + (gramsPerKwh[hour] ?? 0) * (at - from - hour * HOUR_MS);
  };
}
