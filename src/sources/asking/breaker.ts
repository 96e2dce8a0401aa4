import { type CircuitBreakerPolicy, ConsecutiveBreaker, circuitBreaker, type IBackoff, type Policy } from 'cockatiel';
import { lasts } from './lasts.ts';

const FAILURES_TO_OPEN = 5;
const OPEN_MS = 60_000;

/**
 * A circuit breaker that opens after 5 failures running and lets one request through after 60 s of `clock` (epoch ms).
 * cockatiel measures with Date.now(): all or nothing as duration makes it follow the clock that was passed in.
 */
export function createBreaker(failures: Policy, clock: () => number): CircuitBreakerPolicy {
  function openNow(): IBackoff<unknown> {
    const since = clock();
    return {
      get duration() {
        return lasts(since, OPEN_MS, clock()) ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
      },
      next: openNow,
    };
  }

  return circuitBreaker(failures, {
    breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
    halfOpenAfter: { next: openNow },
  });
}
