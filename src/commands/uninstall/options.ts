import type { OptionValues } from '../../config/options.ts';

export const UNINSTALL_OPTIONS = [
  'kubeconfig',
  'context',
  'dryRun',
  'yes',
  'andRegions',
  'andPolicies',
  'andSettings',
  'beforeHelm',
  'installedIn',
] as const;
export type UninstallValues = OptionValues<(typeof UNINSTALL_OPTIONS)[number]>;
