import { bestStart, type HourlySeries, meanOver } from '../../forecast/best-start.ts';
import { HOUR_MS } from '../../units/moment.ts';

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
}

export interface StartQuestion {
  readonly expected: HourlySeries | undefined;
  readonly now: number;
  readonly durationMs: number;
  readonly latestStart: number;
  readonly minSavingPercent: number;
}

const DAY = 24;

/**
 * The start that minimises the mean intensity over the run, as of now:
 *
 * | time is left | forecast                  | a cleaner start later  | start                     |
 * | ------------ | ------------------------- | ---------------------- | ------------------------- |
 * | no           | any                       | any                    | now, `latest_start`       |
 * | yes          | none                      | -                      | now, `no_forecast`        |
 * | yes          | ends before the run would | -                      | now, `forecast_too_short` |
 * | yes          | yes                       | none                   | now, `cleanest_now`       |
 * | yes          | yes                       | saves less than wanted | now, `saves_too_little`   |
 * | yes          | yes                       | yes                    | then, `cleaner_later`     |
 */
export function planStart(question: StartQuestion): StartPlan {
  const { expected, now, durationMs, latestStart, minSavingPercent } = question;
  const atOnce = (reason: WaitReason): StartPlan => ({ startAt: now, latestStart, reason });
  if (!(latestStart > now)) return atOnce('latest_start');
  if (!expected) return atOnce('no_forecast');
  const { series, knownUntil } = reaching(expected, latestStart + durationMs);
  const latest = Math.min(latestStart, knownUntil - durationMs);
  if (!(latest > now)) return atOnce('forecast_too_short');
  const best = bestStart(series, { durationMs, earliest: now, latest });
  const grams = { now: meanOver(series, now, durationMs), planned: best.gramsPerKwh };
  if (best.at <= now) return { ...atOnce('cleanest_now'), grams };
  if (savingPercent(grams) < minSavingPercent) return { ...atOnce('saves_too_little'), grams };
  return { startAt: best.at, latestStart, reason: 'cleaner_later', grams };
}

/** How much less the later start emits, in percent of a start now. */
export function savingPercent({ now, planned }: NonNullable<StartPlan['grams']>): number {
  return now > 0 ? (1 - planned / now) * 100 : 0;
}

/**
 * The hours that are expected until a moment: beyond a forecast of a day or more each hour is as the one a day before. A shorter one
 * says nothing of what comes after it.
 */
function reaching({ from, gramsPerKwh }: HourlySeries, until: number) {
  const hours = Array.from(gramsPerKwh);
  const wanted = Math.ceil((until - from) / HOUR_MS);
  if (hours.length >= DAY) while (hours.length < wanted) hours.push(hours[hours.length - DAY] ?? 0);
  return { series: { from, gramsPerKwh: hours }, knownUntil: from + hours.length * HOUR_MS };
}
