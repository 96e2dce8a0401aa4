import { isDeepStrictEqual } from 'node:util';
import type { Snapshot } from '../../regions/snapshot.ts';
import { compareText } from '../../units/compare-text.ts';
import { REGION_LABEL } from '../../units/label-names.ts';
import { nameFew } from '../../units/tell-few.ts';
import { toTenth } from '../../units/to-tenth.ts';
import { type CarbonPool, itemOf, valueIn } from './carbon-pool.ts';
import type { FieldValue, Hold, PoolField } from './hold.ts';
import type { Places } from './places.ts';
import type { Judged, PoolStatus, Ranked } from './pool-status.ts';
import { narrowedKey } from './refusals.ts';
import { isDirty, isMeasured, type Measured, type RegionNow, readingsOf, regionNow } from './regions-now.ts';
import type { PoolMode, PoolWish } from './wish.ts';

/** What pools are judged by, the same for all of a round. */
export interface World {
  readonly snapshot: Snapshot;
  readonly places: Places;
  /** The place of a pool in mode `weight`; `undefined` where nothing is known of its electricity. */
  readonly rankOf: (pool: string) => Ranked | undefined;
}

/** What a pool is to have in its field. */
export interface Target {
  readonly judged: Judged;
  /** `undefined`: what its owner has there. */
  readonly value: FieldValue | undefined;
  /** Why, in words. */
  readonly reason: string;
  readonly readings: PoolStatus['readings'];
}

/** A pool, with what its owner has in the field that its mode is about. */
export interface OwnedPool {
  readonly pool: CarbonPool;
  readonly wish: PoolWish;
  /** Of its nodes. */
  readonly regions: readonly string[];
  readonly ownValue: FieldValue;
  /** What was judged last in this mode. */
  readonly was: Judged | undefined;
}

/** The field that a mode writes. */
export const FIELD_OF: Readonly<Record<PoolMode, PoolField>> = {
  hardware: 'weight',
  weight: 'weight',
  pause: 'limits.cpu',
  requirement: 'requirements',
};

/** Which item of which field a pool's mode is about. */
export function placeOf({ facts }: Pick<CarbonPool, 'facts'>, mode: PoolMode): Pick<Hold, 'field' | 'key'> {
  const key = mode === 'requirement' ? narrowedKey(facts) : undefined;
  return { field: FIELD_OF[mode], ...(key !== undefined && { key }) };
}

/** No more cores: Karpenter creates no node where a limit is reached, and keeps those that there are. */
const NO_CORES = '0';
const MOST_NAMED = 3;

export function targetOf(owned: OwnedPool, world: World): Target {
  const now = owned.regions.map((name) => regionNow(name, world.snapshot));
  if (owned.wish.mode === 'weight') return targetOfWeight(owned, now, world);
  return owned.wish.mode === 'requirement' ? targetOfRequirement(owned, world) : targetWhileDirty(owned, now);
}

/** A pool of several regions is as clean as its cleanest that is up. */
function targetWhileDirty({ wish, was, ownValue }: OwnedPool, now: readonly RegionNow[]): Target {
  const readings = readingsOf(now);
  const cleanest = cleanestOf(now.filter(isMeasured));
  if (!cleanest) return { judged: false, value: undefined, reason: nothingKnown(now), readings };
  const dirty =
    wish.threshold === undefined
      ? now.filter(isMeasured).every((region) => isDirty(region, undefined, undefined))
      : isDirty(cleanest, wish.threshold, typeof was === 'boolean' ? was : undefined);
  const reason = tellReading(cleanest, wish.threshold, dirty);
  return { judged: dirty, value: dirty ? valueWhileDirty(wish, ownValue) : undefined, reason, readings };
}

/** `undefined`: what its owner has there is as good. */
function valueWhileDirty({ mode, weights: [, highest] }: PoolWish, ownValue: FieldValue): FieldValue | undefined {
  if (mode === 'pause') return NO_CORES;
  return typeof ownValue === 'number' && ownValue >= highest ? undefined : highest;
}

function targetOfWeight({ pool }: OwnedPool, now: readonly RegionNow[], { rankOf }: World): Target {
  const readings = readingsOf(now);
  const ranked = rankOf(pool.name);
  if (!ranked) return { judged: null, value: undefined, reason: nothingKnown(now), readings };
  const cleanest = cleanestOf(now.filter(hasGrams));
  const what = cleanest ? `${cleanest.name} has ${tellGrams(cleanest)}` : `${tellNames(now)}: down`;
  return { judged: ranked, value: ranked.weight, reason: `${what}, place ${ranked.place + 1}`, readings };
}

