import type { OptionValues } from '../../config/options.ts';

export const RELEASE_OPTIONS = [
  'kubeconfig',
  'context',
  'explainNamespace',
  'allNamespaces',
  'selector',
  'overdue',
  'allWaiting',
  'dryRun',
  'releaseYes',
  'namedOutput',
  'systemNamespace',
  'killSwitch',
  'policySignal',
  'regionLabel',
  'defaultRegion',
] as const;

export type ReleaseValues = OptionValues<(typeof RELEASE_OPTIONS)[number]>;
