import type { LiveRegion } from '../../cluster/regions.ts';
import { type EventTellerDeps, HOME_OF_EVENTS, tellOnce } from '../event.ts';
import type { Controller } from '../manager.ts';
import { createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type Outcome } from '../rounds.ts';
import { writeEach } from '../write-each.ts';
import { factsOf, type Notice, noticesOf, type RegionFacts, regionEvent } from './plan.ts';

const WRITES_PER_SECOND = 5;
const ROUNDS = { name: 'region-teller', on: ['regions'], resyncMs: 10 * 60_000, settleMs: 100, restMs: 1_000 } as const;

export interface RegionTellerDeps extends EventTellerDeps {
  /** As the cluster view shows them now. */
  readonly regions: () => readonly LiveRegion[];
}

interface Due {
  readonly key: string;
  readonly event: object;
}

/**
 * Tells with Events what happens to a region: outage, recovery, another band, its source lost or found. What was so when
 * this leader began is no news.
 */
export function createRegionTeller(deps: RegionTellerDeps): Controller {
  const { regions, instance, writer, now, log, clock = MONOTONIC } = deps;
  const pace = createPace({ perSecond: WRITES_PER_SECOND, clock });
  let seen = new Map<string, RegionFacts>();
  /** What could not be told yet, by region and aspect. */
  const due = new Map<string, Due>();

  function look(): void {
    const current = new Map<string, RegionFacts>();
    for (const region of regions()) {
      const { uid } = region.metadata;
      const facts = factsOf(region);
      const before = seen.get(uid);
      current.set(uid, facts);
      if (before) for (const notice of noticesOf(before, facts)) keep(notice, region);
    }
    seen = current;
  }

  function keep(notice: Notice, region: LiveRegion): void {
    const key = `${region.metadata.uid}/${notice.about}`;
    due.set(key, { key, event: regionEvent(notice, region, { instance, now: now() }) });
  }

  async function round(signal: AbortSignal): Promise<Outcome> {
    look();
    return writeEach({
      items: [...due.values()],
      isDue: (one) => due.get(one.key) === one,
      async write(one) {
        await tellOnce(writer, HOME_OF_EVENTS, one.event);
        due.delete(one.key);
      },
      pace,
      signal,
    });
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  return {
    ...rounds,
    async stop() {
      await rounds.stop();
      seen = new Map();
      due.clear();
    },
  };
}
