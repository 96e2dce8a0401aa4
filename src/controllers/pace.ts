import { pauseFor } from '../cluster/pause.ts';

/** Time that only goes forward, and waiting in it. */
export interface Clock {
  /** Milliseconds since any fixed moment. */
  now(): number;
  /** Rejects when aborted. */
  pause(ms: number, signal: AbortSignal): Promise<unknown>;
}

export const MONOTONIC: Clock = {
  now: () => performance.now(),
  pause: pauseFor,
};

export interface Pace {
  /** Waits for its turn; rejects when aborted. */
  take(signal: AbortSignal): Promise<void>;
}

/** At most `perSecond` turns in any second: a token bucket that holds one token, so that turns are evenly spaced. */
export function createPace({ perSecond, clock }: { perSecond: number; clock: Clock }): Pace {
  const intervalMs = 1_000 / perSecond;
  let next = Number.NEGATIVE_INFINITY;
  return {
    async take(signal) {
      const turn = Math.max(next, clock.now());
      next = turn + intervalMs; // taken before the wait: two that wait never share a turn
      for (let left = turn - clock.now(); left > 0; left = turn - clock.now()) {
        await clock.pause(Math.ceil(left), signal); // a timer may fire a little early
      }
      signal.throwIfAborted();
    },
  };
}
