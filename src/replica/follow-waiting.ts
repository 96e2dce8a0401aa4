import type { ApiClient } from '../cluster/api-client.ts';
import { joinLastEvents, type LastEvents } from '../cluster/last-events.ts';
import { followLearntLengths } from '../cluster/learnt-lengths.ts';
import type { WatchLog } from '../cluster/reflector.ts';
import { followHeartbeat } from '../cluster/releaser-heartbeat.ts';
import type { WaitingFacts } from '../decision/waiting.ts';

interface FollowWaitingDeps {
  readonly api: ApiClient;
  /** Gridgate's own. */
  readonly namespace: string;
  readonly log: WatchLog;
  readonly monotonicNow: () => number;
}

/** Keeps in memory what a review must know to let a pod wait. Readiness does not depend on it: without it nothing waits. */
export function followWaiting({ api, namespace, log, monotonicNow }: FollowWaitingDeps) {
  const heartbeat = followHeartbeat({ api, namespace, log, monotonicNow });
  const lengths = followLearntLengths({ api, namespace, log });
  const all = [heartbeat, lengths];
  const { learntLength } = lengths;
  const facts = {
    alive: { isReleaserAlive: true, learntLength },
    dead: { isReleaserAlive: false, learntLength },
  };
  for (const one of all) one.start().catch(() => {}); // rejected only when stopped before the first list
  return {
    facts: (): WaitingFacts => (heartbeat.isAlive() ? facts.alive : facts.dead),
    lastEventAt: (): LastEvents => joinLastEvents(all.map((one) => one.lastEvents())),
    stop: async (): Promise<void> => void (await Promise.all(all.map((one) => one.stop()))),
  };
}
