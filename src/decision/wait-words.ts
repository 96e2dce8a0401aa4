import { savingPercent } from '../forecast/plan-start.ts';
import { formatDuration } from '../units/duration.ts';
import { isoTime } from '../units/moment.ts';
import { toTenth } from '../units/to-tenth.ts';
import { formatGrams } from './messages.ts';
import type { WaitRecord } from './wait-annotations.ts';
import type { RunLength, Wait } from './waiting.ts';

/** A wait as commands print it; times in RFC 3339, `null` where nobody knows. */
export interface WaitData {
  readonly notBefore: string | null;
  readonly latestStart: string | null;
  readonly durationSeconds: number;
  readonly durationFrom: RunLength['from'];
  readonly region: string | null;
  /** Means over its run, gCO2e/kWh, had it started at once, and as it is planned. */
  readonly now: number | null;
  readonly expected: number | null;
  readonly savingPercent: number | null;
}

/** Of a pod that is made to wait. */
export function dataOfWait({ start, length }: Wait): WaitData {
  const { startAt, latestStart, place, grams } = start;
  return dataOfRecord({
    notBefore: startAt,
    latestStart,
    lengthMs: length.ms,
    lengthFrom: length.from,
    ...(place !== undefined && { region: place }),
    ...grams,
  });
}

/** Of one that says so itself. */
export function dataOfRecord({ notBefore, latestStart, region, now, planned, ...length }: WaitRecord): WaitData {
  const grams = now === undefined || planned === undefined ? undefined : { now, planned };
  return {
    notBefore: timeOf(notBefore),
    latestStart: timeOf(latestStart),
    durationSeconds: length.lengthMs / 1_000,
    durationFrom: length.lengthFrom,
    region: region ?? null,
    now: grams ? toTenth(grams.now) : null,
    expected: grams ? toTenth(grams.planned) : null,
    savingPercent: grams ? toTenth(savingPercent(grams)) : null,
  };
}

/** A pod's author may write any date, and some cannot be written again. */
function timeOf(ms: number): string | null {
  return Number.isNaN(new Date(ms).getTime()) ? null : isoTime(ms);
}

const LENGTH_FROM: Readonly<Record<RunLength['from'], string>> = {
  pod: 'it says so itself',
  owner: 'the mean of earlier runs of its owner',
  namespace: 'the mean of earlier runs in its namespace',
  default: 'nobody says: gridgate.dev/duration would, or earlier runs',
};

/** `length 2h (it says so itself)` */
export function tellLength({ ms, from }: RunLength): string {
  return `length ${formatDuration(ms)} (${LENGTH_FROM[from]})`;
}

/** Until when, for how long and what for, a part of a sentence each. */
export function tellWait(wait: WaitData): readonly string[] {
  const { notBefore, latestStart, durationSeconds, durationFrom, region, now, expected, savingPercent } = wait;
  const where = region === null ? '' : ` in ${region}`;
  return [
    `until ${notBefore ?? '?'}, at the latest ${latestStart ?? '?'}`,
    tellLength({ ms: durationSeconds * 1_000, from: durationFrom }),
    ...(now === null || expected === null || savingPercent === null
      ? []
      : [
          `now ${formatGrams(now)}, expected ${formatGrams(expected)} gCO2e/kWh${where}: saves ${savingPercent.toFixed(0)}%`,
        ]),
  ];
}
