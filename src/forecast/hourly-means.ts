/** Means over parts of an hourly series, gCO2e/kWh, in constant time each. */
export interface HourlyMeans {
  /** From and for so many hours (fractions count) since the series begins; beyond its end it goes on as it ends. */
  mean(from: number, hours: number): number;
}

/** Sums of parts of hours are not exact: of a grid that never changes no hour is cleaner. */
const ROUNDING = 1e-9;

/** Whether a mean is lower by more than rounding. */
export function isCleaner(one: number, other: number): boolean {
  return one < other * (1 - ROUNDING);
}

export function hourlyMeans(gramsPerKwh: ArrayLike<number>): HourlyMeans {
  const last = gramsPerKwh.length - 1;
  const sums = new Float64Array(gramsPerKwh.length);
  for (let hour = 0; hour < last; hour++) sums[hour + 1] = (sums[hour] ?? 0) + (gramsPerKwh[hour] ?? 0);
  const upTo = (at: number) => {
    const hour = Math.min(Math.max(0, Math.floor(at)), last);
    return (sums[hour] ?? 0) + (gramsPerKwh[hour] ?? 0) * (at - hour);
  };
  return { mean: (from, hours) => (upTo(from + hours) - upTo(from)) / hours };
}
