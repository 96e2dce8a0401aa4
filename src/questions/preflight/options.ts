import type { OptionValues } from '../../config/options.ts';

export const PREFLIGHT_OPTIONS = [
  'nodesFile',
  'kubeconfig',
  'context',
  'selector',
  'targetVersion',
  'baselineWatts',
  'maxIncrease',
  'staticFactor',
  'assumePolicy',
  'powerTable',
  'prometheusUrl',
  'prometheusQuery',
  'compare',
  'regions',
  'config',
  'policySignal',
  'regionLabel',
  'output',
] as const;

export type PreflightValues = OptionValues<(typeof PREFLIGHT_OPTIONS)[number]>;
