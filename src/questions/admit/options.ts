import type { OptionValues } from '../../config/options.ts';

export const ADMIT_OPTIONS = [
  'filename',
  'namespace',
  'regions',
  'namespaces',
  'kubeconfig',
  'context',
  'config',
  'regionLabel',
  'defaultRegion',
  'policySignal',
  'killSwitch',
  'output',
] as const;

export type AdmitValues = OptionValues<(typeof ADMIT_OPTIONS)[number]>;
