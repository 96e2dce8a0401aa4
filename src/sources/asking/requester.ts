import {
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhenResult,
  type IBackoff,
  isBrokenCircuitError,
  type Policy,
  retry,
} from 'cockatiel';
import { type Answer, answerOfError, type Failed, type RequestOutcome } from './answer.ts';
import { untilAbort } from './source-error.ts';

const FAILURES_TO_OPEN = 5;
const OPEN_MS = 60_000;

/**
 * A circuit breaker that opens after 5 consecutive failures and lets one request through after 60 s of `clock` (epoch ms).
 * cockatiel measures with Date.now(): a duration of all or nothing makes it follow the clock that was passed in.
 */
function createBreaker(failures: Policy, clock: () => number): CircuitBreakerPolicy {
  function openNow(): IBackoff<unknown> {
    const since = clock();
    return {
      get duration() {
        return lasts(since, OPEN_MS, clock()) ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
      },
      next: openNow,
    };
  }

  return circuitBreaker(failures, {
    breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
    halfOpenAfter: { next: openNow },
  });
}

export interface RequesterDeps {
  readonly clock: () => number;
  readonly onRequest: (outcome: RequestOutcome) => void;
  /** From 0 to below 1, for the jitter of retries. */
  readonly random?: (() => number) | undefined;
  /** A signal that aborts after so many milliseconds. */
  readonly deadline?: ((ms: number) => AbortSignal) | undefined;
}

type Ask<T> = (abort: AbortSignal) => Promise<T>;
/** Asks a source with timeout, retries and breaker; never rejects. */
export type Requester = <T>(ask: Ask<T>) => Promise<Answer<T>>;

const TIMEOUT_MS = 5_000;
const RETRIES = 2;
const BACKOFF = { initialDelay: 500, maxDelay: 5_000 };

/**
 * What stands between gridgate and one source, for all its zones:
 *
 * | answer                        | then                                                                   |
 * | ----------------------------- | ---------------------------------------------------------------------- |
 * | none within 5 s               | `unavailable`, also where the source does not heed its AbortSignal     |
 * | `unavailable`                 | asked again twice, after up to 0.5 s and up to 1 s                     |
 * | `unavailable` 5 in a row      | left alone for 60 s; then one request tells whether it is back         |
 * | `rate_limited`                | left alone as long as it says, at most 1 h; 60 s where it does not say |
 * | any other failure             | no retry: the same question gets the same answer                       |
 */
export function createRequester({ clock, onRequest, random, deadline }: RequesterDeps): Requester {
  const abortAfter = deadline ?? ((ms) => AbortSignal.timeout(ms));
  const unavailable = handleWhenResult((answer) => (answer as Answer<unknown>).outcome === 'unavailable');
  const backoff = new ExponentialBackoff({ ...BACKOFF, generator: fullJitter(random ?? Math.random) });
  const retries = retry(unavailable, { maxAttempts: RETRIES, backoff });
  const breaker = createBreaker(unavailable, clock);
  const rest = createRest(clock);

  async function requestOnce<T>(ask: Ask<T>): Promise<Answer<T>> {
    const answer = await answerWithin(ask, abortAfter(TIMEOUT_MS));
    onRequest(answer.outcome);
    if (answer.outcome === 'rate_limited') rest.begin(answer.retryAfterMs);
    return answer;
  }

  const leftAlone = (message: string): Answer<never> => ({ outcome: 'left_alone', message });

  async function attempt<T>(ask: Ask<T>): Promise<Answer<T>> {
    const leftMs = rest.leftMs();
    if (leftMs > 0) return leftAlone(`it asked for fewer requests: again in ${Math.ceil(leftMs / 1000)} s`);
    try {
      return await breaker.execute(() => requestOnce(ask));
    } catch (error) {
      if (isBrokenCircuitError(error)) return leftAlone('it failed several times running: again within a minute');
      throw error;
    }
  }

  return async function request<T>(ask: Ask<T>): Promise<Answer<T>> {
    let said: Answer<T> | undefined;
    const last = await retries.execute(async () => {
      const answer = await attempt(ask);
      if (answer.outcome !== 'left_alone') said = answer;
      return answer;
    });
    // Where the source is left alone after a first try, what it said in that try is the answer.
    return said ?? last;
  };
}

async function answerWithin<T>(
  ask: Ask<T>,
  abort: AbortSignal,
): Promise<{ readonly outcome: 'ok'; readonly value: T } | Failed> {
  try {
    return { outcome: 'ok', value: await untilAbort(ask(abort), abort) };
  } catch (error) {
    return answerOfError(error);
  }
}

/** cockatiel's own generators draw from Math.random. With full jitter, many zones do not come back all at once. */
function fullJitter(random: () => number) {
  return (retry: number | undefined, { initialDelay, maxDelay }: typeof BACKOFF): [number, number] => {
    const count = retry ?? 0;
    return [Math.floor(random() * Math.min(maxDelay, initialDelay * 2 ** count)), count + 1];
  };
}

const USUAL_MS = 60_000;
const LONGEST_MS = 60 * 60_000;

/** A source that answered 429 is left alone for all its zones; of several answers the one that asks longest counts. */
function createRest(clock: () => number) {
  let since = 0;
  let ms = 0;

  /** Milliseconds until its end, 0 when there is none. */
  function leftMs(): number {
    const now = clock();
    return lasts(since, ms, now) ? since + ms - now : 0;
  }

  return {
    leftMs,
    /** Begins or prolongs it; without a plausible number of milliseconds by a minute, never by more than an hour. */
    begin(askedMs: number | undefined): void {
      const wanted = askedMs !== undefined && askedMs >= 0 ? Math.min(LONGEST_MS, askedMs) : USUAL_MS;
      if (wanted <= leftMs()) return;
      since = clock();
      ms = wanted;
    },
  };
}

/**
 * Whether what began at `since` and lasts `ms` is still on (epoch milliseconds). A clock that was set back to before `since`
 * ends it: a source is then asked once too often at worst, instead of being left alone for as long as the clock was wrong.
 */
export function lasts(since: number, ms: number, now: number): boolean {
  return now >= since && now - since < ms;
}
