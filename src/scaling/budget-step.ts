import { HOUR_MS, isoTime, MINUTE_MS } from '../units/moment.ts';
import { type BudgetStatus, isOfBudget } from './budget-status.ts';
import { MOST_REPLICAS } from './regional-autoscaler.ts';

/**
 * What is to become of something that a budget scales:
 *
 * | want   | because                                             |
 * | ------ | --------------------------------------------------- |
 * | `hold` | a budget of it is over                              |
 * | `free` | all its budgets are under                           |
 * | `keep` | neither, or nobody knows                            |
 * | `end`  | no budget concerns it any more, or none is to be kept |
 * | `drop` | its replicas are somebody else's from now on: an autoscaler's |
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
 * What to do. On the way down what is remembered is written first, on the way back last: whoever ends in between has it done again.
 *
 * | kind      | remembered   | number                                    |
 * | --------- | ------------ | ----------------------------------------- |
 * | `hold`    | first        | then `to`                                 |
 * | `restore` | last         | first `to`, unless it is that already     |
 * | `let-go`  | `status`     | as it is: somebody else's                 |
 * | `finish`  | as it is     | `to`: a leader ended between the two      |
 * | `forget`  | nothing      | as it is                                  |
 */
export type BudgetStep =
  | { readonly kind: 'hold' | 'restore'; readonly status: BudgetStatus; readonly to: number | null }
  | { readonly kind: 'let-go'; readonly status: BudgetStatus }
  | { readonly kind: 'finish'; readonly to: number | null }
  | { readonly kind: 'forget' };

/** How something stands with its budgets, for people. */
export type BudgetState = 'free' | 'held' | 'let-go' | 'restored';

interface BudgetMoment {
  /** Epoch milliseconds. */
  readonly now: number;
  /** For how long this process has seen the status as it is: a wall clock that was set back stops nothing. */
  readonly seenForMs: number;
}

/** The first wait before what was lowered is put back; each strike doubles it. */
export const FIRST_WAIT_MS = 5 * MINUTE_MS;
const LONGEST_WAIT_MS = 4 * HOUR_MS;
/** A budget that is over again so soon after it was put back is a strike. */
const STRIKE_WITHIN_MS = HOUR_MS;
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
  if (status.state === 'held') return stepOfHeld(target, status, moment);
  if (status.state === 'restored') return stepOfRestored(target, status, moment);
  return isOver(target) || want === 'free' ? { kind: 'forget' } : undefined;
}

export function stateOf(target: Omit<BudgetTarget, 'floor' | 'want'>): BudgetState {
  const { value, status } = target;
  if (!status) return 'free';
  if (status.state !== 'held') return status.state;
  return isOfBudget(value, status) || isNeverScaled(target, status) ? 'held' : 'let-go';
}

/** Whether a budget has no more to say about it. */
function isOver({ want, floor }: BudgetTarget): boolean {
  return want === 'end' || want === 'drop' || floor === undefined;
}

/** Whether the intent alone was written: scaling it and putting it back would have changed the spec twice. */
function isNeverScaled(
  { value, generation }: Pick<BudgetTarget, 'value' | 'generation'>,
  { before, generation: asOf }: BudgetStatus,
): boolean {
  return value === before && generation !== undefined && asOf !== undefined && generation <= asOf + 1;
}

/** Whether nothing has changed since the intent was written. */
function isAsRead({ generation, floor }: BudgetTarget, { generation: asOf, wrote }: BudgetStatus): boolean {
  return generation !== undefined && generation === asOf && floor === wrote;
}

function stepOfHeld(target: BudgetTarget, status: BudgetStatus, moment: BudgetMoment): BudgetStep | undefined {
  if (isOfBudget(target.value, status)) return stepOfOurs(target, status, moment);
  if (isNeverScaled(target, status)) return stepOfIntent(target, status, moment);
  if (isPutBack(target, status, moment)) return restore(target, status, moment);
  const isTheirs = target.want === 'hold' || (target.want === 'keep' && target.value !== status.before);
  if (isOver(target) || target.want === 'free') return { kind: 'forget' };
  return isTheirs ? letGo(status, moment) : undefined;
}

