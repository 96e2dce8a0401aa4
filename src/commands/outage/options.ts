import type { OptionValues } from '../../config/options.ts';

export const OUTAGE_ACTIONS = ['set', 'clear', 'list'] as const;
export type OutageAction = (typeof OUTAGE_ACTIONS)[number];

export const OUTAGE_OPTIONS = ['kubeconfig', 'context', 'reason', 'until', 'namedOutput', 'watch'] as const;
export type OutageValues = OptionValues<(typeof OUTAGE_OPTIONS)[number]>;
