import type { Denial, DenialKey } from '../denial.ts';
import { TELL_AGAIN_MS } from './plan.ts';

/** Longer than the longest pause between two tries of Kubernetes' controllers (1,000 s): what is older may be over. */
const RECENT_MS = 20 * 60_000;
/** Some 8 MB. Who finds no room tries again, and is heard again. */
const MOST_WAITING = 5_000;
/** More than are told before they are forgotten: Events that anybody wrote may claim as many as they like. */
const MOST_TOLD = 20_000;

/** What was heard and is to be told, and what was told. Bounded: telling is paced, and nothing is kept for long. */
export interface DenialLedger {
  /** Answers whether it is to be told. */
  note(denial: Denial): boolean;
  /** Those to be told, in the order in which they came; those that come meanwhile included. */
  waiting(): Iterable<Denial>;
  isWaiting(denial: Denial): boolean;
  /** It was told, or need not be. */
  settle(denial: Denial): void;
  markTold(told: DenialKey): void;
  /** Whether the owner heard this reason less than ten minutes before `at`. */
  wasTold(denied: DenialKey): boolean;
  forgetOld(): void;
  forgetWaiting(): void;
}

/** `now` in epoch milliseconds. */
export function createDenialLedger(now: () => number): DenialLedger {
  const waiting = new Map<string, Denial>();
  const toldAt = new Map<string, number>();
  const isOld = (at: number, ageMs: number) => at < now() - ageMs;

  function wasTold(denied: DenialKey): boolean {
    const told = toldAt.get(keyOf(denied));
    // What was told in the future was told by a clock that has been set back.
    return told !== undefined && told <= now() && Math.min(denied.at, now()) < told + TELL_AGAIN_MS;
  }

  return {
    wasTold,
    note(denial) {
      const key = keyOf(denial);
      if (isOld(denial.at, RECENT_MS) || wasTold(denial)) return false;
      if (waiting.size >= MOST_WAITING && !waiting.has(key)) return false;
      waiting.set(key, denial);
      return true;
    },
    waiting: () => waiting.values(),
    isWaiting: (denial) => waiting.has(keyOf(denial)) && !isOld(denial.at, RECENT_MS),
    settle: (denial) => void waiting.delete(keyOf(denial)),
    markTold(told) {
      const key = keyOf(told);
      const at = Math.min(told.at, now());
      const before = toldAt.get(key) ?? at;
      toldAt.delete(key); // the latest stands last
      toldAt.set(key, before > now() ? at : Math.max(at, before));
      for (const oldest of toldAt.keys()) {
        if (toldAt.size <= MOST_TOLD) break;
        toldAt.delete(oldest);
      }
    },
    forgetOld() {
      for (const [key, { at }] of waiting) if (isOld(at, RECENT_MS)) waiting.delete(key);
      // As long as an Event that counts as recent may be older than what was told of it: lists show it again.
      for (const [key, at] of toldAt) if (isOld(at, RECENT_MS + TELL_AGAIN_MS)) toldAt.delete(key);
    },
    forgetWaiting: () => waiting.clear(),
  };
}

function keyOf({ namespace, uid, reason }: DenialKey): string {
  return `${namespace} ${uid} ${reason}`;
}
