import { DAY_MS } from '../units/moment.ts';

export const BANDS = ['low', 'medium', 'high'] as const;
export type Band = (typeof BANDS)[number];

/** Which thresholds bands have: the same for all regions, or each region's own (thresholds-in-force.ts). */
export const BAND_MODES = ['absolute', 'relative'] as const;
export type BandMode = (typeof BAND_MODES)[number];

/** gCO2e/kWh: `low` ends at the first, `high` begins above the second. The first never exceeds the second. */
export type BandThresholds = readonly [lowUpTo: number, highAbove: number];

export const BAND_THRESHOLDS: BandThresholds = [200, 300];
const BAND_HYSTERESIS = 0.1;
export const MINIMUM_DWELL_MS = 30 * 60_000;
/** Within any 24 hours. */
export const MAX_BAND_CHANGES = 5;

/** The band of an intensity in gCO2e/kWh, without memory of the band before it. */
export function bandOf(gramsPerKwh: number, [lowUpTo, highAbove] = BAND_THRESHOLDS): Band {
  if (gramsPerKwh <= lowUpTo) return 'low';
  return gramsPerKwh <= highAbove ? 'medium' : 'high';
}

/** Since when something is as it is; all times in epoch milliseconds. */
export interface Held {
  readonly since: number;
  /** The changes of the last 24 hours, oldest first; without it none are known. */
  readonly changes?: readonly number[];
}

/** A band with what it takes to judge the next one; of changes there are at most MAX_BAND_CHANGES. */
export interface HeldBand extends Held {
  readonly band: Band;
}

interface BandInput {
  readonly previous?: HeldBand | undefined;
  readonly gramsPerKwh: number;
  readonly now: number;
  readonly thresholds?: BandThresholds | undefined;
  /** The part of a threshold by which a value must pass it. */
  readonly hysteresis?: number | undefined;
  readonly minimumDwellMs?: number | undefined;
}

/**
 * The band a region is in from now on; a band that changes has `since: now`.
 *
 * | previous          | value (thresholds 200 and 300)      | in it for | changes in 24 h | next                           |
 * | ----------------- | ----------------------------------- | --------- | --------------- | ------------------------------ |
 * | none              | any                                 | -         | -               | `bandOf` (counts as no change) |
 * | low               | up to 220                           | any       | any             | low                            |
 * | low               | above 220; above 330                | >= 30 min | < 5             | medium; high                   |
 * | medium            | above 180, up to 330                | any       | any             | medium                         |
 * | medium            | above 330                           | >= 30 min | < 5             | high                           |
 * | medium            | up to 180                           | >= 30 min | < 4             | low                            |
 * | high              | above 270                           | any       | any             | high                           |
 * | high              | up to 270; up to 180                | >= 30 min | < 4             | medium; low                    |
 * | any               | beyond its edge                     | < 30 min  | any             | the previous                   |
 * | any               | beyond its edge                     | any       | more            | the previous                   |
 *
 * The hysteresis lies on both sides of a threshold: one side alone would hold every region in the cleaner (or the dirtier) band
 * for longer than its grid is. The cap holds for any series; its last change is kept for the way up, so that a restless grid is
 * never held in `low`. Times ahead of `now` (the clock was set back) count as now: a band is then held for one more dwell, and
 * a day's changes for one more day, never for good.
 */
export function nextBand(input: BandInput): HeldBand {
  const { gramsPerKwh, now, thresholds = BAND_THRESHOLDS, minimumDwellMs = MINIMUM_DWELL_MS } = input;
  if (input.previous === undefined) return { band: bandOf(gramsPerKwh, thresholds), since: now, changes: [] };

  const held = { band: input.previous.band, ...heldUpTo(now, input.previous) };
  const band = bandAfter(held.band, gramsPerKwh, thresholds, input.hysteresis ?? BAND_HYSTERESIS);
  if (band === held.band || now - held.since < minimumDwellMs) return held;
  const isDirtier = BANDS.indexOf(band) > BANDS.indexOf(held.band);
  if (held.changes.length >= (isDirtier ? MAX_BAND_CHANGES : MAX_BAND_CHANGES - 1)) return held;
  return { band, since: now, changes: [...held.changes, now] };
}

/** The band of an intensity that was in this one: it stays there until it passes a threshold by a part (`hysteresis`) of it. */
export function bandAfter(band: Band, gramsPerKwh: number, thresholds: BandThresholds, hysteresis: number): Band {
  return bandOf(gramsPerKwh, edgesOf(band, thresholds, hysteresis));
}

/** Thresholds above the band rise, those below it sink. */
function edgesOf(band: Band, [lowUpTo, highAbove]: BandThresholds, hysteresis: number): BandThresholds {
  const [up, down] = [1 + hysteresis, 1 - hysteresis];
  return [lowUpTo * (band === 'low' ? up : down), highAbove * (band === 'high' ? down : up)];
}

/** The same with the changes of the last 24 hours; times ahead of `now` count as now. */
export function heldUpTo(now: number, { since, changes = [] }: Held): Required<Held> {
  const recent = changes.map((change) => Math.min(change, now)).filter((change) => now - change < DAY_MS);
  return { since: Math.min(since, now), changes: recent };
}

/** Fewer values than a day has hours say little about a week. */
const MINIMUM_VALUES = 24;

/**
 * Thresholds of a region's own: the 25th and 75th percentile of its last 7 days (gCO2e/kWh, one value an hour, in any order),
 * interpolated linearly between ranks as numpy and Prometheus do; `undefined` with fewer than 24 values.
 */
export function thresholdsOf(history: readonly number[]): BandThresholds | undefined {
  if (history.length < MINIMUM_VALUES) return undefined;
  const sorted = history.toSorted((a, b) => a - b);
  return [percentile(sorted, 0.25), percentile(sorted, 0.75)];
}

function percentile(sorted: readonly number[], share: number): number {
  const rank = (sorted.length - 1) * share;
  const below = sorted[Math.floor(rank)] ?? Number.NaN;
  const above = sorted[Math.ceil(rank)] ?? Number.NaN;
  return below + (above - below) * (rank % 1);
}
