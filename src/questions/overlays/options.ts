import type { OptionValues } from '../../config/options.ts';

export const OVERLAYS_OPTIONS = [
  'carbonPrice',
  'overlayMode',
  'instanceTypes',
  'fromCluster',
  'overlayFiles',
  'regions',
  'zoneRegions',
  'utilisation',
  'embodiedTable',
  'powerTable',
  'unknownTypes',
  'compose',
  'weightRange',
  'explainPrices',
  'config',
  'kubeconfig',
  'context',
  'policySignal',
  'regionLabel',
  'overlayOutput',
] as const;

export type OverlaysValues = OptionValues<(typeof OVERLAYS_OPTIONS)[number]>;
