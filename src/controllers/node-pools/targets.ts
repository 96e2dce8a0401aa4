import { isDeepStrictEqual } from 'node:util';
import type { NodePoolFacts } from '../../regions/node-pool.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import { compareText } from '../../units/compare-text.ts';
import { ZONE_LABEL } from '../../units/label-names.ts';
import { nameFew } from '../../units/tell-few.ts';
import { toTenth } from '../../units/to-tenth.ts';
import { type CarbonPool, itemOf, valueIn } from './carbon-pool.ts';
import { type FieldValue, type Hold, isTexts, NO_CORES, type PoolField } from './hold.ts';
import { missedMinValues, type Narrowing, openValues } from './open-values.ts';
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
  readonly rankOf: (pool: string) => Standing | undefined;
}

/** A pool's place among so many. */
export interface Standing {
  readonly ranked: Ranked;
  readonly places: number;
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

const MOST_NAMED = 3;

export function targetOf(owned: OwnedPool, world: World): Target {
  const now = owned.regions.map((name) => regionNow(name, world.snapshot));
  if (owned.wish.mode === 'weight') return targetOfWeight(owned, now, world);
  return owned.wish.mode === 'requirement' ? targetOfRequirement(owned, world) : targetWhileDirty(owned, now);
}

/**
 * A pool is dirty where every region of it that is up is measured and dirty: one of which only a yearly average is known, or nothing,
 * may be clean.
 *
 * | its regions                              | it is          |
 * | ---------------------------------------- | -------------- |
 * | all that are up are measured, and dirty  | dirty          |
 * | another one is up                        | not dirty      |
 * | none is up                               | as it was      |
 */
function targetWhileDirty({ wish, was, ownValue }: OwnedPool, now: readonly RegionNow[]): Target {
  const readings = readingsOf(now);
  const up = now.filter(({ is }) => is !== 'down');
  const wasDirty = typeof was === 'boolean' ? was : undefined;
  const measured = up.filter(isMeasured);
  const dirty =
    up.length === 0
      ? (wasDirty ?? false)
      : measured.length === up.length && measured.every((region) => isDirty(region, wish.threshold, wasDirty));
  const reason = reasonWhileDirty(now, up, wish.threshold, dirty);
  return { judged: dirty, value: dirty ? valueWhileDirty(wish, ownValue) : undefined, reason, readings };
}

function reasonWhileDirty(
  now: readonly RegionNow[],
  up: readonly RegionNow[],
  threshold: number | undefined,
  isDirtyNow: boolean,
): string {
  if (up.length === 0 && now.length > 0) return `${tellNames(now)}: down`;
  const cleanest = cleanestOf(up.filter(isMeasured));
  if (!cleanest) return nothingKnown(now);
  const others = isDirtyNow ? [] : up.filter((region) => !isMeasured(region));
  const reading = tellReading(cleanest, threshold, isDirtyNow);
  return others.length === 0 ? reading : `${reading}; ${nothingKnown(others)}`;
}

/** `undefined`: what its owner has there is as good. */
function valueWhileDirty({ mode, weights: [, highest] }: PoolWish, ownValue: FieldValue): FieldValue | undefined {
  if (mode === 'pause') return NO_CORES;
  return typeof ownValue === 'number' && ownValue >= highest ? undefined : highest;
}

function targetOfWeight({ pool }: OwnedPool, now: readonly RegionNow[], { rankOf }: World): Target {
  const readings = readingsOf(now);
  const standing = rankOf(pool.name);
  if (!standing) return { judged: null, value: undefined, reason: nothingKnown(now), readings };
  const cleanest = cleanestOf(now.filter(hasGrams));
  const what = cleanest ? `${cleanest.name} has ${tellGrams(cleanest)}` : `${tellNames(now)}: down`;
  const { ranked, places } = standing;
  const reason = `${what}, place ${ranked.place + 1} of ${places}`;
  return { judged: ranked, value: ranked.weight, reason, readings };
}

/** gCO2e/kWh of the cleanest region of a pool in mode `weight`; `Infinity`: all are down; `undefined`: not known. */
export function gramsForRank(regions: readonly string[], snapshot: Snapshot): number | undefined {
  const now = regions.map((name) => regionNow(name, snapshot));
  if (now.length > 0 && now.every(({ is }) => is === 'down')) return Number.POSITIVE_INFINITY;
  return cleanestOf(now.filter(hasGrams))?.gramsPerKwh;
}

/**
 * Of the values that a pool lists, those in dirty regions are left out, and those in regions that are down, unless that leaves no place
 * that is known to be clean, or fewer than `minValues`. Judged are the values that its nodes can have, by all that the pool says; a
 * value of which nobody knows the region stays.
 *
 * | a region                | then                                         |
 * | ----------------------- | -------------------------------------------- |
 * | dirty                   | left out                                     |
 * | down, left out before   | left out still, also where all are down      |
 * | down, not left out      | left out where another is                    |
 * | clean, averaged, unknown | not left out                                |
 */
function targetOfRequirement({ pool, wish, was, ownValue }: OwnedPool, world: World): Target {
  const values = isTexts(ownValue) ? ownValue : [];
  const narrowing = narrowingOf(pool, world);
  const { key, regionOf } = narrowing;
  const open = openValues(withValues(pool.facts, key, values), narrowing);
  const names = [...new Set(open.map(regionOf).filter((region) => region !== undefined))].sort(compareText);
  const now = names.map((name) => regionNow(name, world.snapshot));
  const readings = readingsOf(now);
  const keptOut = isTexts(was) ? was : [];
  const measured = now.filter(isMeasured);
  const wasOut = (name: string) => (isTexts(was) ? keptOut.includes(name) : undefined);
  const dirty = measured.filter((region) => isDirty(region, wish.threshold, wasOut(region.name)));
  const clean = measured.filter((region) => !dirty.includes(region));
  const down = now.filter(({ is }) => is === 'down');
  const downStill = down.filter(({ name }) => keptOut.includes(name));
  const asItWas = (reason: string): Target => ({ judged: [], value: undefined, reason, readings });
  const areAllDown = down.length === now.length;
  const [worst] = [...dirty].sort((a, b) => b.gramsPerKwh - a.gramsPerKwh);
  if (!worst && downStill.length === 0)
    return asItWas(clean.length === 0 ? nothingKnown(now) : `none of ${tellNames(now)} is dirty`);
  if (clean.length === 0 && !areAllDown)
    return asItWas(worst ? `all of ${tellNames(dirty)} are dirty` : nothingKnown(now));

  const gone = areAllDown ? downStill : [...dirty, ...down];
  const out = new Set(gone.map(({ name }) => name));
  const left = values.filter((value) => !out.has(regionOf(value) ?? ''));
  const after = withValues(pool.facts, key, left);
  const openThen = openValues(after, narrowing);
  if (openThen.length === 0) return asItWas(`without ${tellNames(gone)} no place would be left`);
  const missed = missedMinValues(after, openThen, narrowing);
  if (missed !== undefined)
    return asItWas(`without ${tellNames(gone)} it would have fewer than its minValues of ${missed}`);
  const judged = [...out].sort(compareText);
  const reason = worst ? tellReading(worst, wish.threshold, true) : `${tellNames(downStill)}: down`;
  return { judged, value: left, reason, readings };
}

/** What was known of a value's region when it was left out counts for as long as it is: its last node may have gone by that. */
function narrowingOf(pool: CarbonPool, { places, snapshot }: World): Narrowing {
  const key = narrowedKey(pool.facts) ?? ZONE_LABEL;
  const held = pool.hold?.key === key ? pool.hold.regions : undefined;
  const regionOfZone = (zone: string) =>
    places.regionOfZone(zone) ?? (key === ZONE_LABEL && held && Object.hasOwn(held, zone) ? held[zone] : undefined);
  const regionOf = key === ZONE_LABEL ? regionOfZone : (region: string) => region;
  return { key, regionOf, regionOfZone, regionLabel: snapshot.regionLabel };
}

/** Which region each value of a zone lies in, as it is known now; for a hold. */
export function regionsOfValues(pool: CarbonPool, values: FieldValue, world: World): Hold['regions'] {
  const { key, regionOf } = narrowingOf(pool, world);
  if (key !== ZONE_LABEL || !isTexts(values)) return undefined;
  const known = values.flatMap((value) => {
    const region = regionOf(value);
    return region === undefined ? [] : [[value, region] as const];
  });
  return Object.fromEntries(known);
}

function withValues(facts: NodePoolFacts, key: string, values: readonly string[]): NodePoolFacts {
  const item = itemOf(facts.requirements, key);
  return { ...facts, requirements: facts.requirements.map((one) => (one === item ? { ...one, values } : one)) };
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
