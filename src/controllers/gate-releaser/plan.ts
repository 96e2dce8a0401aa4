import type { Decision } from '../../decision/decide.ts';
import type { Judgement } from '../../decision/judge.ts';
import type { Mode, Policy } from '../../decision/policy.ts';
import type { Treatment } from '../../decision/treatment.ts';
import { readWait } from '../../decision/wait-annotations.ts';
import { mayWait, placesToWaitFor, type RunLength, runLength, type WaitingFacts } from '../../decision/waiting.ts';
import { type Place, planStart, type StartPlan, type WaitReason } from '../../forecast/plan-start.ts';
import { MAX_GRAMS_PER_KWH } from '../../regions/reading.ts';
import { distinctMembers } from './distinct-members.ts';
import { latestStartOf, type NextRun } from './latest-start.ts';
import type { Member, Unit } from './units.ts';

/**
 * When a unit goes, and why then. The first row that is true counts.
 *
 * | its namespace, its members                                    | goes                         | reason         |
 * | ------------------------------------------------------------- | ---------------------------- | -------------- |
 * | the mode that counts is neither `warn` nor `enforce`          | now, with no more than that  | `not_placed`   |
 * | a part of it went before                                      | now                          | `begun`        |
 * | its policy lets it wait no more                               | now                          | `may_not_wait` |
 * | its latest start has come                                     | now                          | `latest_start` |
 * | one is denied by its policy, under `enforce`                  | when a place opens, at the latest start else | `refused` |
 * | a later start is cleaner                                      | then                         | `cleaner_later` |
 * | nobody forecasts any more                                     | as planned before            | `cleaner_later` |
 * | any other                                                     | now                          | `cleanest_now` |
 *
 * `plan_failed`: a mistake of ours kept all this from being found out; it goes now.
 */
export type PlanReason =
  | 'not_placed'
  | 'begun'
  | 'may_not_wait'
  | 'latest_start'
  | 'refused'
  | 'cleaner_later'
  | 'cleanest_now'
  | 'plan_failed';

export interface PlannedUnit {
  readonly unit: Unit;
  readonly reason: PlanReason;
  /** Epoch milliseconds, both. */
  readonly startAt: number;
  readonly latestStart: number;
  readonly length: RunLength;
  /** Where starts were compared. */
  readonly start?: StartPlan;
}

