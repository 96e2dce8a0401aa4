import type { Logger } from 'pino';
import type { Outcome } from './answer.ts';
import { cutName } from './cut-name.ts';
import type { Review } from './review.ts';

/** One decision as the status page shows it. */
export interface RecentDecision {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly endpoint: string;
  readonly namespace: string;
  readonly outcome: Outcome;
}

export interface Recorder {
  /** Counts and logs an answered review, once. */
  record(endpoint: string, review: Review, outcome: Outcome, ms: number): void;
  /** The last decisions, newest first. */
  recent(): readonly RecentDecision[];
}

interface RecorderDeps {
  readonly log: Logger;
  readonly clock: () => number;
  readonly metrics: {
    countReview(endpoint: string, mode: string, decision: string, reason: string): void;
    observeDuration(endpoint: string, seconds: number): void;
  };
}

const MOST_RECENT = 50;

/** Not yet written down. */
interface Answered extends RecentDecision, Pick<Review, 'dryRun'> {
  /** How long it took. */
  readonly ms: number;
}

/**
 * A server-side dry run is logged and timed, but counts as no decision: it has no effect anywhere. Whoever waits for an
 * answer comes first: what was answered in a turn of the event loop is counted and logged at its end, in one go.
 */
export function createRecorder({ log, clock, metrics }: RecorderDeps): Recorder {
  const ring: RecentDecision[] = [];
  let written = 0;
  let answered: Answered[] = [];

  function writeDown(): void {
    const some = answered;
    answered = [];
    for (const one of some) {
      try {
        write(one);
      } catch {} // the answer stands, whatever goes wrong in counting it
    }
  }

  function write({ at, endpoint, namespace, dryRun, outcome, ms }: Answered): void {
    const { mode, decision, reason, region, error } = outcome;
    const owner = cutName(outcome.owner);
    metrics.observeDuration(endpoint, ms / 1000);
    if (!dryRun) {
      metrics.countReview(endpoint, mode, decision, reason);
      ring[written++ % MOST_RECENT] = { at, endpoint, namespace, outcome: { ...outcome, owner } };
    }
    const line = { endpoint, namespace, owner, mode, decision, reason, region, ms: Math.round(ms * 1000) / 1000 };
    if (error !== undefined) log.error({ ...line, err: error }, 'failed open');
    else if (dryRun) log.info({ ...line, dryRun }, 'decided');
    else log.info(line, 'decided');
  }

  return {
    record(endpoint, { namespace, dryRun }, outcome, ms) {
      if (answered.length === 0) setImmediate(writeDown);
      answered.push({ at: clock(), endpoint, namespace: cutName(namespace), dryRun, outcome, ms });
    },
    recent() {
      writeDown();
      return [...ring.slice(0, written % MOST_RECENT).reverse(), ...ring.slice(written % MOST_RECENT).reverse()];
    },
  };
}