/** gCO2e/kWh of the cleanest region of a pool in mode `weight`; `Infinity`: all are down; `undefined`: not known. */
export function gramsForRank(regions: readonly string[], snapshot: Snapshot): number | undefined {
  const now = regions.map((name) => regionNow(name, snapshot));
  if (now.length > 0 && now.every(({ is }) => is === 'down')) return Number.POSITIVE_INFINITY;
  return cleanestOf(now.filter(hasGrams))?.gramsPerKwh;
}

/**
 * Of the values that a pool lists, those in dirty regions and in regions that are down are left out, unless that leaves none that is known to
 * be clean, or fewer than `minValues`. A value of which nobody knows the region stays.
 */
function targetOfRequirement({ pool, wish, was, ownValue }: OwnedPool, world: World): Target {
  const key = narrowedKey(pool.facts);
  const values = Array.isArray(ownValue) ? (ownValue as readonly string[]) : [];
  const regionOf = (value: string) => (key === REGION_LABEL ? value : world.places.regionOfZone(value));
  const names = [...new Set(values.map(regionOf).filter((region) => region !== undefined))].sort(compareText);
  const now = names.map((name) => regionNow(name, world.snapshot));
  const readings = readingsOf(now);
  const keptOutBefore = Array.isArray(was) ? (was as readonly string[]) : undefined;
  const dirty = now
    .filter(isMeasured)
    .filter((region) => isDirty(region, wish.threshold, keptOutBefore?.includes(region.name)));
  const clean = now.filter(isMeasured).filter((region) => !dirty.includes(region));
  const asItWas = (reason: string): Target => ({ judged: [], value: undefined, reason, readings });
  const [worst] = [...dirty].sort((a, b) => b.gramsPerKwh - a.gramsPerKwh);
  if (!worst) return asItWas(clean.length === 0 ? nothingKnown(now) : `none of ${tellNames(now)} is dirty`);
  if (clean.length === 0) return asItWas(`all of ${tellNames(dirty)} are dirty`);

  const out = new Set([...dirty, ...now.filter(({ is }) => is === 'down')].map(({ name }) => name));
  const left = values.filter((value) => !out.has(regionOf(value) ?? ''));
  const { minValues = 1 } = itemOf(pool.facts.requirements, key) ?? {};
  if (left.length < minValues)
    return asItWas(`without ${tellNames(dirty)} it would have fewer than its minValues of ${minValues}`);
  const judged = [...out].sort(compareText);
  return { judged, value: left, reason: tellReading(worst, wish.threshold, true), readings };
}

function hasGrams(region: RegionNow): region is Measured {
  return 'gramsPerKwh' in region;
}

function cleanestOf(regions: readonly Measured[]): Measured | undefined {
  return regions.reduce<Measured | undefined>(
    (best, one) => (best && best.gramsPerKwh <= one.gramsPerKwh ? best : one),
    undefined,
  );
}

function tellReading(region: Measured, threshold: number | undefined, isDirtyNow: boolean): string {
  const has = `${region.name} has ${tellGrams(region)}`;
  if (threshold === undefined) return `${has}, ${isDirtyNow ? 'the band high' : 'not the band high'}`;
  return `${has}, threshold ${threshold}`;
}

function tellGrams({ gramsPerKwh, is }: Measured): string {
  return `${toTenth(gramsPerKwh)} gCO2e/kWh${is === 'averaged' ? ' (a yearly average)' : ''}`;
}

function nothingKnown(now: readonly RegionNow[]): string {
  return `nothing is measured now of ${tellNames(now)}`;
}

function tellNames(regions: readonly { readonly name: string }[]): string {
  return nameFew(regions, MOST_NAMED, ({ name }) => name);
}

/** What its owner has in the field: what stands there, unless that is ours. */
export function ownValueIn(pool: CarbonPool, place: Pick<Hold, 'field' | 'key'>): FieldValue {
  const { hold } = pool;
  return hold && hold.field === place.field && hold.key === place.key && isStillOurs(pool, hold)
    ? hold.value
    : valueIn(pool, place);
}

/**
 * Whether what we wrote stands there. Who owns it says nothing: Argo CD applies as its own what it is told to look past
 * (RespectIgnoreDifferences).
 */
export function isStillOurs(pool: CarbonPool, hold: Hold): boolean {
  return isDeepStrictEqual(valueIn(pool, hold), hold.wrote);
}
