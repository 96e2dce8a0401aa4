import { savingPercent, type WaitReason } from '../forecast/plan-start.ts';
import { isoTime } from '../units/moment.ts';
import { clip, formatGrams } from './messages.ts';
import { ANNOTATION_PREFIX } from './namespace-record.ts';
import { annotationOf, controllerOf, type Pod } from './pod.ts';
import type { Treatment } from './treatment.ts';
import { tellLength } from './wait-words.ts';
import type { Wait, WaitObstacle } from './waiting.ts';

interface Asked {
  readonly pod: Pod;
  readonly treatment: Treatment;
  /** Whether any region where it may run has a forecast: a yearly average stands for every hour, and is cleaner in none. */
  readonly hasForecast: boolean;
}

/** Why a pod does not wait, a sentence each without its end. */
const OBSTACLES: Readonly<Record<WaitObstacle, (asked: Asked) => string>> = {
  system_priority: () => 'a system priority class makes it critical, and only flexible pods wait',
  not_flexible: ({ treatment }) => `class ${treatment.podClass}: only pods with gridgate.dev/class: flexible wait`,
  no_defer: () => 'its namespace has no gridgate.dev/defer, or 0',
  waived: () => 'its own gridgate.dev/defer is 0',
  never_ends: () =>
    'it never ends (restartPolicy: Always, as of every Deployment): pods of Jobs and bare pods can wait',
  has_node: () => 'it has a node already',
  queued: () => 'Kueue says when it runs',
  other_kind: ({ pod }) => `a ${clip(controllerOf(pod)?.kind ?? '?')} made it, neither a Job nor one of defer.kinds`,
  other_way: () => 'its Job waits in its stead (gridgate.dev/defer-by: suspend)',
  nobody_releases: () => 'it could, but nobody is alive who would let it go: it starts at once',
};

const NO_FORECAST = 'no hour ahead is forecast for any region where it may run';

/** Of a start that was looked for. */
const STARTS: Readonly<Record<Exclude<WaitReason, 'cleaner_later'>, (asked: Asked, wait: Wait) => string>> = {
  latest_start: noTimeLeft,
  no_forecast: () => NO_FORECAST,
  forecast_too_short: (_, { length }) => `it would end after the last hour that is forecast: ${tellLength(length)}`,
  cleanest_now: (_, { start }) =>
    `no start until ${isoTime(start.latestStart)} is expected to be cleaner${gramsNow(start)}`,
  saves_too_little: ({ treatment }, { start }) =>
    `the cleanest start until ${isoTime(start.latestStart)} saves ${percent(start.grams ? savingPercent(start.grams) : 0)}, less than the ${percent(treatment.policy.deferMinSavingPercent)} of gridgate.dev/defer-min-saving`,
};

/** Why a pod starts at once, without an end; `undefined` where it waits. */
export function whyNotWaiting(start: Wait | WaitObstacle, asked: Asked): string | undefined {
  if (typeof start === 'string') return OBSTACLES[start](asked);
  const { reason } = start.start;
  if (reason !== 'latest_start' && reason !== 'cleaner_later' && !asked.hasForecast) return NO_FORECAST;
  return reason === 'cleaner_later' ? undefined : STARTS[reason](asked, start);
}

function noTimeLeft({ pod }: Asked, { start, length }: Wait): string {
  const written = annotationOf(pod, `${ANNOTATION_PREFIX}deadline`) ?? '';
  const deadline = Date.parse(written);
  if (deadline <= start.startAt) return `its gridgate.dev/deadline, ${isoTime(deadline)}, has passed`;
  return deadline - length.ms <= start.startAt
    ? `to be done by its gridgate.dev/deadline, ${isoTime(deadline)}, it has to start now: ${tellLength(length)}`
    : `it has waited as long as it may, until ${isoTime(start.latestStart)}`;
}

function percent(value: number): string {
  return `${Math.round(value * 10) / 10}%`;
}

function gramsNow({ grams }: Wait['start']): string {
  return grams ? ` than now, ${formatGrams(grams.now)} gCO2e/kWh` : ' than now';
}
