import { formatGrams } from '../../decision/messages.ts';
import { type StartPlan, savingPercent } from '../../forecast/plan-start.ts';
import type { Signal } from '../../regions/reading.ts';
import { renderSections } from '../../terminal/sections.ts';
import { formatDuration } from '../../units/duration.ts';
import { HOUR_MS, isoTime, shortAge, timeOfDay } from '../../units/moment.ts';
import { toTenth } from '../../units/to-tenth.ts';
import type { Expected, MadeOf } from './expected-hours.ts';

/** A plan and what it was made of, as of `takenAt` (epoch milliseconds). */
export interface Look {
  readonly region: string;
  readonly takenAt: number;
  readonly durationMs: number;
  readonly plan: StartPlan;
  readonly expected?: Expected | undefined;
  readonly source?: { readonly name: string; readonly signal: Signal } | undefined;
}

const MADE_OF: Readonly<Record<MadeOf, string>> = {
  source: 'its forecast',
  history: 'from its past days',
  both: 'its forecast and its past days',
};

/** Why it starts now or later, in a sentence without its full stop. */
export function sayPlan(look: Look): string {
  const { region, plan, takenAt, durationMs } = look;
  const { grams } = plan;
  const run = `over ${formatDuration(durationMs)}`;
  const latest = isoTime(plan.latestStart);
  switch (plan.reason) {
    case 'latest_start':
      return `starts: no time is left to wait, the latest start was ${latest}`;
    case 'no_forecast':
      return `starts at once: nothing is known of when ${region} is cleaner`;
    case 'forecast_too_short':
      return `starts at once: what is forecast of ${region} ends before a later run of ${formatDuration(durationMs)} would`;
    case 'cleanest_now':
      return `starts: no start until ${latest} is expected to be cleaner than ${gramsOf(grams?.now)} in ${region} ${run} now${basis(look)}`;
    case 'saves_too_little':
      return `starts: waiting, until ${latest} at the latest, would save only ${percentOf(plan)} in ${region} ${run}${basis(look)}`;
    case 'cleaner_later':
      return (
        `waits ${shortAge(plan.startAt - takenAt)} until ${isoTime(plan.startAt)}, at the latest until ${latest}: ${region} is expected ` +
        `at ${gramsOf(grams?.planned)} ${run} then, ${percentOf(plan)} less than the ${formatGrams(grams?.now ?? 0)} of a start now${basis(look)}`
      );
  }
}

/** What a terminal shows while it waits. */
export function sayCountdown({ region, plan }: Look, now: number): string {
  const left = formatDuration(Math.ceil(Math.max(0, plan.startAt - now) / 1_000) * 1_000);
  return `waiting for cleaner electricity in ${region}: ${left} left, starts at ${timeOfDay(plan.startAt)} UTC (${percentOf(plan)} less)`;
}

/** What `gridgate wait --print -o json` prints. Within `v1` fields are added, never taken away or given another meaning. */
export interface PrintedPlan {
  readonly version: 'v1';
  readonly region: string;
  /** ISO 8601, as are all times. */
  readonly takenAt: string;
  readonly startAt: string;
  readonly latestStart: string;
  readonly waitSeconds: number;
  readonly durationSeconds: number;
  readonly reason: StartPlan['reason'];
  /** Means over the run, gCO2e/kWh; `null`, as what follows, where nothing is forecast. */
  readonly gramsPerKwhNow: number | null;
  readonly gramsPerKwhPlanned: number | null;
  readonly savingPercent: number | null;
  readonly source: string | null;
  readonly signal: Signal | null;
  readonly madeOf: MadeOf | null;
  /** What is expected, hour by hour. */
  readonly hours: readonly { readonly from: string; readonly gramsPerKwh: number }[];
}

export function printedPlan({ region, takenAt, durationMs, plan, expected, source }: Look): PrintedPlan {
  const { startAt, latestStart, reason, grams } = plan;
  return {
    version: 'v1',
    region,
    takenAt: isoTime(takenAt),
    startAt: isoTime(startAt),
    latestStart: isoTime(latestStart),
    waitSeconds: Math.round((startAt - takenAt) / 1_000),
    durationSeconds: durationMs / 1_000,
    reason,
    gramsPerKwhNow: grams ? toTenth(grams.now) : null,
    gramsPerKwhPlanned: grams ? toTenth(grams.planned) : null,
    savingPercent: grams ? toTenth(savingPercent(grams)) : null,
    source: source?.name ?? null,
    signal: source?.signal ?? null,
    madeOf: expected?.madeOf ?? null,
    hours: [...(expected?.gramsPerKwh ?? [])].map((gramsPerKwh, hour) => ({
      from: isoTime((expected?.from ?? 0) + hour * HOUR_MS),
      gramsPerKwh: toTenth(gramsPerKwh),
    })),
  };
}

/** The same for people. */
export function renderPlan(look: Look, width: number): string {
  const { region, plan, takenAt, source, expected, durationMs } = look;
  const { startAt, latestStart, grams } = plan;
  const isLater = startAt > takenAt && grams !== undefined;
  const start = isLater ? `${isoTime(startAt)}, in ${shortAge(startAt - takenAt)}` : 'at once';
  const why = isLater
    ? `${gramsOf(grams.planned)} expected over ${formatDuration(durationMs)} then, ${percentOf(plan)} less than the ${formatGrams(grams.now)} of a start now`
    : sayPlan({ ...look, source: undefined });
  const sections = [
    { title: 'Region', lines: [region] },
    { title: 'Start', lines: [`${start}; at the latest ${isoTime(latestStart)}`] },
    { title: 'Why', lines: [why] },
    {
      title: 'From',
      lines: source && expected ? [`${sourceOf(source.name, expected)} (${source.signal})`] : [],
    },
  ];
  return renderSections(sections, { width, titleWidth: 8 });
}

/** A fixed value is nobody's forecast. */
function sourceOf(name: string, { madeOf }: Expected): string {
  return name === 'static' ? 'static: a fixed value' : `${name}: ${MADE_OF[madeOf]}`;
}

function basis({ source, expected }: Look): string {
  return source && expected ? ` (${sourceOf(source.name, expected)})` : '';
}

function gramsOf(grams = 0): string {
  return `${formatGrams(grams)} gCO2e/kWh`;
}

function percentOf({ grams }: StartPlan): string {
  return `${grams ? toTenth(savingPercent(grams)) : 0}%`;
}
