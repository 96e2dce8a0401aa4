import { onOneLine } from '../../units/legible.ts';
import { type Failure, SourceError } from './source-error.ts';

export type RequestOutcome = 'ok' | Failure;

/** What came of asking: `too_old` is a value that nobody can use any more, `left_alone` says that nothing was asked. */
export type Outcome = RequestOutcome | 'too_old' | 'left_alone';

export type Answer<T> =
  | { readonly outcome: 'ok'; readonly value: T }
  | { readonly outcome: Exclude<Outcome, 'ok'>; readonly message: string };

const LONGEST_MESSAGE = 200;

export interface Failed {
  readonly outcome: Failure;
  readonly message: string;
  readonly retryAfterMs?: number;
}

/** An error as an answer. Only a SourceError is trusted to hold no secret: of any other nothing is passed on. */
export function answerOfError(error: unknown): Failed {
  if (!(error instanceof SourceError)) return { outcome: 'malformed', message: 'its answer cannot be made sense of' };
  const { failure, retryAfterMs } = error;
  // Messages may quote what was received, and end in conditions and logs: one line, of bounded length.
  const message = onOneLine(error.message).slice(0, LONGEST_MESSAGE).toWellFormed();
  return { outcome: failure, message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
