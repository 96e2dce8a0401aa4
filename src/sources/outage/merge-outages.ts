import { MAX_REASON_CHARACTERS } from '../../regions/outage-by-hand.ts';
import type { OutageState } from '../../regions/region-status.ts';
import { onOneLine } from '../../units/legible.ts';
import type { OutageSourceName, Verdict } from './source.ts';

/** What one source said; of a source that failed there is none, or an empty one. */
export interface Statement {
  readonly source: OutageSourceName;
  readonly verdicts: ReadonlyMap<string, Verdict>;
}

/** An outage that was trusted and is not over; times in epoch milliseconds. `sources` are those that said it last. */
export interface HeldOutage extends Pick<OutageState, 'sources' | 'reason'> {
  readonly since: number;
  readonly lastDownAt: number;
}

export interface Trust {
  /** Whether too many regions are called down to believe it: then no outage is active. */
  readonly distrusted: boolean;
  /** How many of `regions` are called down, or are in their quiet minutes. */
  readonly called: number;
  readonly regions: number;
}

export interface MergedOutages {
  readonly trust: Trust;
  /** One of each region that was asked for. */
  readonly outages: ReadonlyMap<string, OutageState>;
  readonly held: ReadonlyMap<string, HeldOutage>;
}

interface MergeInput {
  readonly regions: readonly string[];
  readonly statements: readonly Statement[];
  readonly held: ReadonlyMap<string, HeldOutage>;
  readonly now: number;
}

export const QUIET_MS = 10 * 60_000;

/**
 * One picture from what all sources say now and the outages of before:
 *
 * | the region was     | any source says down | none does: all say up, are unknown or failed                           |
 * | ------------------ | -------------------- | ---------------------------------------------------------------------- |
 * | not out            | out at once          | stays                                                                  |
 * | out                | stays out            | in quiet minutes, which began when a source last said down: still out  |
 * | in quiet minutes   | they are over        | out until 10 minutes are full; from the start if the clock is set back |
 *
 * So unknown ends no outage sooner than up does, nor does it keep one: a source that is gone holds a region for 10 minutes,
 * in which a person can set `spec.outage`, and not for ever.
 *
 * | called down or in quiet minutes | then                                                                             |
 * | ------------------------------- | -------------------------------------------------------------------------------- |
 * | at most half of the regions     | all of these are out                                                             |
 * | more                            | distrusted: none is out. What was out before is kept and comes back with trust,  |
 * |                                 | unless its quiet minutes end first; what is new does not count at all            |
 *
 * Quiet minutes count too: otherwise regions that flap in turn would soon all be out, and every pod be refused.
 */
export function mergeOutages({ regions, statements, held, now }: MergeInput): MergedOutages {
  const names = new Set(regions);
  const said = new Map<string, HeldOutage>();
  for (const region of names) {
    const outage = outageOf(region, statements, held.get(region), now);
    if (outage) said.set(region, outage);
  }
  const distrusted = said.size * 2 > names.size;
  const kept = distrusted ? new Map([...said].filter(([region]) => held.has(region))) : said;
  const outages = new Map([...names].map((region) => [region, stateOf(said.get(region), distrusted, now)]));
  return { outages, trust: { distrusted, called: said.size, regions: names.size }, held: kept };
}

function outageOf(
  region: string,
  statements: readonly Statement[],
  before: HeldOutage | undefined,
  now: number,
): HeldOutage | undefined {
  const down = statements.filter(({ verdicts }) => verdicts.get(region)?.down);
  if (down.length > 0) return { since: before?.since ?? now, lastDownAt: now, ...wordsOf(region, down) };
  if (!before) return undefined;
  const lastDownAt = Math.min(before.lastDownAt, now);
  return now - lastDownAt >= QUIET_MS ? undefined : { ...before, lastDownAt };
}

function wordsOf(region: string, down: readonly Statement[]): Pick<OutageState, 'sources' | 'reason'> {
  const sources = down.map(({ source }) => source);
  const words = down.map(({ verdicts }) => verdicts.get(region)?.reason).find(Boolean);
  // The reason ends in warnings, of which a control character drops the whole text.
  const line = words && onOneLine(words).replaceAll(/\s+/g, ' ').trim();
  const reason = line && [...line].slice(0, MAX_REASON_CHARACTERS).join('');
  return { sources, ...(reason && { reason }) };
}

function stateOf(outage: HeldOutage | undefined, distrusted: boolean, now: number): OutageState {
  if (!outage) return { active: false, sources: [] };
  const { since, lastDownAt, ...words } = outage;
  if (distrusted) return { active: false, ...words };
  return { active: true, ...words, since, ...(lastDownAt < now && { quietSince: lastDownAt }) };
}
