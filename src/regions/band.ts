export const BANDS = ['low', 'medium', 'high'] as const;
export type Band = (typeof BANDS)[number];

/** gCO2e/kWh: `low` ends at the first, `high` begins above the second. */
export const BAND_THRESHOLDS: readonly [number, number] = [200, 300];

/** The band of an intensity in gCO2e/kWh, without memory of the band before it. */
export function bandOf(gramsPerKwh: number, [low, high] = BAND_THRESHOLDS): Band {
  if (gramsPerKwh <= low) return 'low';
  return gramsPerKwh <= high ? 'medium' : 'high';
}
