import type { Logger } from 'pino';
import type { ApiClient } from '../../cluster/api-client.ts';
import type { LastEvents } from '../../cluster/last-events.ts';
import { createReflector } from '../../cluster/reflector.ts';
import { RUNNING_PODS } from '../../cluster/running-pods.ts';
import type { Clock } from '../pace.ts';
import type { MeteredPod } from './metered-pod.ts';
import { createMeteredPods } from './metered-pods.ts';
import { createObservedTime } from './observed-time.ts';

export interface PodWatch {
  /** Has what pods have run until now used. */
  settle(): void;
  lastEventAt(): LastEvents;
  stop(): Promise<void>;
}

export interface PodWatchDeps {
  readonly api: ApiClient;
  /** Takes a pod and the hours that it was seen to run since the last time. */
  readonly use: (pod: MeteredPod, hours: number) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Bookmarks come every minute or two: a watch that is silent for longer than this shows pods that may be gone. */
const MOST_SILENCE_MS = 10 * 60_000;

/** Follows the running pods, from its first list on. */
export function watchPods({ api, use, now, clock, log }: PodWatchDeps): PodWatch {
  const hours = createObservedTime({
    now: clock.now,
    // A last event in the future is of a date that has been set back: how old it is nobody knows.
    isWatching: () => Math.abs(now() - (reflector.lastEventAt() ?? 0)) <= MOST_SILENCE_MS,
    onLeap: (tookMs, countedMs) =>
      log.warn(
        { minutes: Math.round(tookMs / 60_000), counted: countedMs / 60_000 },
        'carbon of the last minutes is only counted in part: this process stood still',
      ),
  });
  const store = createMeteredPods(hours, use);
  const reflector = createReflector({
    api,
    resource: RUNNING_PODS,
    store,
    log,
    onChange: () => {},
    now,
    pause: clock.pause,
  });
  reflector.start().catch(() => {}); // rejected only when stopped before the first list
  return {
    settle: store.settle,
    lastEventAt: reflector.lastEvents,
    stop: reflector.stop,
  };
}
