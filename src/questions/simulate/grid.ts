/** The regions of a simulation with their hourly readings, gCO2e/kWh. */
export interface Grid {
  readonly regions: readonly SimulatedRegion[];
  /** Hours since 1970 of the first reading of each. */
  readonly fromHour: number;
  readonly hours: number;
}

export interface SimulatedRegion {
  readonly name: string;
  /** As they were given; missing ones are `undefined`. */
  readonly readings: readonly (number | undefined)[];
  /** The same, gaps filled from their neighbours: what runs in them is counted by these. */
  readonly filled: Float64Array;
}

/** Gaps are filled in a straight line between their neighbours, as at the ends by the nearest reading. */
export function fillGaps(readings: readonly (number | undefined)[]): Float64Array {
  const filled = new Float64Array(readings.length);
  let last = -1;
  for (const [index, value] of readings.entries()) {
    if (value === undefined) continue;
    const before = last < 0 ? value : (filled[last] ?? value);
    for (let gap = last + 1; gap <= index; gap++)
      filled[gap] = before + ((value - before) * (gap - last)) / (index - last);
    last = index;
  }
  if (last >= 0) filled.fill(filled[last] ?? 0, last);
  return filled;
}

/** Means over parts of an hourly series, in constant time each. */
export interface Outlook {
  /** From and for so many hours (fractions count) since the series begins; beyond its end it goes on as it ends. */
  mean(from: number, hours: number): number;
}

export function outlookOf(hourly: ArrayLike<number>): Outlook {
  const last = hourly.length - 1;
  const sums = new Float64Array(hourly.length);
  for (let hour = 0; hour < last; hour++) sums[hour + 1] = (sums[hour] ?? 0) + (hourly[hour] ?? 0);
  const upTo = (at: number) => {
    const hour = Math.min(Math.floor(at), last);
    return (sums[hour] ?? 0) + (hourly[hour] ?? 0) * (at - hour);
  };
  return { mean: (from, hours) => (upTo(from + hours) - upTo(from)) / hours };
}
