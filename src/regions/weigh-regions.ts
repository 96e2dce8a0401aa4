export interface Intensity {
  readonly name: string;
  readonly gramsPerKwh: number;
}

/** A region's part in the sum of all intensities, and of the work that placement by cleanness would give it. */
export interface WeighedRegion extends Intensity {
  /** From 0 to 1: the higher, the dirtier. */
  readonly intensityShare: number;
  /** From 0 to 1: the higher, the cleaner. */
  readonly placementWeight: number;
}

/** gCO2e/kWh that lower values count as, here as in the ranking: 1 / 0 would give one region everything. */
export const LEAST_GRAMS_PER_KWH = 1;

/**
 * Weighs regions against one another, in the order given: intensityShare = value / total and
 * placementWeight = (1 / value) / sum(1 / value), each rounded to 3 digits by itself, so that sums may miss 1 by
 * some thousandths; gCO2e/kWh to 2 digits. Values are floored at 1 g for the weights, and shown as they are.
 */
export function weighRegions(regions: readonly Intensity[]): readonly WeighedRegion[] {
  const floored = regions.map(({ gramsPerKwh }) => Math.max(LEAST_GRAMS_PER_KWH, gramsPerKwh));
  const total = floored.reduce((sum, grams) => sum + grams, 0);
  const inverseTotal = floored.reduce((sum, grams) => sum + 1 / grams, 0);
  return regions.map(({ name, gramsPerKwh }, index) => {
    const grams = floored[index] ?? LEAST_GRAMS_PER_KWH;
    return {
      name,
      gramsPerKwh: round(gramsPerKwh, 2),
      intensityShare: round(grams / total, 3),
      placementWeight: round(1 / grams / inverseTotal, 3),
    };
  });
}

function round(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
