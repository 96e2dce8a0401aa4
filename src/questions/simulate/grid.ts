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
  /** The same, gaps filled with the reading before: what whoever decides in one knows. */
  readonly carried: Float64Array;
}

/** A region in so many hours from `first` of its readings on; one of them, or before them, must be there. */
export function simulatedRegion(
  name: string,
  readings: readonly (number | undefined)[],
  { first = 0, hours = readings.length }: { readonly first?: number; readonly hours?: number } = {},
): SimulatedRegion {
  const filled = fillGaps(readings);
  const carried = new Float64Array(readings.length);
  for (const [hour, value] of readings.entries()) carried[hour] = value ?? carried[hour - 1] ?? 0;
  const end = first + hours;
  return {
    name,
    readings: readings.slice(first, end),
    filled: filled.slice(first, end),
    carried: carried.slice(first, end),
  };
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
