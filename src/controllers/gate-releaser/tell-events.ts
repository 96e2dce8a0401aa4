import type { Logger } from 'pino';
import { ApiError } from '../../cluster/api-error.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import { tellOnce } from '../event.ts';
import type { Controller } from '../manager.ts';
import { type Clock, createPace } from '../pace.ts';
import { createRounds } from '../rounds.ts';
import type { WaitEvent } from './wait-events.ts';

const TOLD_PER_SECOND = 10;
/** Of more, the oldest are not told. */
const MOST_QUEUED = 2_000;
const ROUNDS = { name: 'waiting-events', resyncMs: 60_000, settleMs: 0, restMs: 100 } as const;

export interface WaitTeller extends Controller {
  tell(events: readonly WaitEvent[]): void;
}

/** Tells Events one after the other, beside all other work and never before it; what is refused is not tried again. */
export function createWaitTeller(deps: {
  readonly writer: Pick<ApiWriter, 'create'>;
  readonly clock: Clock;
  readonly log: Logger;
}): WaitTeller {
  const { writer, clock, log } = deps;
  const pace = createPace({ perSecond: TOLD_PER_SECOND, clock });
  const queue = new Map<string, WaitEvent>();

  async function round(signal: AbortSignal) {
    for (const [key, { namespace, event }] of queue) {
      await pace.take(signal);
      await tellOnce(writer, namespace, event).catch((error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        log.debug({ namespace, failure: error.message }, 'an Event of waiting was refused');
      });
      queue.delete(key);
    }
    return 'done' as const;
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  return {
    ...rounds,
    tell(events) {
      for (const one of events) queue.set(one.key, one);
      while (queue.size > MOST_QUEUED) {
        const [oldest] = queue.keys();
        if (oldest !== undefined) queue.delete(oldest);
      }
      if (events.length > 0) rounds.changed();
    },
    async stop() {
      await rounds.stop();
      queue.clear();
    },
  };
}
