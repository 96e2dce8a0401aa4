import type { OptionValues } from '../../config/options.ts';

export const BUDGET_OPTIONS = [
  'groupBy',
  'explainNamespace',
  'allNamespaces',
  'prometheusUrl',
  'prometheusQuery',
  'config',
  'regions',
  'powerTable',
  'kubeconfig',
  'context',
  'policySignal',
  'regionLabel',
  'output',
] as const;

export type BudgetValues = OptionValues<(typeof BUDGET_OPTIONS)[number]>;