export interface PlanContext extends Pick<WaitingFacts, 'learntLength'> {
  readonly policy: Policy;
  /** The one that counts. */
  readonly mode: Mode;
  readonly decide: (member: Member) => Decision;
  readonly nextRun: NextRun;
  /** Its plan so far, where this leader made one. */
  readonly before?: PlannedUnit | undefined;
  /** From 0 to 1: how much of a tenth of what it saves the unit gives for not starting together with all others. */
  readonly patience: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Those reasons for which a unit goes at once, however many others do. What is left of one that has begun goes at the rate of releases. */
const URGENT: ReadonlySet<PlanReason> = new Set(['not_placed', 'may_not_wait', 'latest_start', 'plan_failed']);

/** Of a unit of more that differ, the others are decided about as they go. */
const MOST_DECIDED = 500;
const UNFORECAST: ReadonlySet<WaitReason> = new Set(['no_forecast', 'forecast_too_short']);

export function planUnit(unit: Unit, context: PlanContext): PlannedUnit {
  const { mode, policy, now } = context;
  const members = distinctMembers(unit);
  const length = lengthOf(members, context);
  const latestStart = latestStartOf({ ...unit, members }, policy, length.ms, context.nextRun);
  const at = (reason: PlanReason, startAt: number): PlannedUnit => ({ unit, reason, startAt, latestStart, length });
  if (!isPlacing(mode)) return at('not_placed', now);
  if (unit.hasBegun) return at('begun', now);
  const decisions = members.slice(0, MOST_DECIDED).map((member) => ({ member, ...context.decide(member) }));
  if (!decisions.every(({ member, steps }) => !steps || mayStillWait(member, steps.treatment)))
    return at('may_not_wait', now);
  if (!(latestStart > now)) return at('latest_start', now);
  const isRefused = decisions.some((decision) => isDenial(decision, mode));
  const judgement = decisions.find(({ steps }) => steps)?.steps?.judgement;
  if (!judgement) return isRefused ? at('refused', latestStart) : at('may_not_wait', now);
  const isToldOnly = !isRefused && decisions.some(({ decision }) => decision === 'deny');
  const start = planStart({
    places: placesOf(judgement, isToldOnly),
    now,
    durationMs: length.ms,
    latestStart,
    minSavingPercent: policy.deferMinSavingPercent,
    toleranceGrams: 0.1 * context.patience * savingAtSubmission(unit),
  });
  return { unit, latestStart, length, ...startBy(start, isRefused, unit, context) };
}

function startBy(
  start: StartPlan,
  isRefused: boolean,
  unit: Unit,
  { now, before }: PlanContext,
): Pick<PlannedUnit, 'reason' | 'startAt' | 'start'> {
  const { startAt, latestStart, reason } = start;
  if (isRefused) return { reason: 'refused', startAt: startAt > now ? startAt : latestStart, start };
  if (startAt > now) return { reason: 'cleaner_later', startAt, start };
  const kept = UNFORECAST.has(reason) ? keptStart(unit, before) : undefined;
  if (kept) return { ...kept, reason: 'cleaner_later', startAt: Math.min(kept.startAt, latestStart) };
  return { reason: 'cleanest_now', startAt: now, start };
}

function isPlacing(mode: Mode): boolean {
  return mode === 'warn' || mode === 'enforce';
}

/** When it was to go by the plan of before: this leader's, else the one that it tells of. */
function keptStart(
  { members: [first] }: Unit,
  before?: PlannedUnit,
): Pick<PlannedUnit, 'startAt' | 'start'> | undefined {
  if (before && before.reason !== 'cleaner_later') return undefined;
  if (before) return { startAt: before.startAt, ...(before.start && { start: before.start }) };
  const said = readWait(first.metadata.annotations);
  return said && { startAt: said.notBefore };
}

/** Under `warn` what is denied is told so, and starts as its author wrote it. */
export function isDenial(decision: Pick<Decision, 'decision'> | undefined, mode: Mode): boolean {
  return mode === 'enforce' && decision?.decision === 'deny';
}

/** Of what is denied and told so alone, no ceiling counts. */
function placesOf(judgement: Judgement, isToldOnly: boolean): readonly Place[] {
  const places = placesToWaitFor(judgement);
  return isToldOnly ? places.map(({ name, outlook }) => ({ name, outlook, isOpen: true })) : places;
}

/** Whether its time has come. */
export function isDue({ startAt, latestStart }: PlannedUnit, now: number): boolean {
  return startAt <= now || latestStart <= now;
}

/** Whether it goes now whatever else goes now. */
export function isUrgent({ reason, latestStart }: PlannedUnit, now: number): boolean {
  return URGENT.has(reason) || latestStart <= now;
}

/** What waits by a gate or by suspension goes on so when the namespace changes from one to the other. */
function mayStillWait({ pod }: Member, treatment: Treatment): boolean {
  const { policy } = treatment;
  return mayWait(pod, policy.deferBy === 'gate' ? treatment : { ...treatment, policy: { ...policy, deferBy: 'gate' } });
}

function lengthOf(members: Unit['members'], context: PlanContext): RunLength {
  let longest: RunLength | undefined;
  for (const { pod } of members) {
    const length = runLength(pod, context);
    if (!longest || length.ms > longest.ms) longest = length;
  }
  return longest ?? { ms: 0, from: 'default' };
}

/** gCO2e/kWh, as its first member says; its author may have written that, and loses by more than there can be. */
function savingAtSubmission({ members: [first] }: Unit): number {
  const { now = 0, planned = 0 } = readWait(first.metadata.annotations) ?? {};
  return Math.min(Math.max(0, now - planned), MAX_GRAMS_PER_KWH);
}
