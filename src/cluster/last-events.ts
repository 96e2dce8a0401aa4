import type { Watched } from './watched-resource.ts';

/** Epoch milliseconds of the last sign of life (page, accepted watch, event or bookmark), by resource; absent before the first. */
export type LastEvents = Readonly<Partial<Record<Watched, number>>>;

/** All of these in one; of a resource that is watched more than once, the watch that has been silent longest counts. */
export function joinLastEvents(parts: readonly (LastEvents | undefined)[]): LastEvents {
  const joined: Partial<Record<Watched, number>> = {};
  for (const [name, at] of parts.flatMap((part) => Object.entries(part ?? {}))) {
    const resource = name as Watched;
    joined[resource] = Math.min(at, joined[resource] ?? at);
  }
  return joined;
}
