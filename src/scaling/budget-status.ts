import { z } from 'zod';
import { keptOwners, readKept } from './kept-owners.ts';
import { MOST_REPLICAS, MOST_TARGETS } from './regional-autoscaler.ts';

/** On what a carbon budget scales: a Deployment, a StatefulSet, a HorizontalPodAutoscaler, a RegionalAutoscaler. */
export const BUDGET_STATUS = 'gridgate.dev/budget-status';
/** What the guard lets through, in characters; of a RegionalAutoscaler all targets together. */
export const LONGEST_BUDGET_STATUS = 4_096;
export const LONGEST_TARGET_STATUSES = 32_768;

const amount = z.int().min(0).max(MOST_REPLICAS);

const fields = {
  /** `held`: `wrote` stands there, or is about to; `restored`: `before` did again; `let-go`: somebody else wrote another number. */
  state: z.enum(['held', 'restored', 'let-go']),
  /** What its owner had; `null`: no maximum, which a target of a RegionalAutoscaler need not have. */
  before: amount.nullable(),
  wrote: amount,
  /** What stood there when this was written, where that was another number of ours. */
  from: amount.optional(),
  /** `metadata.generation` that the intent was made of: another one, and it is done, or a person acted. */
  generation: z.int().min(0).optional(),
  /** RFC 3339: since when it is in this state. */
  since: z.iso.datetime({ offset: true }),
  /** How often it was over again soon after it was restored. */
  strikes: z.int().min(0).max(100),
  /** Whose the field was, where it was taken by server-side apply. */
  owners: keptOwners.optional(),
};
const budgetStatus = z.object({ version: z.literal(1), ...fields });
const targetStatuses = z.object({
  version: z.literal(1),
  targets: z.record(z.string(), z.object(fields)).refine((all) => Object.keys(all).length <= MOST_TARGETS),
});

/** What a budget did to one number of replicas, or is about to. */
export type BudgetStatus = Omit<z.infer<typeof budgetStatus>, 'version'>;
/** Of a RegionalAutoscaler, by the Deployments that its targets name. */
export type TargetStatuses = Readonly<Record<string, BudgetStatus>>;

/** The annotation's text. Its order is fixed: up to `wrote` the guard compares it. */
export function formatBudgetStatus(status: BudgetStatus): string {
  return JSON.stringify({ version: 1, ...inOrder(status) });
}

/** The same on a RegionalAutoscaler. */
export function formatTargetStatuses(targets: TargetStatuses): string {
  const ordered = Object.entries(targets).map(([deployment, status]) => [deployment, inOrder(status)]);
  return JSON.stringify({ version: 1, targets: Object.fromEntries(ordered) });
}

/** Reads it; `undefined` where there is none, or what gridgate never writes: that is put back nowhere. */
export function parseBudgetStatus(text: string | undefined): BudgetStatus | undefined {
  const read = readKept(budgetStatus, text, LONGEST_BUDGET_STATUS);
  if (!read) return undefined;
  const { version, ...status } = read;
  return status;
}

/** The same of a RegionalAutoscaler. */
export function parseTargetStatuses(text: string | undefined): TargetStatuses | undefined {
  return readKept(targetStatuses, text, LONGEST_TARGET_STATUSES)?.targets;
}

/** Whether a number is one that a budget wrote, and nobody else since. */
export function isOfBudget(value: number | null | undefined, { state, wrote, from }: BudgetStatus): boolean {
  return state === 'held' && typeof value === 'number' && (value === wrote || value === from);
}

function inOrder({ state, before, wrote, from, generation, since, strikes, owners }: BudgetStatus) {
  return { state, before, wrote, from, generation, since, strikes, owners };
}
