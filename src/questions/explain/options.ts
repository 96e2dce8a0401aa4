import type { OptionValues } from '../../config/options.ts';

/** Namespaces come from the cluster alone. */
export const EXPLAIN_OPTIONS = [
  'kubeconfig',
  'context',
  'explainNamespace',
  'output',
  'regions',
  'config',
  'policySignal',
  'regionLabel',
  'defaultRegion',
  'killSwitch',
] as const;

export type ExplainValues = OptionValues<(typeof EXPLAIN_OPTIONS)[number]>;

export const EXPLAINED_KINDS = ['pod', 'deployment', 'replicaset', 'statefulset', 'job', 'cronjob'] as const;
export type ExplainedKind = (typeof EXPLAINED_KINDS)[number];
