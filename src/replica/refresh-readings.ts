import type { Environment } from '../config/read-options.ts';
import type { Signal } from '../regions/reading.ts';
import type { RegionResource } from '../regions/region-resource.ts';
import type { SnapshotHolder } from '../regions/snapshot-holder.ts';
import { createFailureLog } from '../sources/asking/failure-log.ts';
import type { Log } from '../telemetry/log.ts';
import type { SourceTally } from '../telemetry/source-tally.ts';
import { createSources } from '../world/live-sources.ts';
import { createMeasuring, readLive } from '../world/measuring.ts';
import type { LiveConfig } from './live-config.ts';

interface StandAloneDeps {
  readonly config: Pick<LiveConfig, 'current'>;
  readonly env: Environment;
  readonly policySignal: Signal;
  readonly tally: SourceTally;
  readonly holder: SnapshotHolder;
  readonly log: Log;
}

/** The chain keeps an answer for 5 minutes from when it was asked, which is later than we looked: look again soon after. */
const INTERVAL_MS = 60_000;

/**
 * Keeps the readings of a server without a cluster as fresh as the sources of the moment, if there are any; failures are logged
 * when they change.
 */
export function createStandAloneRefresher({ config, env, policySignal, tally, holder, log }: StandAloneDeps) {
  let followed: readonly RegionResource[] = [];
  let { sources, outage, bands } = config.current();
  let asking = begin();
  let timer: NodeJS.Timeout | undefined;
  warnOfOutages();

  function begin() {
    const measuring = createMeasuring({ sources: createSources(sources, env), policySignal, onRequest: tally.count });
    return { ...measuring(bands.mode), tellFailures: createFailureLog('intensities', log) };
  }

  function warnOfOutages(): void {
    if (outage.sources.length > 0)
      log.warn('sources of outages are asked in a cluster only; here spec.outage counts alone');
  }

  async function refresh(): Promise<void> {
    clearTimeout(timer);
    if (sources.length === 0) return;
    timer = setTimeout(() => void refresh(), INTERVAL_MS).unref();
    const [regions, asked] = [followed, asking];
    const { readings, failures } = await readLive(asked.chain, regions);
    // Regions and sources that were replaced meanwhile have a refresh of their own.
    if (regions !== followed || asked !== asking) return;
    holder.setReadings(readings, asked.thresholdsOf);
    asked.tellFailures(failures);
  }

  return {
    /** Looks at once for regions that are new, and from then on every minute for all; the chain asks what is due. */
    follow(regions: readonly RegionResource[]): void {
      followed = regions;
      void refresh();
    },
    configChanged(): void {
      const next = config.current();
      const isSame = next.sources === sources && next.bands.mode === bands.mode;
      const hasOtherOutages = next.outage !== outage;
      ({ sources, outage, bands } = next);
      if (hasOtherOutages) warnOfOutages();
      if (isSame) return;
      asking = begin();
      if (sources.length === 0) holder.setReadings(new Map());
      void refresh();
    },
    stop(): void {
      followed = [];
      clearTimeout(timer);
    },
  };
}
