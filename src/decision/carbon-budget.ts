import { ANNOTATION_PREFIX } from './namespace-record.ts';

/** On a namespace, Deployment or StatefulSet: what its pods may emit, kgCO2e an hour. */
export const CARBON_BUDGET = `${ANNOTATION_PREFIX}carbon-budget`;
/** On a Deployment or StatefulSet: how far down it may be scaled while a budget is exceeded. */
export const MIN_REPLICAS = `${ANNOTATION_PREFIX}min-replicas`;

/** Nobody needs as many digits, and regular expressions take their time. */
const LONGEST_BUDGET = 40;
/** More than any cluster emits, kgCO2e an hour. */
const MOST_KG = 1_000_000;
/** No Deployment that a person minds has more. */
const MOST_REPLICAS = 100_000;

/** What they accept, in words. */
export const BUDGET_WORDS = {
  [CARBON_BUDGET]: `kgCO2e an hour above 0 and at most ${MOST_KG}, such as 0.5 or 500g`,
  [MIN_REPLICAS]: `a whole number of replicas from 0 to ${MOST_REPLICAS}, such as 1`,
} as const;

/** kgCO2e an hour of `0.5` or `500g`; undefined where it is no budget: it must be above 0. */
export function parseCarbonBudget(text: string): number | undefined {
  if (text.length > LONGEST_BUDGET) return undefined;
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*(kg|g)?\s*$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  const kg = Number(number) / (unit === 'g' ? 1_000 : 1);
  return kg > 0 && kg <= MOST_KG ? kg : undefined;
}

/** A whole number of replicas, 0 or more; undefined of anything else. */
export function parseMinReplicas(text: string): number | undefined {
  const replicas = /^\s*\d{1,6}\s*$/.test(text.slice(0, LONGEST_BUDGET)) ? Number(text) : Number.POSITIVE_INFINITY;
  return replicas <= MOST_REPLICAS ? replicas : undefined;
}

/** Annotations of namespaces that are no part of its policy, without their prefix. */
export const BESIDE_POLICY: readonly string[] = ['carbon-budget', 'paused'];
/** Annotations of Deployments and StatefulSets themselves, without their prefix. */
export const WORKLOAD_KEYS: readonly string[] = ['carbon-budget', 'min-replicas', 'paused'];

/** One mistake in what is written of budgets. */
interface BudgetIssue {
  readonly key: string;
  readonly value: string;
  readonly allowed: string;
}

const PARSERS = [
  [CARBON_BUDGET, parseCarbonBudget],
  [MIN_REPLICAS, parseMinReplicas],
] as const;

/** What is wrong with the annotations that a budget reads of a namespace or workload. */
export function budgetIssues(annotations: Readonly<Record<string, unknown>>): readonly BudgetIssue[] {
  return PARSERS.flatMap(([key, parse]) => {
    const value = Object.hasOwn(annotations, key) ? annotations[key] : undefined;
    if (typeof value !== 'string' || parse(value) !== undefined) return [];
    return [{ key, value, allowed: BUDGET_WORDS[key] }];
  });
}
