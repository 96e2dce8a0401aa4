import { HOUR_MS, isoTime, MINUTE_MS } from '../units/moment.ts';
import type { BudgetStatus } from './budget-status.ts';

/**
 * What is to become of something that a budget scales:
 *
 * | want   | because                                             |
 * | ------ | --------------------------------------------------- |
 * | `hold` | a budget of it is over                              |
 * | `free` | all its budgets are under                           |
 * | `keep` | neither, or nobody knows                            |
 * | `end`  | no budget concerns it any more, or none is to be kept |
 * | `drop` | its replicas are somebody else's now: an autoscaler's |
 */
export type Want = 'hold' | 'free' | 'keep' | 'end' | 'drop';

/** Something with a number that a budget may lower: replicas, or the maximum of an autoscaler. */
export interface BudgetTarget {
  /** `null`: a maximum that nobody set. */
  readonly value: number | null;
  readonly status: BudgetStatus | undefined;
  /** Counts the changes of its spec, where what is remembered and the number are two writes; absent where they are one. */
  readonly generation?: number | undefined;
  /** How low it may go; `undefined`: not at all. */
  readonly floor: number | undefined;
  readonly want: Want;
}

/**
 * What to do, each in this order: what is remembered, then the number.
 *
 * | kind    | remembered     | number                          |
 * | ------- | -------------- | ------------------------------- |
 * | `hold`  | `status`       | `to`, unless it is that already |
 * | `restore` | `status`     | `to`                            |
 * | `finish` | as it is      | `to`: a leader ended between the two |
 * | `forget` | nothing       | as it is                        |
 */
export type BudgetStep =
  | { readonly kind: 'hold' | 'restore'; readonly status: BudgetStatus; readonly to: number | null }
  | { readonly kind: 'finish'; readonly to: number | null }
  | { readonly kind: 'forget' };

/** How something stands with its budgets, for people. */
export type BudgetState = 'free' | 'held' | 'let-go' | 'restored';

export interface BudgetMoment {
  /** Epoch milliseconds. */
  readonly now: number;
  /** For how long this process has seen the status as it is: a wall clock that was set back stops nothing. */
  readonly seenForMs: number;
}

/** The first wait before what was lowered is put back; each strike doubles it. */
export const FIRST_WAIT_MS = 5 * MINUTE_MS;
const LONGEST_WAIT_MS = 4 * HOUR_MS;
/** A budget that is over again so soon after it was put back is a strike. */
export const STRIKE_WITHIN_MS = HOUR_MS;
const MOST_STRIKES = 20;
/** What a leader that ended had begun is finished within so long; later the grid is another one. */
const FINISH_WITHIN_MS = 10 * MINUTE_MS;

/** How long something stays lowered at least. */
export function waitOf(strikes: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** Math.min(strikes, MOST_STRIKES), LONGEST_WAIT_MS);
}

/** `undefined`: nothing is to be done. */
export function stepOf(target: BudgetTarget, moment: BudgetMoment): BudgetStep | undefined {
  const { status, want } = target;
  if (!status) return want === 'hold' ? hold(target, { before: target.value, strikes: 0 }, moment) : undefined;
  if (want === 'drop') return { kind: 'forget' };
  return status.state === 'held' ? stepOfHeld(target, status, moment) : stepOfRestored(target, status, moment);
}

export function stateOf(target: Omit<BudgetTarget, 'floor' | 'want'>): BudgetState {
  const { value, status } = target;
  if (!status) return 'free';
  if (status.state === 'restored') return 'restored';
  return value === status.wrote || isUnfinished(target, status) ? 'held' : 'let-go';
}

/** Whether only the first of the two writes was done: neither the spec nor the number has changed since. */
function isUnfinished(
  { value, generation }: Pick<BudgetTarget, 'value' | 'generation'>,
  { state, before, wrote, generation: asOf }: BudgetStatus,
): boolean {
  return generation !== undefined && asOf === generation && value === (state === 'held' ? before : wrote);
}

function stepOfHeld(target: BudgetTarget, status: BudgetStatus, moment: BudgetMoment): BudgetStep | undefined {
  const { value, floor, want } = target;
  if (isUnfinished(target, status)) return stepOfIntent(target, status, moment);
  if (value === status.wrote) return stepOfOurs(target, status, moment);
  // Somebody else has written the number since: it is theirs until the budget is under.
  const isOver = want === 'end' || want === 'free' || floor === undefined;
  return isOver ? { kind: 'forget' } : undefined;
}

function stepOfIntent({ want, floor }: BudgetTarget, status: BudgetStatus, moment: BudgetMoment): BudgetStep {
  const isWanted = want === 'hold' || (want === 'keep' && elapsed(status, moment) < FINISH_WITHIN_MS);
  return isWanted && floor !== undefined ? { kind: 'finish', to: status.wrote } : { kind: 'forget' };
}

function stepOfOurs(target: BudgetTarget, status: BudgetStatus, moment: BudgetMoment): BudgetStep | undefined {
  const { value, floor, want } = target;
  if (want === 'end' || floor === undefined || floor >= highest(status.before)) return restore(target, status, moment);
  if (want === 'free' && elapsed(status, moment) >= waitOf(status.strikes)) return restore(target, status, moment);
  const isRaised = value !== null && floor > value;
  return want === 'hold' || isRaised ? hold(target, status, moment) : undefined;
}

function stepOfRestored(target: BudgetTarget, status: BudgetStatus, moment: BudgetMoment): BudgetStep | undefined {
  const { want, floor, value } = target;
  if (isUnfinished(target, status)) return { kind: 'finish', to: status.before };
  if (want === 'end' || floor === undefined) return { kind: 'forget' };
  const isRecent = elapsed(status, moment) < STRIKE_WITHIN_MS;
  if (want === 'hold') return hold(target, { before: value, strikes: isRecent ? status.strikes + 1 : 0 }, moment);
  return isRecent ? undefined : { kind: 'forget' };
}

/** A maximum that nobody set is above all. */
function highest(value: number | null): number {
  return value ?? Number.POSITIVE_INFINITY;
}

/** `undefined`: it is as low as it may be. */
function hold(
  { value, floor, generation }: BudgetTarget,
  { before, strikes }: Pick<BudgetStatus, 'before' | 'strikes'>,
  { now }: BudgetMoment,
): BudgetStep | undefined {
  if (floor === undefined || floor >= highest(before)) return undefined;
  const status: BudgetStatus = {
    state: 'held',
    before,
    wrote: floor,
    ...(generation !== undefined && { generation }),
    since: isoTime(now),
    strikes: Math.min(strikes, MOST_STRIKES),
  };
  return floor === value ? undefined : { kind: 'hold', status, to: floor };
}

function restore({ generation }: BudgetTarget, status: BudgetStatus, { now }: BudgetMoment): BudgetStep {
  const asOf = generation === undefined ? {} : { generation };
  return { kind: 'restore', status: { ...status, state: 'restored', since: isoTime(now), ...asOf }, to: status.before };
}

function elapsed({ since }: BudgetStatus, { now, seenForMs }: BudgetMoment): number {
  return Math.max(now - Date.parse(since), seenForMs);
}
