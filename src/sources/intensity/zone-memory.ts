import { LRUCache } from 'lru-cache';
import type { Answer } from '../asking/answer.ts';
import { lasts } from '../asking/requester.ts';

interface Known<T> {
  readonly answer: Answer<T>;
  readonly good?: T;
}

interface Entry<T> {
  known?: Known<T>;
  askedAt?: number;
  pending?: Promise<Known<T>>;
}

const MOST_ZONES = 1_000;
const KEPT_MS = 5 * 60_000;

/**
 * Asks at most once per zone and `keptMs` (5 minutes, and no longer after a failure), whatever the answer was and however many
 * ask at once; a source that was left alone was not asked. Age is judged here and not by lru-cache's ttl: an entry outlives
 * its answer, for its last good value, and a clock that is set back must not keep an answer for longer. Beyond 1,000 zones the
 * least used is forgotten.
 */
export function createZoneMemory<T>(
  ask: (zone: string) => Promise<Answer<T>>,
  clock: () => number,
  keptMs = KEPT_MS,
): (zone: string) => Promise<Known<T>> {
  const entries = new LRUCache<string, Entry<T>>({ max: MOST_ZONES });

  async function refresh(entry: Entry<T>, zone: string): Promise<Known<T>> {
    const startedAt = clock();
    try {
      const answer = await ask(zone);
      const good = answer.outcome === 'ok' ? answer.value : entry.known?.good;
      entry.known = { answer, ...(good !== undefined && { good }) };
      if (answer.outcome !== 'left_alone') entry.askedAt = startedAt;
      return entry.known;
    } finally {
      delete entry.pending;
    }
  }

  return async function read(zone) {
    const entry = entries.get(zone) ?? {};
    entries.set(zone, entry);
    if (entry.pending) return entry.pending;
    const { known, askedAt } = entry;
    const isGood = known?.answer.outcome === 'ok';
    if (known && askedAt !== undefined && lasts(askedAt, isGood ? keptMs : Math.min(keptMs, KEPT_MS), clock()))
      return known;
    entry.pending = refresh(entry, zone);
    return entry.pending;
  };
}
