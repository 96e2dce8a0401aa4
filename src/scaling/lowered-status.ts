import {
  BUDGET_STATUS,
  type BudgetStatus,
  formatBudgetStatus,
  formatTargetStatuses,
  parseBudgetStatus,
  parseTargetStatuses,
  type TargetStatuses,
} from './budget-status.ts';

type Annotations = Readonly<Record<string, string>>;

/** What a budget remembers of one number: a text that is not as gridgate writes it, and what lowers nothing, is not its own. */
export function loweredStatus({ [BUDGET_STATUS]: text }: Annotations): BudgetStatus | undefined {
  const status = parseBudgetStatus(text);
  if (!status || status.before === null || formatBudgetStatus(status) !== text) return undefined;
  return lowers(status) ? status : undefined;
}

/** The same of the targets of a RegionalAutoscaler, which need not have had a maximum. */
export function loweredTargets({ [BUDGET_STATUS]: text }: Annotations): TargetStatuses {
  const statuses = parseTargetStatuses(text);
  if (!statuses || formatTargetStatuses(statuses) !== text) return {};
  return Object.fromEntries(Object.entries(statuses).filter(([, status]) => lowers(status)));
}

function lowers({ before, wrote, from = wrote }: BudgetStatus): boolean {
  return before === null || before > Math.max(wrote, from);
}
