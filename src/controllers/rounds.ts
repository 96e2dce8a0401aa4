import { ExponentialBackoff, halfJitterGenerator } from 'cockatiel';
import type { Logger } from 'pino';
import { messageOf } from '../cluster/api-error.ts';
import { createEdge } from '../units/edge.ts';
import type { Change, Controller } from './manager.ts';
import type { Clock } from './pace.ts';

/** `again`: something changed under our hands; another round, a little later, is due. */
export type Outcome = 'done' | 'again';
/** `dueInMs`: done, and due again after so long where that is sooner than `resyncMs`. */
export type RoundOutcome = Outcome | { readonly dueInMs: number };

export interface RoundsDeps {
  /** The controller's name, for the log. */
  readonly name: string;
  /** What wakes it: nothing but what calls `changed`, where this is absent. */
  readonly on?: readonly Change[];
  /** Reads, plans, applies. Whatever it rejects with is logged once and tried again. */
  readonly round: (signal: AbortSignal) => Promise<RoundOutcome>;
  /** Without a change a round comes after so long. */
  readonly resyncMs: number;
  /** From a change to its round: changes within that time share one. */
  readonly settleMs: number;
  /** Rounds are at least so far apart. */
  readonly restMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

const BACKOFF = { initialDelay: 1_000, maxDelay: 60_000, generator: halfJitterGenerator };

/**
 * Runs rounds one after the other, never two at once; a failing one is tried again with backoff, for as long as it runs. The
 * first comes at once; a change while one runs is followed by another.
 */
export function createRounds(deps: RoundsDeps): Controller {
  const { name, on = [], round, resyncMs, settleMs, restMs, clock } = deps;
  const health = createHealth(deps);
  let stopping: AbortController | undefined;
  let ended = Promise.resolve();
  let isDue = false;
  let wake = () => {};

  async function run(signal: AbortSignal): Promise<void> {
    let backoff = new ExponentialBackoff(BACKOFF).next();
    while (!signal.aborted) {
      isDue = false; // what changes from here on is for the next round
      const outcome = await attempt(signal);
      const isDone = outcome !== 'again';
      await pause(isDone ? restMs : backoff.duration, signal);
      backoff = isDone ? new ExponentialBackoff(BACKOFF).next() : backoff.next(undefined);
      if (isDone) await untilDue(outcome === 'done' ? resyncMs : Math.min(resyncMs, outcome.dueInMs), signal);
    }
  }

  async function attempt(signal: AbortSignal): Promise<RoundOutcome> {
    try {
      const outcome = await round(signal);
      health.succeeded();
      return outcome;
    } catch (error) {
      if (!signal.aborted) health.failed(error);
      return 'again';
    }
  }

  async function untilDue(idleMs: number, signal: AbortSignal): Promise<void> {
    const changed = new AbortController();
    wake = () => changed.abort();
    if (!isDue) await pause(idleMs, AbortSignal.any([signal, changed.signal]));
    if (isDue) await pause(settleMs, signal);
  }

  function pause(ms: number, signal: AbortSignal): Promise<unknown> {
    return clock.pause(ms, signal).catch(() => {}); // only a change or `stop` ends it early
  }

  return {
    name,
    on,
    start() {
      if (stopping) return;
      const own = new AbortController();
      stopping = own;
      ended = ended.then(() => run(own.signal)); // who leads again while the last round still ends, waits for it
    },
    async stop() {
      stopping?.abort();
      stopping = undefined;
      await ended;
    },
    changed() {
      isDue = true;
      wake();
    },
  };
}

/** Logs when rounds begin to fail, fail in another way, and succeed again; tries in between are silent. */
function createHealth({ name, log }: Pick<RoundsDeps, 'name' | 'log'>) {
  const tell = createEdge<string | undefined>(undefined, (failure) => {
    if (failure === undefined) log.info({ controller: name }, `${name} works again`);
    else log.warn({ controller: name, failure }, `${name} cannot do all its work`);
  });
  return { succeeded: () => tell(undefined), failed: (error: unknown) => tell(messageOf(error)) };
}
