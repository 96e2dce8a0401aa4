export interface ElectionTimings {
  /** How long others leave a lease alone that is not renewed. */
  readonly leaseMs: number;
  /** How long after its last renewal was sent a leader may act; shorter than the lease, so that it ends before it. */
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
}

/** client-go's defaults. */
export const TIMINGS: ElectionTimings = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };

/** A candidate's pause is up to 2.2 times the retry period, as client-go's is. */
const JITTER = 1.2;

/** Throws where a leader could act after its lease, or would lose it by a single late renewal. */
export function checkTimings(timings: ElectionTimings): ElectionTimings {
  const { leaseMs, renewDeadlineMs, retryMs } = timings;
  const areOrdered = leaseMs > renewDeadlineMs && renewDeadlineMs > retryMs * JITTER && retryMs > 0;
  if (!areOrdered) throw new Error('a lease must be longer than its renew deadline, and that than 1.2 retry periods');
  return timings;
}

interface Pause {
  readonly leading: boolean;
  /** Until the leader's deadline, or until the lease of someone else expires; past or unknown where not above 0. */
  readonly leftMs: number;
  /** As the API server asked. */
  readonly retryAfterMs: number;
  /** From 0 to 1. */
  readonly random: number;
}

/**
 * Milliseconds until the next attempt. A leader wakes at its deadline to note its end, a candidate when the lease expires
 * (client-go's may sleep on for 4.4 s) and a little apart from the others.
 */
export function pauseMs({ leading, leftMs, retryAfterMs, random }: Pause, timings: ElectionTimings): number {
  const { retryMs, renewDeadlineMs } = timings;
  const usual = leading ? retryMs : retryMs * (1 + JITTER * random);
  const untilThen = leading ? leftMs : leftMs + (retryMs / 10) * random;
  const wanted = Math.min(Math.max(usual, retryAfterMs), renewDeadlineMs);
  return leftMs > 0 ? Math.min(wanted, untilThen) : wanted;
}
