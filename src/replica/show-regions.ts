import type { LiveRegion } from '../cluster/regions.ts';
import { atMostEvery } from './at-most-every.ts';

interface ShowDeps {
  readonly regions: () => readonly LiveRegion[];
  readonly show: (regions: readonly LiveRegion[]) => void;
}

/** How long a person's change, or an outage, may wait. */
const SOON_MS = 500;
/** How long readings may wait: each hour the leader writes one into every region, ten a second. */
const LATER_MS = 5_000;

/**
 * Shows the regions of a cluster as they change. Every change costs all plans that were made before, so readings, which count
 * for an hour anyway, are shown together; a region that comes or goes, a changed spec and an outage do not wait for them.
 */
export function showRegions({ regions, show }: ShowDeps) {
  let shown = '';
  const soon = atMostEvery(SOON_MS, showNow);
  const later = atMostEvery(LATER_MS, showNow);

  function showNow(): void {
    const now = regions();
    shown = whatIsUrgent(now);
    show(now);
  }

  return {
    changed(): void {
      if (whatIsUrgent(regions()) === shown) later.ask();
      else soon.ask();
    },
    /** Shows what there is now. */
    flush: soon.flush,
    stop(): void {
      soon.stop();
      later.stop();
    },
  };
}

function whatIsUrgent(regions: readonly LiveRegion[]): string {
  return regions
    .map(
      ({ metadata: { name, uid, generation }, observed }) => `${name} ${uid} ${generation} ${observed.outage?.active}`,
    )
    .sort()
    .join();
}
