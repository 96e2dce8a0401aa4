import type { OptionValues } from '../../config/options.ts';
import { REGION_SOURCE_OPTIONS } from '../../world/options.ts';

export const REGIONS_OPTIONS = [
  ...REGION_SOURCE_OPTIONS,
  'kubeconfig',
  'context',
  'systemNamespace',
  'regionLabel',
  'check',
  'listOutput',
  'watch',
  'format',
] as const;

export type RegionsValues = OptionValues<(typeof REGIONS_OPTIONS)[number]>;

export const WEIGHTS_OPTIONS = [...REGION_SOURCE_OPTIONS, 'kubeconfig', 'context', 'lbsPerMwh', 'output'] as const;

export type WeightsValues = OptionValues<(typeof WEIGHTS_OPTIONS)[number]>;
