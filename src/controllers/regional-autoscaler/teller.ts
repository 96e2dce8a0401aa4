import { ApiError } from '../../cluster/api-error.ts';
import type { Clock } from '../pace.ts';
import type { Outcome } from '../rounds.ts';
import { byTurns } from './by-turns.ts';
import { createPatience } from './patience.ts';

/** Of one namespace in one round. */
const MOST_A_NAMESPACE = 25;
const REFUSED = { firstMs: 5_000, longestMs: 10 * 60_000 } as const;

/** One status, or the Events of one autoscaler. */
export interface Telling {
  readonly namespace: string;
  /** What a refusal is remembered of. */
  readonly of: WeakKey;
  readonly write: (signal: AbortSignal) => Promise<Outcome>;
}

interface TellingOutcome {
  /** Some are left, or were written by somebody else in between. */
  readonly isAgain: boolean;
  /** The first refusal; the others went on. */
  readonly failure: ApiError | undefined;
}

/**
 * Tells what was found and done, until another loop is due: in turns of namespaces, and of none more than a few a round. What is left is
 * told the next time; what the API server refuses is left alone for a while.
 */
export function createTeller({ clock }: { readonly clock: Pick<Clock, 'now'> }) {
  const patience = createPatience({ clock, ...REFUSED });

  async function tellOne({ of, write }: Telling, signal: AbortSignal): Promise<Outcome | ApiError> {
    try {
      const outcome = await write(signal);
      patience.taken(of);
      return outcome;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      patience.refused(of);
      return error;
    }
  }

  return {
    /** `until`: of the clock. */
    async tell(all: readonly Telling[], until: number, signal: AbortSignal): Promise<TellingOutcome> {
      const { items, left } = byTurns(
        all.filter(({ of }) => patience.mayTry(of)),
        MOST_A_NAMESPACE,
      );
      let isAgain = left > 0;
      let failure: ApiError | undefined;
      for (const one of items) {
        if (clock.now() >= until) return { isAgain: true, failure };
        const outcome = await tellOne(one, signal);
        if (outcome === 'again') isAgain = true;
        if (outcome instanceof ApiError) failure ??= outcome;
      }
      return { isAgain, failure };
    },
  };
}
