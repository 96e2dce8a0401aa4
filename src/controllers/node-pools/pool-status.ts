import type { Held } from '../../regions/band.ts';
import { cutText } from '../../units/cut-text.ts';
import { isTexts, parseJson } from './hold.ts';
import { POOL_MODES, type PoolMode } from './wish.ts';

/**
 * What was judged of a pool:
 *
 * | mode               | judged                                                                      |
 * | ------------------ | --------------------------------------------------------------------------- |
 * | hardware, pause    | whether it is dirty                                                         |
 * | weight             | its place in the ranking (0 is the best) with its weight; `null`: in none    |
 * | requirement        | the regions that are kept out, sorted                                       |
 */
export type Judged = boolean | Ranked | null | readonly string[];

export interface Ranked {
  readonly place: number;
  readonly weight: number;
}

/** What the annotation `gridgate.dev/carbon-status` keeps: enough for another leader to go on. Times are epoch milliseconds. */
export interface PoolStatus extends Required<Held> {
  readonly mode: PoolMode;
  readonly judged: Judged;
  /** In words. */
  readonly reason: string;
  /** By region of the pool, gCO2e/kWh when it was judged; `null`: not known. */
  readonly readings: Readonly<Record<string, number | null>>;
}

const VERSION = 1;
/** All together fit into the 4,096 characters that the guard lets through. */
const LONGEST_REASON = 300;
const MOST_READINGS = 12;
const MOST_CHANGES = 8;
const MOST_REGIONS_OUT = 20;

/** The annotation's text. */
export function formatStatus({ mode, judged, since, changes, reason, readings }: PoolStatus): string {
  return JSON.stringify({
    version: VERSION,
    mode,
    ...namedJudgement(mode, judged),
    since: new Date(since).toISOString(),
    changes: changes.map((at) => new Date(at).toISOString()),
    reason: cutText(reason, LONGEST_REASON),
    readings: Object.fromEntries(Object.entries(readings).slice(0, MOST_READINGS)),
  });
}

/** Reads it; `undefined` where there is none, or nothing to go on from. */
export function parseStatus(text: string | undefined): PoolStatus | undefined {
  const parsed = parseJson(text);
  if (!parsed || parsed['version'] !== VERSION) return undefined;
  const mode = POOL_MODES.find((one) => one === parsed['mode']);
  const judged = mode && parseJudgement(mode, parsed);
  const since = Date.parse(String(parsed['since']));
  if (mode === undefined || judged === undefined || Number.isNaN(since)) return undefined;
  return {
    mode,
    judged,
    since,
    changes: timesIn(parsed['changes']),
    reason: typeof parsed['reason'] === 'string' ? parsed['reason'] : '',
    readings: readingsIn(parsed['readings']),
  };
}

/** How many regions can be kept out of one pool: what the annotation has room for. */
export function fitsStatus(judged: Judged): boolean {
  return !Array.isArray(judged) || judged.length <= MOST_REGIONS_OUT;
}

function namedJudgement(mode: PoolMode, judged: Judged): object {
  if (mode === 'weight') return { ranked: judged };
  return mode === 'requirement' ? { keptOut: judged } : { dirty: judged };
}

function parseJudgement(
  mode: PoolMode,
  { ranked, keptOut, dirty }: Readonly<Record<string, unknown>>,
): Judged | undefined {
  if (mode === 'weight') return ranked === null ? null : rankedIn(ranked);
  if (mode === 'requirement') return isTexts(keptOut) ? keptOut : undefined;
  return typeof dirty === 'boolean' ? dirty : undefined;
}

function rankedIn(value: unknown): Ranked | undefined {
  const { place, weight } = Object(value) as Readonly<Record<string, unknown>>;
  const isPlace = Number.isInteger(place) && Number(place) >= 0;
  return isPlace && typeof weight === 'number' ? { place: Number(place), weight } : undefined;
}

function timesIn(value: unknown): readonly number[] {
  const texts = isTexts(value) ? value : [];
  return texts
    .map((text) => Date.parse(text))
    .filter((at) => !Number.isNaN(at))
    .slice(-MOST_CHANGES);
}

function readingsIn(value: unknown): PoolStatus['readings'] {
  const entries = Object.entries(Object(value) as Readonly<Record<string, unknown>>);
  return Object.fromEntries(entries.map(([region, grams]) => [region, typeof grams === 'number' ? grams : null]));
}
