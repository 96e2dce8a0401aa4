import type { OptionValues } from '../config/options.ts';
import type { Environment } from '../config/read-options.ts';

export const PREFLIGHT_OPTIONS = [
  'nodesFile',
  'kubeconfig',
  'context',
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

/** To be built. */
export async function preflight(_values: PreflightValues, _env: Environment): Promise<number> {
  throw new Error('not built yet');
}
