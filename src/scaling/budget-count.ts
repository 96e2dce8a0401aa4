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
 * What is unread for more than 3 looks is unknown, and counts from 0.
 */
export interface BudgetCount {
  /** kgCO2e an hour. */
  readonly limit: number;
  readonly over: number;
  readonly under: number;
  readonly unread: number;
  /** What was read last; gone once it is too old. */
  readonly reading: BudgetReading | undefined;
}

/** What the last looks say together. */
export type BudgetVerdict = 'over' | 'under' | 'between' | 'unknown';

/** A budget is under once it is below so much of its limit. */
export const RESTORE_SHARE = 0.8;
/** So many looks without a reading are bridged by the last one. */
const UNREAD_BRIDGED = 3;

export function countLook(
  before: BudgetCount | undefined,
  limit: number,
  reading: BudgetReading | undefined,
): BudgetCount {
  const last = before?.limit === limit ? before : { over: 0, under: 0, unread: 0, reading: undefined };
  const standing = reading && standingOf(reading, limit);
  if (reading === undefined || standing === 'unknown') return unread(last, limit, reading);
  return {
    limit,
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

function unread(last: Omit<BudgetCount, 'limit'>, limit: number, reading: BudgetReading | undefined): BudgetCount {
  const times = Math.min(last.unread + 1, UNREAD_BRIDGED + 1);
  if (times > UNREAD_BRIDGED || !last.reading) return { limit, over: 0, under: 0, unread: times, reading };
  return { ...last, limit, unread: times };
}

export function verdictOf({ over, under, unread, reading }: BudgetCount, holdCycles: number): BudgetVerdict {
  if (over >= holdCycles) return 'over';
  if (under >= holdCycles) return 'under';
  return reading === undefined || unread > UNREAD_BRIDGED ? 'unknown' : 'between';
}

/** Of a workload in several budgets: held while either is over, let go once none is anything but under. */
export function joinVerdicts(verdicts: readonly BudgetVerdict[]): BudgetVerdict | undefined {
  if (verdicts.includes('over')) return 'over';
  return (['unknown', 'between', 'under'] as const).find((one) => verdicts.includes(one));
}
