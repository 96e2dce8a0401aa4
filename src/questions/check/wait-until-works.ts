import { EXIT } from '../../terminal/exit-codes.ts';
import { formatDuration } from '../../units/duration.ts';
import { nameFew } from '../../units/tell-few.ts';
import type { Unread } from '../../world/open-cluster.ts';
import type { CheckReport } from './judge.ts';

/** What one look at a cluster came to. */
export type Look = { readonly report: CheckReport } | Unread;

export interface Patience {
  readonly mostMs: number;
  /** Milliseconds on a clock that nobody sets. */
  readonly monotonicNow: () => number;
  readonly pause: (ms: number) => Promise<unknown>;
  /** Says on a terminal what is waited for. */
  readonly show: (text: string) => void;
}

/** Long beside a look, short beside what an installation takes. */
const PAUSE_MS = 3_000;
const MOST_NAMED = 3;

/**
 * Looks until nothing fails, or `mostMs` are over, and answers the last look. Nothing is cut off: a look that has begun is finished.
 *
 * | the look says                    | then                                                      |
 * | -------------------------------- | --------------------------------------------------------- |
 * | nothing fails                    | done: what is not known need not become so                 |
 * | something fails                  | again: Pods start, certificates and rights spread          |
 * | the API server does not answer   | again: it may be upgraded, or this pod's network be coming |
 * | a mistake in the command line    | done: time does not mend it                               |
 */
export async function lookUntilWorks(look: () => Promise<Look>, patience: Patience): Promise<Look> {
  const { mostMs, monotonicNow, pause, show } = patience;
  const until = monotonicNow() + mostMs;
  for (;;) {
    const seen = await look();
    const leftMs = until - monotonicNow();
    if (isSettled(seen) || leftMs <= 0) return seen;
    show(`waits for ${tellLacking(seen)} (${formatDuration(Math.ceil(leftMs / 1_000) * 1_000)} left)`);
    await pause(Math.min(PAUSE_MS, leftMs));
  }
}

function isSettled(look: Look): boolean {
  return 'report' in look ? look.report.works : look.exitCode === EXIT.usage;
}

function tellLacking(look: Look): string {
  if ('issues' in look) return look.issues.join('; ');
  const failed = new Set(look.report.checks.flatMap(({ check, state }) => (state === 'failed' ? [check] : [])));
  return nameFew([...failed], MOST_NAMED, String);
}
