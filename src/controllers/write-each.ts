import { ApiError } from '../cluster/api-error.ts';
import type { Pace } from './pace.ts';
import type { Outcome } from './rounds.ts';

const GONE = 404;
const CHANGED_MEANWHILE = 409;

export interface WriteEachOptions<T> {
  readonly items: Iterable<T>;
  /** Whether the item still needs its write: asked just before it, since the round may be long. */
  readonly isDue: (item: T) => boolean;
  /** May answer `again` itself: what it wrote did not stay. */
  readonly write: (item: T) => Promise<unknown>;
  readonly pace: Pace;
  readonly signal: AbortSignal;
}

/**
 * Writes one item after the other. A refusal by the API server is about one object: the others go on, and the first refusal
 * is thrown at the end. Anything else (no network, no longer the leader) ends it at once.
 *
 * | answer      | this object              | the outcome           |
 * | ----------- | ------------------------ | --------------------- |
 * | fine        | done                     | done                  |
 * | `again`     | seen again, a bit later  | again                 |
 * | 404         | is gone                  | done                  |
 * | 409         | seen again, a bit later  | again                 |
 * | other error | tried again with backoff | thrown, after the end |
 * | no answer   | tried again with backoff | thrown at once        |
 */
export async function writeEach<T>({ items, isDue, write, pace, signal }: WriteEachOptions<T>): Promise<Outcome> {
  const answers = new Set<Answer>();
  for (const item of items) {
    if (!isDue(item)) continue;
    await pace.take(signal);
    if (isDue(item))
      answers.add(await write(item).then((outcome) => (outcome === 'again' ? 'changed' : 'fine'), toAnswer));
  }
  const refusal = [...answers].find((answer) => answer instanceof ApiError);
  if (refusal) throw refusal;
  return answers.has('changed') ? 'again' : 'done';
}

type Answer = 'fine' | 'gone' | 'changed' | ApiError;

function toAnswer(error: unknown): Answer {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === CHANGED_MEANWHILE) return 'changed';
  return error.status === GONE ? 'gone' : error;
}

/** Whether the API server refused a write; not one of an object that is gone, or that somebody else wrote in between. */
export function isRefusedWrite(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status !== GONE && error.status !== CHANGED_MEANWHILE;
}
