import assert from 'node:assert/strict';
import type { Rendered } from '../cluster/rendered-manifests.ts';

/**
 * By name: rises by one with each change of a spec (of a Deployment also with one of annotations, but through its status). The audit log
 * cannot tell that: of a request whose client was killed it says 504, whether or not etcd had it by then.
 */
export type Generations = Readonly<Record<string, number>>;

export function generationsOf(objects: readonly Rendered[]): Generations {
  return Object.fromEntries(objects.map(({ metadata }) => [metadata.name, metadata.generation]));
}

/** How often the spec of each was changed since, by name. */
export function changesSince(before: Generations, objects: readonly Rendered[]): Readonly<Record<string, number>> {
  const after = generationsOf(objects);
  return Object.fromEntries(Object.entries(before).map(([name, from]) => [name, (after[name] ?? Number.NaN) - from]));
}

export function assertEachChangedOnce(before: Generations, objects: readonly Rendered[]): void {
  const once = Object.fromEntries(Object.keys(before).map((name) => [name, 1]));
  assert.deepEqual(changesSince(before, objects), once);
}

/** That nothing was done more often, also what changed nothing: `done` has a name for each time. */
export function assertMostTimes(most: number, done: readonly string[]): void {
  const often = [...Map.groupBy(done, (name) => name)].filter(([, times]) => times.length > most);
  assert.deepEqual(
    often.map(([name, times]) => `${name} ${times.length} times`),
    [],
  );
}
