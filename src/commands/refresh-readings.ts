import type { RegionResource } from '../regions/region-resource.ts';
import type { SnapshotHolder } from '../regions/snapshot-holder.ts';
import type { IntensityChain } from '../signals/intensity/chain.ts';
import type { Log } from '../telemetry/log.ts';
import { readLive } from './live-readings.ts';

interface RefreshDeps {
  readonly chain: IntensityChain;
  readonly holder: SnapshotHolder;
  readonly log: Log;
}

export interface Refresher {
  /** Asks at once for regions that are new, and from then on every five minutes for all of them. */
  follow(regions: readonly RegionResource[]): void;
  stop(): void;
}

/** As long as the chain keeps an answer. */
const INTERVAL_MS = 5 * 60_000;

/** Keeps the snapshot's readings as fresh as their sources; failures are logged when they change. */
export function createRefresher({ chain, holder, log }: RefreshDeps): Refresher {
  let followed: readonly RegionResource[] = [];
  let told = '';
  let timer: NodeJS.Timeout | undefined;

  async function refresh(): Promise<void> {
    clearTimeout(timer);
    timer = setTimeout(() => void refresh(), INTERVAL_MS).unref();
    const asked = followed;
    const { readings, failures } = await readLive(chain, asked);
    // Regions that were replaced meanwhile have a refresh of their own.
    if (asked !== followed) return;
    holder.setReadings(readings);
    const text = failures.join('; ');
    if (text !== told && text !== '') log.warn({ failures }, 'sources of intensities failed');
    if (text !== told && text === '') log.info('every source of intensities works again');
    told = text;
  }

  return {
    follow(regions) {
      followed = regions;
      void refresh();
    },
    stop() {
      followed = [];
      clearTimeout(timer);
    },
  };
}
