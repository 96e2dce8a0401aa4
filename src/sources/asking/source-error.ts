import { untilAborted } from '../../units/deadline.ts';

/**
 * | failure        | when                                              | whose | retried |
 * | -------------- | ------------------------------------------------- | ----- | ------- |
 * | `unauthorized` | 401, 403, a token file that cannot be read        | ours  | no      |
 * | `not_covered`  | 404, no data for the zone, a plan without it      | ours  | no      |
 * | `rate_limited` | 429; `retryAfterMs` where the source says so      | ours  | later   |
 * | `unavailable`  | 5xx, a refused connection, DNS, a timeout         | its   | yes     |
 * | `malformed`    | no JSON, JSON of another shape, another unit      | its   | no      |
 * | `wrong_zone`   | an answer for another zone than asked             | its   | no      |
 * | `implausible`  | no value that can be right (plausible.ts)         | its   | no      |
 */
export type Failure =
  | 'unauthorized'
  | 'not_covered'
  | 'rate_limited'
  | 'unavailable'
  | 'malformed'
  | 'wrong_zone'
  | 'implausible';

/** Why a source gave no value; the message is a sentence for people and holds no secret. */
export class SourceError extends Error {
  readonly failure: Failure;
  readonly retryAfterMs: number | undefined;

  constructor(failure: Failure, message: string, options: { retryAfterMs?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'SourceError';
    this.failure = failure;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The code of a system's error as the end of a message: `: EACCES`; nothing where there is none. */
export function codeInWords(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^[A-Z_]+$/.test(code) ? `: ${code}` : '';
}

/** Waits for a source no longer than this caller may; the work itself goes on for others who wait for it. */
export function untilAbort<T>(work: Promise<T>, abort: AbortSignal): Promise<T> {
  const late = () => new SourceError('unavailable', 'no answer in time');
  return untilAborted(abort, () => work, late);
}
