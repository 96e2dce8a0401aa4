import type { Reading, Signal } from '../../regions/reading.ts';

/**
 * The reading to use, of those that the sources gave (in their configured order, the embedded average last).
 * Only values of one signal can be compared, so one of the policy signal counts before any other. Among those a fresh
 * one of a later source counts before a stale one of an earlier: the grid of some hours ago differs more from the grid
 * now than two providers of the same signal differ from one another.
 *
 * | signal | fresh | stale | embedded |
 * | ------ | ----- | ----- | -------- |
 * | policy | 1st   | 2nd   | 3rd      |
 * | other  | 4th   | 5th   | 6th      |
 */
export function choose<T extends Pick<Reading, 'signal' | 'freshness'>>(
  candidates: readonly T[],
  policySignal: Signal,
): T | undefined {
  const [best] = candidates.toSorted((a, b) => rank(a, policySignal) - rank(b, policySignal));
  return best; // sorting is stable: of equals the first configured
}

const BY_FRESHNESS: Readonly<Record<Reading['freshness'], number>> = { fresh: 0, stale: 1, embedded: 2 };

function rank({ signal, freshness }: Pick<Reading, 'signal' | 'freshness'>, policySignal: Signal): number {
  return BY_FRESHNESS[freshness] + (signal === policySignal ? 0 : 3);
}
