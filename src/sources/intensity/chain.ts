import type { Reading, Signal } from '../../regions/reading.ts';
import { type Answer, answerOfError, type RequestOutcome } from '../asking/answer.ts';
import type { RequesterDeps } from '../asking/requester.ts';
import { choose } from './choose.ts';
import { embeddedReading } from './embedded.ts';
import { type Attempt, createFeed, type Feed, type Forecast } from './feed.ts';
import type { IntensitySource, Measurement, RegionZones, SourceName } from './source.ts';

export interface IntensityChainDeps extends Pick<RequesterDeps, 'clock' | 'random' | 'deadline'> {
  readonly sources: readonly IntensitySource[];
  readonly policySignal?: Signal;
  /** For how long an answer counts of a source that does not say so itself; 5 minutes without it. */
  readonly keptMs?: number | undefined;
  /** Called once for each request that was made, also for those that only a retry followed. */
  readonly onRequest?: (source: SourceName, outcome: RequestOutcome) => void;
}

export interface RegionIntensity {
  /** Absent where no source covers the region and its grid zone has no yearly average. */
  readonly reading?: Reading;
  /** How long one value of the reading's series lasts, milliseconds; absent for a yearly average. */
  readonly stepMs?: number;
  /** The sources that were considered, in their order; those behind a fresh reading were not. */
  readonly attempts: readonly Attempt[];
  readonly forecast: Forecast | undefined;
}

export interface IntensityChain {
  /** The best there is to know of a region now; never rejects. Values, forecasts and histories are each asked for once in 5 min. */
  read(region: RegionZones): Promise<RegionIntensity>;
}

export interface ChainWithHistory extends IntensityChain {
  /** What the named source knows of a region's last days, oldest first; empty where it has no history. Never rejects. */
  history(region: RegionZones, source: string): Promise<readonly Measurement[]>;
}

interface Candidate {
  readonly reading: Reading;
  readonly stepMs?: number | undefined;
  readonly forecast: () => Promise<Forecast | undefined>;
}

/**
 * Sources behind one another, with the embedded yearly average as the last:
 *
 * | the source                           | its reading                                   | the next one    |
 * | ------------------------------------ | --------------------------------------------- | --------------- |
 * | answers, fresh, in the policy signal | is used                                       | is not asked    |
 * | answers, stale or in another signal  | is used if no later one is better (choose.ts) | is asked        |
 * | fails; its last good one can be used | that one, as if it had answered it            | as in rows 1, 2 |
 * | fails otherwise, or has no such zone | -                                             | is asked        |
 *
 * When the clock is set back by an hour:
 *
 * | what                              | then                                                                |
 * | --------------------------------- | ------------------------------------------------------------------- |
 * | readings that are known           | stay in use, `stale` where they are now more than 5 min ahead       |
 * | answers of the last 5 minutes     | are asked for again, once                                           |
 * | new answers more than 5 min ahead | are `implausible`; the attempt says that one of the clocks is wrong |
 * | an open breaker, a Retry-After    | end; one request tells whether they still hold                      |
 *
 * Set forward, readings age by that much; what gets too old is replaced by the next answer.
 */
export function createIntensityChain(given: IntensityChainDeps): ChainWithHistory {
  const { sources, policySignal: wanted = 'average-lifecycle', onRequest, ...deps } = given;
  const feeds = sources.map((source) =>
    createFeed(source, { ...deps, onRequest: (outcome) => onRequest?.(source.name, outcome) }),
  );

  async function gather(region: RegionZones): Promise<{ attempts: Attempt[]; candidates: Candidate[] }> {
    const attempts: Attempt[] = [];
    const candidates: Candidate[] = [];
    for (const feed of feeds) {
      const { attempt, candidate } = await consider(feed, region);
      attempts.push(attempt);
      if (!candidate) continue;
      candidates.push(candidate);
      if (candidate.reading.freshness === 'fresh' && candidate.reading.signal === wanted) break;
    }
    return { attempts, candidates };
  }

  return {
    async read(region) {
      const { attempts, candidates } = await gather(region);
      const embedded = embeddedReading(region.name, region.gridZone);
      const readings = [...candidates.map((one) => one.reading), ...(embedded ? [embedded] : [])];
      const reading = choose(readings, wanted);
      const { stepMs, forecast } = candidates.find((one) => one.reading === reading) ?? {};
      return {
        ...(reading && { reading }),
        ...(stepMs !== undefined && { stepMs }),
        attempts,
        forecast: await forecast?.(),
      };
    },

    async history(region, source) {
      for (const feed of feeds.filter((one) => one.source.name === source)) {
        const zone = zoneOf(feed.source, region);
        if (zone.outcome === 'ok') return feed.history(zone.value);
      }
      return [];
    },
  };
}

async function consider(feed: Feed, region: RegionZones): Promise<{ attempt: Attempt; candidate?: Candidate }> {
  const { source } = feed;
  const named = zoneOf(source, region);
  if (named.outcome !== 'ok')
    return { attempt: { source: source.name, outcome: named.outcome, message: named.message } };
  const zone = named.value;
  const { attempt, reading, stepMs } = await feed.current(zone);
  if (!reading) return { attempt };
  return { attempt, candidate: { reading, stepMs, forecast: () => feed.forecast(zone, reading.signal) } };
}

/** A source that throws here must not take the others with it. */
function zoneOf(source: IntensitySource, region: RegionZones): Answer<string> {
  try {
    const value = source.zoneOf(region);
    return value === undefined
      ? { outcome: 'not_covered', message: 'it has no zone for this region' }
      : { outcome: 'ok', value };
  } catch (error) {
    return answerOfError(error);
  }
}
