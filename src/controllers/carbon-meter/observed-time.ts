/** More than a round, a slow API server and a stop of the world together. */
const MOST_STEP_MS = 5 * 60_000;
const MS_PER_HOUR = 3_600_000;

export interface ObservedTimeDeps {
  /** Milliseconds since any fixed moment, forward only. */
  readonly now: () => number;
  /** Whether what is measured is in view now; the time from then on counts. */
  readonly isWatching: () => boolean;
  /** A step that counts for less than it took. */
  readonly onLeap: (tookMs: number, countedMs: number) => void;
}

/**
 * Hours in view so far. Looked at every minute or so; a longer step means that the process slept or its clock leapt, and
 * counts 5 minutes: what went on meanwhile nobody saw.
 */
export function createObservedTime({ now, isWatching, onLeap }: ObservedTimeDeps): () => number {
  let observedMs = 0;
  let lookedAt = now();
  let wasWatching = false;
  return () => {
    const tookMs = now() - lookedAt;
    lookedAt += tookMs;
    if (wasWatching) {
      const countedMs = Math.min(tookMs, MOST_STEP_MS);
      observedMs += countedMs;
      if (countedMs < tookMs) onLeap(tookMs, countedMs);
    }
    wasWatching = isWatching();
    return observedMs / MS_PER_HOUR;
  };
}
