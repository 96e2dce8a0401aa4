import type { OptionValues } from '../config/options.ts';
import type { Environment, Origins } from '../config/read-options.ts';
import { WORLD_OPTIONS } from './load-world.ts';

export const EXPLAIN_OPTIONS = [...WORLD_OPTIONS, 'explainNamespace', 'output'] as const;

export const EXPLAINED_KINDS = ['pod', 'deployment', 'replicaset', 'statefulset', 'job', 'cronjob'] as const;

export type ExplainValues = OptionValues<(typeof EXPLAIN_OPTIONS)[number]>;

/** To be built. */
export async function explain(
  _values: ExplainValues,
  _env: Environment,
  _origins: Origins,
  _args: readonly string[],
): Promise<number> {
  throw new Error('not built yet');
}
