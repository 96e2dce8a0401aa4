import type { Clock } from '../pace.ts';
import { type Lowered, loweredKey } from './targets.ts';

/** For how long this process has seen what is remembered on objects as it is: on a clock that nobody sets. */
export function createSeenSince(clock: Pick<Clock, 'now'>) {
  let seen = new Map<string, { readonly status: string; readonly at: number }>();

  const statusIn = ({ status }: Lowered) => `${status?.state} ${status?.since}`;

  return {
    /** Takes note of all that there are, and forgets those that are gone. */
    keep(all: readonly Lowered[]): void {
      const next = new Map<string, { readonly status: string; readonly at: number }>();
      for (const one of all.filter(({ status }) => status !== undefined)) {
        const [key, status] = [loweredKey(one), statusIn(one)];
        const before = seen.get(key);
        next.set(key, before?.status === status ? before : { status, at: clock.now() });
      }
      seen = next;
    },
    forMs(one: Lowered): number {
      const found = seen.get(loweredKey(one));
      return found?.status === statusIn(one) ? clock.now() - found.at : 0;
    },
    forget: () => seen.clear(),
  };
}
