import { type Denial, TELL_AGAIN_MS } from './plan.ts';

/** Longer than the longest pause between two tries of Kubernetes' controllers (1,000 s): what is older may be over. */
const RECENT_MS = 20 * 60_000;
/** Some 8 MB. Who finds no room tries again, and is heard again. */
const MOST_WAITING = 5_000;

/** What was heard and is to be told, and what was told. Bounded: telling is paced, and nothing is kept for long. */
export interface DenialLedger {
  /** Answers whether it is to be told. */
  hear(denial: Denial): boolean;
  /** Those to be told, in the order in which they came; those that come meanwhile included. */
  waiting(): Iterable<Denial>;
  isWaiting(denial: Denial): boolean;
  /** It was told, or need not be. */
  settle(denial: Denial): void;
  /** `at` is epoch milliseconds. */
  markTold(uid: string, reason: string, at: number): void;
  /** Whether the owner heard this reason less than ten minutes before `at`. */
  wasTold(uid: string, reason: string, at: number): boolean;
  forgetOld(): void;
  forgetWaiting(): void;
}

/** `now` in epoch milliseconds. */
export function createDenialLedger(now: () => number): DenialLedger {
  const waiting = new Map<string, Denial>();
  const toldAt = new Map<string, number>();
  const isOld = (at: number, ageMs: number) => at < now() - ageMs;

  function wasTold(uid: string, reason: string, at: number): boolean {
    return Math.min(at, now()) < (toldAt.get(keyOf(uid, reason)) ?? Number.NEGATIVE_INFINITY) + TELL_AGAIN_MS;
  }

  return {
    wasTold,
    hear(denial) {
      const { uid, reason, at } = denial;
      const key = keyOf(uid, reason);
      if (isOld(at, RECENT_MS) || wasTold(uid, reason, at)) return false;
      if (waiting.size >= MOST_WAITING && !waiting.has(key)) return false;
      waiting.set(key, denial);
      return true;
    },
    waiting: () => waiting.values(),
    isWaiting: ({ uid, reason, at }) => waiting.has(keyOf(uid, reason)) && !isOld(at, RECENT_MS),
    settle: ({ uid, reason }) => void waiting.delete(keyOf(uid, reason)),
    markTold(uid, reason, at) {
      toldAt.set(keyOf(uid, reason), Math.max(at, toldAt.get(keyOf(uid, reason)) ?? at));
    },
    forgetOld() {
      for (const [key, { at }] of waiting) if (isOld(at, RECENT_MS)) waiting.delete(key);
      // As long as an Event that counts as recent may be older than what was told of it: lists show it again.
      for (const [key, at] of toldAt) if (isOld(at, RECENT_MS + TELL_AGAIN_MS)) toldAt.delete(key);
    },
    forgetWaiting: () => waiting.clear(),
  };
}

function keyOf(uid: string, reason: string): string {
  return `${uid} ${reason}`;
}
