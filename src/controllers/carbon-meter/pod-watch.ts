import type { Logger } from 'pino';
import type { ApiClient } from '../../cluster/api-client.ts';
import { type LastEvents, lastEventOf } from '../../cluster/last-events.ts';
import { createReflector } from '../../cluster/reflector.ts';
import { runningPods } from '../../cluster/running-pods.ts';
import type { Clock } from '../pace.ts';
import { toMeteredPod } from './metered-pod.ts';
import { createMeteredPods } from './metered-pods.ts';
import { createObservedTime } from './observed-time.ts';
import { createUsageMeter, type Usage } from './usage.ts';

export interface PodWatch {
  /** What pods used since the last time. */
  take(): readonly Usage[];
  /** Nodes may be in other regions. */
  nodesMoved(): void;
  lastEventAt(): LastEvents;
  stop(): Promise<void>;
}

export interface PodWatchDeps {
  readonly api: ApiClient;
  readonly regionOf: (node: string) => string | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Bookmarks come every minute or two: a watch that is silent for longer than this shows pods that may be gone. */
const MOST_SILENCE_MS = 10 * 60_000;

/** Follows the running pods and what they use, from its first list on. */
export function watchUsage({ api, regionOf, now, clock, log }: PodWatchDeps): PodWatch {
  const usage = createUsageMeter(
    createObservedTime({
      now: clock.now,
      // A last event in the future is of a date that has been set back: how old it is nobody knows.
      isWatching: () => Math.abs(now() - (reflector.lastEventAt() ?? 0)) <= MOST_SILENCE_MS,
      onLeap: (tookMs, countedMs) =>
        log.warn(
          { minutes: Math.round(tookMs / 60_000), counted: countedMs / 60_000 },
          'carbon of the last minutes is only counted in part: this process stood still',
        ),
    }),
  );
  const resource = runningPods(toMeteredPod);
  const store = createMeteredPods({ project: resource.project, usage, regionOf });
  const reflector = createReflector({ api, resource, store, log, onChange: () => {}, now, pause: clock.pause });
  reflector.start().catch(() => {}); // rejected only when stopped before the first list
  return {
    take: usage.take,
    nodesMoved: store.nodesMoved,
    lastEventAt: () => lastEventOf(resource.name, reflector.lastEventAt()),
    stop: reflector.stop,
  };
}
