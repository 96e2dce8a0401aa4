import { ExponentialBackoff, handleWhenResult, isBrokenCircuitError, retry } from 'cockatiel';
import { type Answer, answerOfError, type Failed, leftAlone, type RequestOutcome } from './answer.ts';
import { createBreaker } from './breaker.ts';
import { createRest } from './rest.ts';
import { untilAbort } from './until-abort.ts';

export interface RequesterDeps {
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** Called once for each request that was made. */
  readonly onRequest: (outcome: RequestOutcome) => void;
  /** From 0 to below 1, for the jitter of retries. */
  readonly random?: (() => number) | undefined;
  /** A signal that aborts after so many milliseconds. */
  readonly deadline?: ((ms: number) => AbortSignal) | undefined;
}

export type Ask<T> = (abort: AbortSignal) => Promise<T>;
/** Asks a source, with patience; never rejects. */
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
 * | `unavailable` 5 times running | left alone for 60 s; then one request tells whether it is back         |
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
    // Where it is left alone from between two of our retries on, what it said before is the answer.
    return said ?? last;
  };
}

type Asked<T> = { readonly outcome: 'ok'; readonly value: T } | Failed;

async function answerWithin<T>(ask: Ask<T>, abort: AbortSignal): Promise<Asked<T>> {
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
