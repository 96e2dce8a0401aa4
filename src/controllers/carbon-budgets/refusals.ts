import type { Logger } from 'pino';
import type { ApiError } from '../../cluster/api-error.ts';
import { MINUTE_MS } from '../../units/moment.ts';
import type { Clock } from '../pace.ts';
import { type Lowered, loweredKey } from './targets.ts';

/** What the API server, or who stands before it, refused last. */
export interface Refused {
  readonly one: Lowered;
  readonly message: string;
}

interface Refusal {
  readonly message: string;
  readonly times: number;
  readonly until: number;
}

const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 10 * MINUTE_MS;

/** Objects whose writes are refused are tried again later and later, each by itself. */
export function createRefusals({ clock, log }: { readonly clock: Pick<Clock, 'now'>; readonly log: Logger }) {
  const refusals = new Map<string, Refusal>();
  return {
    mayTry: (one: Lowered): boolean => (refusals.get(loweredKey(one))?.until ?? 0) <= clock.now(),
    note(one: Lowered, { message }: ApiError): void {
      const times = (refusals.get(loweredKey(one))?.times ?? 0) + 1;
      const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (times - 1), LONGEST_WAIT_MS);
      refusals.set(loweredKey(one), { message, times, until: clock.now() + waitMs });
      const { kind, namespace, name } = one;
      if (times === 1)
        log.warn({ kind, namespace, object: name, failure: message }, 'a carbon budget cannot scale this');
    },
    forgive: (one: Lowered) => void refusals.delete(loweredKey(one)),
    /** Those of what there still is. */
    of(all: readonly Lowered[]): readonly Refused[] {
      const there = new Map(all.map((one) => [loweredKey(one), one]));
      for (const key of refusals.keys()) if (!there.has(key)) refusals.delete(key);
      return Array.from(refusals, ([key, { message }]) => ({ one: there.get(key) as Lowered, message }));
    },
    forget: () => refusals.clear(),
  };
}
