import { CARBON_BEFORE, CARBON_STATUS } from '../../capacity/pool-memory.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { toCarbonPool } from './carbon-pool.ts';
import { endOf } from './plan.ts';
import { type PoolPatch, putBackPatch, releasePatch } from './pool-writes.ts';
import { nameField } from './show-field.ts';
import { CARBON_AWARE } from './wish.ts';

/**
 * What of ours is on a NodePool, and a merge patch towards a NodePool without it; the answer to that one may need another. `undefined`:
 * nothing is.
 */
export function traceOfPool(
  object: KubeObject,
): { readonly what: readonly string[]; readonly patch: PoolPatch } | undefined {
  const pool = toCarbonPool(object);
  const step = endOf(pool);
  if (!step) return undefined;
  const marks = [CARBON_BEFORE, CARBON_STATUS].filter((key) => pool.annotations[key] !== undefined);
  const isForged = (key: string) => key === CARBON_BEFORE && !pool.hold;
  const annotations = marks.map((key) => `annotation ${key}${isForged(key) ? ', which gridgate did not write' : ''}`);
  if (step.kind === 'put-back')
    return {
      what: [`put back: ${nameField(step.hold)}`, ...annotations],
      patch: putBackPatch(object, step.hold, undefined),
    };
  const hold = step.kind === 'release' ? step.hold : undefined;
  // What stands in a field whose annotation somebody took away stays.
  const fields = hold ? [] : pool.fieldsOfOurs.map((field) => `the mark on spec.${field}, which stays as it is`);
  return { what: [...fields, ...annotations], patch: releasePatch(object, hold, undefined) };
}

/** Whether its owner asks for it to follow the grid. */
export function asksToFollow({ annotations = {} }: KubeObject['metadata']): boolean {
  return annotations[CARBON_AWARE] !== undefined;
}
