import type { OptionValues } from '../../config/options.ts';

export const SIMULATE_OPTIONS = [
  'intensity',
  'jobs',
  'home',
  'slack',
  'everyHour',
  'length',
  'capacity',
  'price',
  'powerTable',
  'html',
  'output',
] as const;

export type SimulateValues = OptionValues<(typeof SIMULATE_OPTIONS)[number]>;
