import type { OptionValues } from '../../config/options.ts';
import { REGION_SOURCE_OPTIONS } from '../../world/options.ts';

export const WAIT_OPTIONS = [
  'runRegion',
  'duration',
  'within',
  'deadline',
  'minSaving',
  'print',
  ...REGION_SOURCE_OPTIONS,
  'kubeconfig',
  'context',
  'output',
] as const;

export type WaitValues = OptionValues<(typeof WAIT_OPTIONS)[number]>;
