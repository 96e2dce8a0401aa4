import type { Logger } from 'pino';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { LiveRegion } from '../../cluster/regions.ts';
import type { BandThresholds } from '../../regions/band.ts';
import type { Signal } from '../../regions/reading.ts';
import type { IntensityChain } from '../../sources/intensity/chain.ts';
import { type Clock, createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type Outcome } from '../rounds.ts';
import { askIntensities, askOutages, createSourceLog, type OnHeard, type OutageReader } from './ask-sources.ts';
import type { StatusFacts } from './plan.ts';
import { createTerm } from './term.ts';
import { writeStatuses } from './write-statuses.ts';

export interface RegionRefresherDeps {
  /** As the cluster view shows them now. */
  readonly regions: () => readonly LiveRegion[];
  readonly chain: IntensityChain;
  readonly outages: OutageReader;
  readonly writer: Pick<ApiWriter, 'apply'>;
  readonly policySignal: Signal;
  /** Of the configuration, gCO2e/kWh; the usual ones without it. */
  readonly thresholds?: BandThresholds;
  /** A region's own ones, with relative bands; `undefined` where it has none. */
  readonly thresholdsOf?: (region: LiveRegion) => BandThresholds | undefined;
  /** Hears what the sources say; what it makes of that is asked of `forecastOf`. */
  readonly onHeard?: OnHeard;
  readonly forecastOf?: StatusFacts['forecastOf'];
  /** Epoch milliseconds: what readings are dated with. */
  readonly clock: () => number;
  readonly log: Logger;
  /** For waiting; nobody sets it. */
  readonly monotonic?: Clock;
}

export interface RegionRefresher {
  start(): void;
  /** Resolves when nothing will be written any more. */
  stop(): Promise<void>;
  /** After a change in the view of Regions: a new or changed spec is acted on at once. */
  regionsChanged(): void;
  /** When what was learnt forecasts something else: it is written. */
  forecastsChanged(): void;
  /** When a source of outages may have news: they are asked at once. */
  outagesChanged(): void;
}

const WRITES_PER_SECOND = 10;
const STATUSES = { name: 'region refresher', resyncMs: 30_000, settleMs: 20, restMs: 20 };
const OUTAGES = { name: 'outage poll', resyncMs: 29_000, settleMs: 20, restMs: 1_000 };
/** The chain keeps an answer for 5 minutes from when it was asked, which is later than we looked: look again soon after. */
const INTENSITIES = { name: 'intensity poll', resyncMs: 60_000, settleMs: 0, restMs: 0 };
const CHANGED_SPECS = { name: 'changed regions', resyncMs: 5 * 60_000, settleMs: 20, restMs: 20 };

/** Sources -> `Region.status`, for the leader alone and for one term: the next has one of its own. */
export function createRegionRefresher(deps: RegionRefresherDeps): RegionRefresher {
  const { clock, log, monotonic = MONOTONIC, policySignal, thresholds, thresholdsOf, forecastOf } = deps;
  const term = createTerm(deps.regions);
  const pace = createPace({ perSecond: WRITES_PER_SECOND, clock: monotonic });
  const sourceLog = createSourceLog(log);
  const facts = () => ({
    intensityOf: term.intensityOf,
    forecastOf,
    outages: term.outages,
    policySignal,
    thresholds,
    thresholdsOf,
    now: clock(),
  });

  const rounds = (settings: typeof STATUSES, round: (signal: AbortSignal) => Promise<Outcome>) =>
    createRounds({ ...settings, round, clock: monotonic, log });
  const statuses = rounds(STATUSES, async (signal) => {
    const { outcome, more } = await writeStatuses({ ...deps, term, facts, pace, signal });
    if (more) statuses.changed();
    return outcome;
  });
  const outages = rounds(OUTAGES, async (signal) => {
    sourceLog.tellOutages(await askOutages({ ...deps, term }, signal));
    statuses.changed();
    return 'done';
  });
  const askAbout = async (regions: readonly LiveRegion[], signal: AbortSignal): Promise<Outcome> => {
    if (regions.length === 0) return 'done';
    await askIntensities({ ...deps, term }, regions, signal);
    sourceLog.tellIntensities(term);
    statuses.changed();
    return 'done';
  };
  const intensities = rounds(INTENSITIES, async (signal) => {
    term.takeChanged();
    return askAbout(term.regions(), signal);
  });
  // Beside the poll: a slow source of another region must not hold up a new one.
  const changedSpecs = rounds(CHANGED_SPECS, async (signal) => askAbout(term.takeChanged(), signal));
  const all = [intensities, changedSpecs, outages, statuses];

  return {
    start() {
      for (const one of all) one.start();
    },
    async stop() {
      await Promise.all(all.map((one) => one.stop()));
    },
    regionsChanged() {
      if (term.regions().every(term.isCurrent)) return; // our own writes, or a reading of somebody's
      statuses.changed();
      changedSpecs.changed();
    },
    forecastsChanged: statuses.changed,
    outagesChanged: outages.changed,
  };
}
