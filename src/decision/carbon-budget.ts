import { ANNOTATION_PREFIX } from './namespace-record.ts';

/** On a namespace, Deployment or StatefulSet: what its pods may emit, kgCO2e an hour. */
export const CARBON_BUDGET = `${ANNOTATION_PREFIX}carbon-budget`;
/** On a Deployment or StatefulSet: how far down it may be scaled while a budget is exceeded. */
export const MIN_REPLICAS = `${ANNOTATION_PREFIX}min-replicas`;
/** On what is scaled: what was there before, and what was written. */
export const BUDGET_STATUS = `${ANNOTATION_PREFIX}budget-status`;

/** Nobody needs as many digits, and regular expressions take their time. */
const LONGEST_BUDGET = 40;
/** More than any cluster emits, kgCO2e an hour. */
const MOST_KG = 1_000_000;

/** kgCO2e an hour of `0.5` or `500g`; undefined where it is no budget: it must be above 0. */
export function parseCarbonBudget(text: string): number | undefined {
  if (text.length > LONGEST_BUDGET) return undefined;
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*(kg|g)?\s*$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  const kg = Number(number) / (unit === 'g' ? 1_000 : 1);
  return kg > 0 && kg <= MOST_KG ? kg : undefined;
}

/** No Deployment that a person minds has more. */
const MOST_REPLICAS = 100_000;

/** A whole number of replicas, 0 or more; undefined of anything else. */
export function parseMinReplicas(text: string): number | undefined {
  const trimmed = text.trim();
  const replicas = /^\d{1,6}$/.test(trimmed) ? Number(trimmed) : Number.POSITIVE_INFINITY;
  return replicas <= MOST_REPLICAS ? replicas : undefined;
}
