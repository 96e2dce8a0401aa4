/** What a budget's pods emit at one look. */
export interface BudgetReading {
  readonly kgPerHour: number;
  /** Pods of which nobody knows what they emit: the true value is at least `kgPerHour`. */
  readonly unknown: number;
}

/**
 * How often in a row a budget was over or under, by looks that are a loop apart:
 *
 * | at a look                                      | over | under | unread           |
 * | ---------------------------------------------- | ---- | ----- | ---------------- |
 * | above the limit, even without unknown pods      | +1   | 0     | 0                |
 * | below 80% of it, and all pods are known         | 0    | +1    | 0                |
 * | in between, all pods are known                 | 0    | 0     | 0                |
 * | not above it, and some pods are unknown         | kept | kept  | +1               |
 * | no reading at all                              | kept | kept  | +1               |
 * | the limit is another one than at the last look | from 0 | from 0 | 0             |
 *
 * What is unread for more than 3 looks is unknown, and counts from 0. What was over is held until it is under, so that all that goes
 * down does so, also where the first of it is enough.
 */
export interface BudgetCount {
  /** kgCO2e an hour. */
  readonly limit: number;
  readonly over: number;
  readonly under: number;
  readonly unread: number;
  /** What was read last; gone once it is too old. */
  readonly reading: BudgetReading | undefined;
  readonly verdict: BudgetVerdict;
}

/** What the last looks say together; `held`: it was over, and is not yet under. */
const BUDGET_VERDICTS = ['over', 'held', 'between', 'under', 'unknown'] as const;
export type BudgetVerdict = (typeof BUDGET_VERDICTS)[number];

/** Of one budget. */
interface BudgetTerms {
  readonly limit: number;
  /** So many looks in a row make it over, or under. */
  readonly holdCycles: number;
}

/** A budget is under once it is below so much of its limit. */
export const RESTORE_SHARE = 0.8;
/** So many looks without a reading are bridged by the last one. */
const UNREAD_BRIDGED = 3;

export function countLook(
  before: BudgetCount | undefined,
  { limit, holdCycles }: BudgetTerms,
  reading: BudgetReading | undefined,
): BudgetCount {
  const last = before?.limit === limit ? before : NOTHING;
  const counted = { limit, ...count(last, limit, reading) };
  return { ...counted, verdict: judge(counted, holdCycles, last.verdict) };
}

type Counted = Omit<BudgetCount, 'limit' | 'verdict'>;

const NOTHING = { over: 0, under: 0, unread: 0, reading: undefined, verdict: 'unknown' } as const;

function count(last: Counted, limit: number, reading: BudgetReading | undefined): Counted {
  const standing = reading && standingOf(reading, limit);
  if (reading === undefined || standing === 'unknown') return unread(last, reading);
  return {
    over: standing === 'over' ? last.over + 1 : 0,
    under: standing === 'under' ? last.under + 1 : 0,
    unread: 0,
    reading,
  };
}

function standingOf({ kgPerHour, unknown }: BudgetReading, limit: number): BudgetVerdict {
  if (kgPerHour > limit) return 'over';
  if (unknown > 0) return 'unknown';
  return kgPerHour < RESTORE_SHARE * limit ? 'under' : 'between';
}

function unread(last: Counted, reading: BudgetReading | undefined): Counted {
  const times = Math.min(last.unread + 1, UNREAD_BRIDGED + 1);
  if (times > UNREAD_BRIDGED || !last.reading) return { over: 0, under: 0, unread: times, reading };
  const { over, under, reading: bridged } = last;
  return { over, under, unread: times, reading: bridged };
}

function judge({ over, under, unread, reading }: Counted, holdCycles: number, before: BudgetVerdict): BudgetVerdict {
  if (over >= holdCycles) return 'over';
  if (under >= holdCycles) return 'under';
  if (reading === undefined || unread > UNREAD_BRIDGED) return 'unknown';
  return before === 'over' || before === 'held' ? 'held' : 'between';
}

/** Whether a budget holds down what may be. */
export function isHolding(verdict: BudgetVerdict): boolean {
  return verdict === 'over' || verdict === 'held';
}

/** Of a workload in several budgets: held while either is over, let go once none is anything but under. */
export function joinVerdicts(verdicts: readonly BudgetVerdict[]): BudgetVerdict | undefined {
  return (['over', 'held', 'unknown', 'between', 'under'] as const).find((one) => verdicts.includes(one));
}
