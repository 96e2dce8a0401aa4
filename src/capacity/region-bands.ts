import { LEAST_GRAMS_PER_KWH } from '../regions/weigh-regions.ts';

/** A region as far as its electricity ranks it. */
export interface RankedRegion {
  readonly name: string;
  /** gCO2e/kWh. */
  readonly gramsPerKwh: number;
}

/** Within so much of the best of its band a region is as good: what `placement: auto` takes for near, too. */
export const NEAR = 0.1;

/** Regions in bands, the cleanest first: each begins with its best, and goes to 10% above it. Equal ones are in order of their names. */
export function bandRegions(regions: Iterable<RankedRegion>): readonly (readonly RankedRegion[])[] {
  const sorted = [...regions].sort((a, b) => gramsOf(a) - gramsOf(b) || (a.name < b.name ? -1 : 1));
  const bands: RankedRegion[][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const region of sorted) {
    if (gramsOf(region) <= end) bands.at(-1)?.push(region);
    else {
      bands.push([region]);
      end = gramsOf(region) * (1 + NEAR);
    }
  }
  return bands;
}

function gramsOf({ gramsPerKwh }: RankedRegion): number {
  return Math.max(LEAST_GRAMS_PER_KWH, gramsPerKwh);
}

/** How far beyond its band, or beyond another, a region must be before an order that is in force changes. */
const HYSTERESIS = 0.05;

/**
 * Whether an order (a higher number is better) is still good enough, so that near-equal regions do not change places all the time:
 *
 * | of two regions  | it holds until                                     |
 * | --------------- | -------------------------------------------------- |
 * | one above other | it is more than 5% dirtier                         |
 * | both equal      | one is more than 5% beyond the band of 10% of the other |
 */
export function orderHolds(regions: readonly RankedRegion[], orderOf: (region: string) => number | undefined): boolean {
  return regions.every((one) =>
    regions.every((other) => {
      const [above, below] = [orderOf(one.name), orderOf(other.name)];
      if (above === undefined || below === undefined) return false;
      if (above < below) return true; // seen from the other side
      const slack = above === below ? (1 + NEAR) * (1 + HYSTERESIS) : 1 + HYSTERESIS;
      return gramsOf(one) <= gramsOf(other) * slack;
    }),
  );
}
