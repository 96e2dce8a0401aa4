import type { OptionValues } from '../../config/options.ts';

export const WAITING_OPTIONS = [
  'kubeconfig',
  'context',
  'explainNamespace',
  'allNamespaces',
  'selector',
  'watch',
  'listOutput',
] as const;

export type WaitingValues = OptionValues<(typeof WAITING_OPTIONS)[number]>;