/** Whether a leader ended after it had put a number back, and before that was remembered. */
function isPutBack(target: BudgetTarget, status: BudgetStatus, moment: BudgetMoment): boolean {
  const { value, generation, want } = target;
  const isDue = isOver(target) || (want === 'free' && elapsed(status, moment) >= waitOf(status.strikes));
  return value === status.before && generation !== undefined && isDue;
}

function stepOfIntent(target: BudgetTarget, status: BudgetStatus, moment: BudgetMoment): BudgetStep | undefined {
  const { want, value } = target;
  if (isOver(target) || want === 'free') return { kind: 'forget' };
  if (isAsRead(target, status) && (want === 'hold' || elapsed(status, moment) < FINISH_WITHIN_MS))
    return { kind: 'finish', to: status.wrote };
  const anew = { before: value, strikes: status.strikes };
  return (want === 'hold' ? hold(target, anew, moment) : undefined) ?? { kind: 'forget' };
}

function stepOfOurs(target: BudgetTarget, status: BudgetStatus, moment: BudgetMoment): BudgetStep | undefined {
  const { value, floor, want } = target;
  if (isOver(target) || highest(floor ?? null) >= highest(status.before)) return restore(target, status, moment);
  if (want === 'free' && elapsed(status, moment) >= waitOf(status.strikes)) return restore(target, status, moment);
  const isRaised = value !== null && floor !== undefined && floor > value;
  if (want !== 'hold' && !isRaised) return undefined;
  if (value !== status.wrote && isAsRead(target, status)) return { kind: 'finish', to: status.wrote };
  return hold(target, status, moment);
}

function stepOfRestored(target: BudgetTarget, status: BudgetStatus, moment: BudgetMoment): BudgetStep | undefined {
  const { want, value } = target;
  if (isOver(target)) return { kind: 'forget' };
  const isRecent = elapsed(status, moment) < STRIKE_WITHIN_MS;
  if (want === 'hold') return hold(target, { before: value, strikes: isRecent ? status.strikes + 1 : 0 }, moment);
  return isRecent ? undefined : { kind: 'forget' };
}

/** Whether it has more than can be remembered: nothing lowers it. */
export function isTooLarge({ value }: Pick<BudgetTarget, 'value'>): boolean {
  return value !== null && value > MOST_REPLICAS;
}

/** A maximum that nobody set is above all. */
function highest(value: number | null): number {
  return value ?? Number.POSITIVE_INFINITY;
}

/** `undefined`: it is as low as it may be, or larger than what can be remembered. */
function hold(
  target: BudgetTarget,
  { before, strikes }: Pick<BudgetStatus, 'before' | 'strikes'>,
  { now }: BudgetMoment,
): BudgetStep | undefined {
  const { value, floor, generation } = target;
  if (floor === undefined || floor >= highest(before) || floor === value || isTooLarge(target)) return undefined;
  const isTwoWrites = generation !== undefined;
  const status: BudgetStatus = {
    state: 'held',
    before,
    wrote: floor,
    ...(isTwoWrites && value !== null && value !== before && { from: value }),
    ...(isTwoWrites && { generation }),
    since: isoTime(now),
    strikes: Math.min(strikes, MOST_STRIKES),
  };
  return { kind: 'hold', status, to: floor };
}

function restore({ generation }: BudgetTarget, status: BudgetStatus, { now }: BudgetMoment): BudgetStep {
  const asOf = generation === undefined ? {} : { generation };
  return { kind: 'restore', status: { ...status, state: 'restored', since: isoTime(now), ...asOf }, to: status.before };
}

function letGo(status: BudgetStatus, { now }: BudgetMoment): BudgetStep {
  return { kind: 'let-go', status: { ...status, state: 'let-go', since: isoTime(now) } };
}

function elapsed({ since }: BudgetStatus, { now, seenForMs }: BudgetMoment): number {
  return Math.max(now - Date.parse(since), seenForMs);
}
