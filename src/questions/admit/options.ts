import type { OptionValues } from '../../config/options.ts';

export const ADMIT_OPTIONS = [
  'filename',
  'namespace',
  'regions',
  'namespaces',
  'config',
  'regionLabel',
  'defaultRegion',
  'policySignal',
  'output',
] as const;

export type AdmitValues = OptionValues<(typeof ADMIT_OPTIONS)[number]>;
