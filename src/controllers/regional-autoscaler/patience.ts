import type { Clock } from '../pace.ts';

interface PatienceDeps {
  readonly clock: Pick<Clock, 'now'>;
  /** How long what was refused is left alone: twice as long each time, up to the longest. */
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Remembers of each of many things how long it is left alone, for as long as somebody else remembers the thing. */
export function createPatience<T extends WeakKey>({ clock, firstMs, longestMs }: PatienceDeps) {
  const waits = new WeakMap<T, { readonly until: number; readonly ms: number }>();
  return {
    mayTry: (of: T) => clock.now() >= (waits.get(of)?.until ?? Number.NEGATIVE_INFINITY),
    refused(of: T) {
      const ms = Math.min(longestMs, 2 * (waits.get(of)?.ms ?? firstMs / 2));
      waits.set(of, { until: clock.now() + ms, ms });
    },
    taken: (of: T) => void waits.delete(of),
  };
}
