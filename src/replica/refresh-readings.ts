import type { Environment } from '../config/read-options.ts';
import type { Signal } from '../regions/reading.ts';
import type { RegionResource } from '../regions/region-resource.ts';
import type { SnapshotHolder } from '../regions/snapshot-holder.ts';
import { createFailureLog } from '../sources/asking/failure-log.ts';
import type { Log } from '../telemetry/log.ts';
import type { SourceTally } from '../telemetry/source-tally.ts';
import { createSources } from '../world/live-sources.ts';
import { createMeasuring, type Measured, readLive } from '../world/measuring.ts';
import type { LiveConfig } from './live-config.ts';

interface RefreshDeps extends Measured {
  readonly holder: SnapshotHolder;
  readonly log: Log;
}

export interface Refresher {
  /** Looks at once for regions that are new, and from then on every minute for all; the chain asks what is due. */
  follow(regions: readonly RegionResource[]): void;
  stop(): void;
}

interface StandAloneDeps {
  readonly config: Pick<LiveConfig, 'current'>;
  readonly env: Environment;
  readonly policySignal: Signal;
  readonly tally: SourceTally;
  readonly holder: SnapshotHolder;
  readonly log: Log;
}

/** The refresher of a server without a cluster: asks the sources of the moment, if there are any. */
export function createStandAloneRefresher(deps: StandAloneDeps): Refresher & { configChanged(): void } {
  const { config, env, policySignal, tally, holder, log } = deps;
  let followed: readonly RegionResource[] = [];
  let { sources, outage } = config.current();
  let { mode } = config.current().bands;
  let refresher = create();
  warnOfOutages();

  function create(): Refresher {
    const made = createSources(sources, env);
    const measuring = createMeasuring({ sources: made, policySignal, onRequest: tally.count });
    return createRefresher({ ...measuring(mode), holder, log });
  }

  function warnOfOutages(): void {
    if (outage.sources.length > 0)
      log.warn('sources of outages are asked in a cluster only; here spec.outage counts alone');
  }

  return {
    follow(regions) {
      followed = regions;
      if (sources.length > 0) refresher.follow(regions);
    },
    configChanged() {
      const next = config.current();
      if (next.outage !== outage) {
        ({ outage } = next);
        warnOfOutages();
      }
      if (next.sources === sources && next.bands.mode === mode) return;
      ({ sources } = next);
      ({ mode } = next.bands);
      refresher.stop();
      refresher = create();
      if (sources.length > 0) refresher.follow(followed);
      else holder.setReadings(new Map());
    },
    stop: () => refresher.stop(),
  };
}

/** The chain keeps an answer for 5 minutes from when it was asked, which is later than we looked: look again soon after. */
const INTERVAL_MS = 60_000;

/** Keeps the snapshot's readings as fresh as their sources; failures are logged when they change. */
function createRefresher({ chain, thresholdsOf, holder, log }: RefreshDeps): Refresher {
  let followed: readonly RegionResource[] = [];
  const tellFailures = createFailureLog('intensities', log);
  let timer: NodeJS.Timeout | undefined;

  async function refresh(): Promise<void> {
    clearTimeout(timer);
    timer = setTimeout(() => void refresh(), INTERVAL_MS).unref();
    const asked = followed;
    const { readings, failures } = await readLive(chain, asked);
    // Regions that were replaced meanwhile have a refresh of their own.
    if (asked !== followed) return;
    holder.setReadings(readings, thresholdsOf);
    tellFailures(failures);
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
