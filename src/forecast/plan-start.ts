import { HOUR_MS } from '../units/moment.ts';
import { isCleaner } from './hourly-means.ts';
import type { Outlook } from './outlook.ts';

/** Where work could run. */
export interface Place {
  readonly name: string;
  readonly outlook: Outlook;
  /** Whether a run may start there now. */
  readonly isOpen: boolean;
  /** gCO2e/kWh above which no later run is to start there; absent: none. */
  readonly ceiling?: number | undefined;
}

export type WaitReason =
  | 'cleaner_later'
  | 'cleanest_now'
  | 'saves_too_little'
  | 'latest_start'
  | 'no_forecast'
  | 'forecast_too_short';

/** When to start; times in epoch milliseconds. */
export interface StartPlan {
  readonly startAt: number;
  readonly latestStart: number;
  readonly reason: WaitReason;
  /** Means over the run, gCO2e/kWh, if it starts now and if it starts at `startAt`; absent where nothing is forecast. */
  readonly grams?: { readonly now: number; readonly planned: number };
  /** Where the planned run is that clean. */
  readonly place?: string;
}

export interface StartQuestion {
  readonly places: readonly Place[];
  readonly now: number;
  readonly durationMs: number;
  readonly latestStart: number;
  readonly minSavingPercent: number;
  /** gCO2e/kWh: a start that is no more than so much dirtier than the best counts as equal to it. */
  readonly toleranceGrams?: number;
}

interface Start {
  readonly at: number;
  readonly gramsPerKwh: number;
  readonly place: string;
}

/**
 * The start that minimises the mean intensity over the run, as of now: now, at a full hour or at the last moment, in the cleanest place;
 * of equally clean ones the earliest.
 *
 * | time is left | forecast                  | a cleaner start later  | start                     |
 * | ------------ | ------------------------- | ---------------------- | ------------------------- |
 * | no           | any                       | any                    | now, `latest_start`       |
 * | yes          | none                      | -                      | now, `no_forecast`        |
 * | yes          | ends before the run would | -                      | now, `forecast_too_short` |
 * | yes          | yes                       | none                   | now, `cleanest_now`       |
 * | yes          | yes                       | saves less than wanted | now, `saves_too_little`   |
 * | yes          | yes                       | yes                    | then, `cleaner_later`     |
 *
 * Ceilings count as long as some later start keeps to one. Where no place is open now, the start is the best later one.
 */
export function planStart(question: StartQuestion): StartPlan {
  const { places, now, durationMs, latestStart, minSavingPercent, toleranceGrams = 0 } = question;
  const atOnce = (reason: WaitReason): StartPlan => ({ startAt: now, latestStart, reason });
  if (!(latestStart > now)) return atOnce('latest_start');
  if (places.length === 0) return atOnce('no_forecast');
  if (places.every(({ outlook }) => outlook.until - durationMs <= now)) return atOnce('forecast_too_short');
  const present = startNow(question);
  const later = bestLater(question, true) ?? bestLater(question, false);
  const best = later && (!present || isCleaner(later.gramsPerKwh, present.gramsPerKwh)) ? later : present;
  if (!best) return atOnce('no_forecast');
  const grams = { now: present?.gramsPerKwh ?? best.gramsPerKwh, planned: best.gramsPerKwh };
  const chosen = { grams, place: best.place };
  if (best === present || grams.now <= grams.planned + (present ? toleranceGrams : -1))
    return { ...atOnce('cleanest_now'), ...chosen };
  if (present && savingPercent(grams) < minSavingPercent) return { ...atOnce('saves_too_little'), ...chosen };
  return { startAt: best.at, latestStart, reason: 'cleaner_later', ...chosen };
}

/** How much less the later start emits, in percent of a start now. */
export function savingPercent({ now, planned }: NonNullable<StartPlan['grams']>): number {
  return now > 0 ? (1 - planned / now) * 100 : 0;
}

function startNow({ places, now, durationMs }: StartQuestion): Start | undefined {
  let best: Start | undefined;
  for (const { name, outlook, isOpen } of places) {
    const gramsPerKwh = outlook.mean(now, durationMs);
    if (isOpen && (!best || gramsPerKwh < best.gramsPerKwh)) best = { at: now, gramsPerKwh, place: name };
  }
  return best;
}

function bestLater(question: StartQuestion, heedsCeiling: boolean): Start | undefined {
  const { places, now, durationMs, latestStart } = question;
  const end = Math.max(...places.map(({ outlook }) => outlook.until)) - durationMs;
  let best: Start | undefined;
  for (let hour = nextHour(now); ; hour += HOUR_MS) {
    const at = Math.min(hour, latestStart);
    if (at > end) return best;
    const start = startAt(at, question, heedsCeiling);
    if (start && (!best || isCleaner(start.gramsPerKwh, best.gramsPerKwh))) best = start;
    if (at === latestStart) return best;
  }
}

function startAt(at: number, { places, durationMs }: StartQuestion, heedsCeiling: boolean): Start | undefined {
  let best: Start | undefined;
  for (const { name, outlook, ceiling = Number.POSITIVE_INFINITY } of places) {
    if (at + durationMs > outlook.until || (heedsCeiling && outlook.grams(at) > ceiling)) continue;
    const gramsPerKwh = outlook.mean(at, durationMs);
    if (!best || gramsPerKwh < best.gramsPerKwh) best = { at, gramsPerKwh, place: name };
  }
  return best;
}

function nextHour(at: number): number {
  return (Math.floor(at / HOUR_MS) + 1) * HOUR_MS;
}
