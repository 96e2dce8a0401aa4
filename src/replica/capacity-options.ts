import { longFlag } from '../config/option.ts';
import { OPTIONS } from '../config/options.ts';
import type { CapacityMode } from '../units/capacity-mode.ts';
import type { ServeValues } from './serve-options.ts';

const CAPACITY_OPTIONS = [
  'nodePools',
  'nodeOverlays',
  'priorityExpander',
  'regionalAutoscaler',
  'carbonBudgets',
] as const;

/** Options that have controllers move what runs in a cluster. */
export type CapacityOption = (typeof CAPACITY_OPTIONS)[number];

/** Those that are not off, by their flags: `--carbon-budgets`. */
export function switchedOn(values: { readonly [K in CapacityOption]?: ServeValues[K] | undefined }) {
  const modes = CAPACITY_OPTIONS.map((option) => [longFlag(OPTIONS[option].flags), values[option] ?? 'off'] as const);
  return new Map<string, CapacityMode>(modes.filter(([, mode]) => mode !== 'off'));
}
