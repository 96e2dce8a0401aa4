import type { OptionValues } from '../../config/options.ts';

export const CHECK_OPTIONS = [
  'kubeconfig',
  'context',
  'checkNamespace',
  'systemNamespace',
  'regionLabel',
  'waitUntilWorks',
  'installationOnly',
  'output',
] as const;

export type CheckValues = OptionValues<(typeof CHECK_OPTIONS)[number]>;
