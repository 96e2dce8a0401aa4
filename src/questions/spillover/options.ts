import type { OptionValues } from '../../config/options.ts';

export const SPILLOVER_OPTIONS = [
  'region',
  'to',
  'start',
  'end',
  'factor',
  'kwhPerGb',
  'baselineKg',
  'bytes',
  'fromFile',
  'cloudwatch',
  'endpoint',
  'prometheusUrl',
  'prometheusQuery',
  'allow',
  'maxLatency',
  'regions',
  'config',
  'kubeconfig',
  'context',
  'policySignal',
  'regionLabel',
  'output',
] as const;

export type SpilloverValues = OptionValues<(typeof SPILLOVER_OPTIONS)[number]>;
