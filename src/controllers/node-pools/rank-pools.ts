import { LEAST_GRAMS_PER_KWH } from '../../regions/weigh-regions.ts';
import { compareText } from '../../units/compare-text.ts';
import type { Ranked } from './pool-status.ts';
import type { WeightRange } from './wish.ts';

/** A pool that is ranked with others. */
export interface RankedPool {
  readonly name: string;
  /** Of its cleanest region, gCO2e/kWh; `Infinity` where all are down. */
  readonly gramsPerKwh: number;
  /** Its owner's weight: what counts among equals. */
  readonly ownWeight: number;
  readonly range: WeightRange;
  /** Where it stands until now. */
  readonly was: Ranked | undefined;
}

/** Within so much of the cleanest of its band a pool is as good; an order that stands must be wrong by more than as much. */
const NEAR = 1.05;

/** A pool that has its place. */
type PlacedPool = RankedPool & { readonly was: Ranked };

/**
 * Gives every pool its place and the weight for it. The order that stands stays until it is wrong by more than 5%; then all are ranked
 * anew, in bands of 5%, those with the higher weight of their own first:
 *
 * | of two pools     | the order stands while                                    |
 * | ---------------- | --------------------------------------------------------- |
 * | one before other | it is at most 5% dirtier                                  |
 * | on one place     | neither is more than 5% beyond a band that begins with the other |
 * | one has none yet | always: it comes beside the first that is not cleaner     |
 *
 * One that comes moves the others only once it has its place: one that cannot be written has none ever.
 */
export function rankPools(pools: readonly RankedPool[]): ReadonlyMap<string, Ranked> {
  const placed = pools.filter((pool): pool is PlacedPool => pool.was !== undefined);
  const placeOf = placed.length > 0 && stands(placed) ? withPlaces(pools, placed) : newPlaces(pools);
  const places = 1 + Math.max(0, ...(placed.length > 0 ? placed : pools).map(({ name }) => placeOf.get(name) ?? 0));
  return new Map(
    pools.map(({ name, range }) => {
      const place = placeOf.get(name) ?? 0;
      return [name, { place, weight: weightOf(place, places, range) }];
    }),
  );
}

function stands(pools: readonly PlacedPool[]): boolean {
  // Sorted by place, what may be wrong with one is wrong with the cleanest or the dirtiest before or beside it.
  let dirtiestBefore = 0;
  for (const { cleanest, dirtiest } of groupsOf(pools)) {
    if (dirtiestBefore > cleanest * NEAR || dirtiest > cleanest * NEAR * NEAR) return false;
    dirtiestBefore = Math.max(dirtiestBefore, dirtiest);
  }
  return true;
}

/** By place, with the gCO2e/kWh of the cleanest and the dirtiest there. */
function groupsOf(pools: readonly PlacedPool[]) {
  return [...Map.groupBy(pools, ({ was }) => was.place)]
    .sort(([a], [b]) => a - b)
    .map(([place, group]) => {
      const grams = group.map(gramsOf);
      return { place, cleanest: Math.min(...grams), dirtiest: Math.max(...grams) };
    });
}

function withPlaces(pools: readonly RankedPool[], placed: readonly PlacedPool[]): ReadonlyMap<string, number> {
  const groups = groupsOf(placed);
  const after = 1 + (groups.at(-1)?.place ?? -1);
  const placeFor = (grams: number) => groups.find(({ dirtiest }) => grams <= dirtiest * NEAR)?.place ?? after;
  return new Map(pools.map((pool) => [pool.name, pool.was?.place ?? placeFor(gramsOf(pool))]));
}

function newPlaces(pools: readonly RankedPool[]): ReadonlyMap<string, number> {
  const byGrams = [...pools].sort((a, b) => compareNumbers(gramsOf(a), gramsOf(b)) || compareText(a.name, b.name));
  let begins = Number.NEGATIVE_INFINITY;
  const banded = byGrams.map((pool) => {
    if (gramsOf(pool) > begins * NEAR || begins < 0) begins = gramsOf(pool);
    return { pool, begins };
  });
  const order = banded.sort((a, b) => compareNumbers(a.begins, b.begins) || b.pool.ownWeight - a.pool.ownWeight);
  const placeOf = new Map<string, number>();
  let place = -1;
  let before: (typeof order)[number] | undefined;
  for (const one of order) {
    if (before?.begins !== one.begins || before.pool.ownWeight !== one.pool.ownWeight) place += 1;
    placeOf.set(one.pool.name, place);
    before = one;
  }
  return placeOf;
}

/** The best place has the highest weight; where there are more places than weights, neighbours share one. */
function weightOf(place: number, places: number, [lowest, highest]: WeightRange): number {
  const steps = highest - lowest;
  return Math.max(lowest, highest - (places - 1 <= steps ? place : Math.floor((place * steps) / (places - 1))));
}

function gramsOf({ gramsPerKwh }: RankedPool): number {
  return Math.max(LEAST_GRAMS_PER_KWH, gramsPerKwh);
}

/** Also of what is infinite: no difference of two of those is a number. */
function compareNumbers(a: number, b: number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
