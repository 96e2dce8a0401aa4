import { LRUCache } from 'lru-cache';
import type { BandThresholds } from '../../regions/band.ts';
import { gridZoneOf } from '../../regions/cloud-zones.ts';
import { type HourlyWeek, ownThresholds, rememberHours } from '../../regions/hourly-week.ts';
import type { Signal } from '../../regions/reading.ts';
import type { ChainWithHistory, IntensityChain, RegionIntensity } from './chain.ts';
import { type DescribedRegion, zonesOf } from './read-regions.ts';
import { HOUR_MS } from './series.ts';
import type { RegionZones } from './source.ts';

interface TrailingWeeksDeps {
  readonly chain: ChainWithHistory;
  readonly policySignal: Signal;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

/** A chain that remembers what it read, for relative bands. */
export interface TrailingWeeks extends IntensityChain {
  /** A region's own thresholds, gCO2e/kWh, as of its last reading; `undefined` until 24 hours of it are known. */
  thresholdsOf(region: DescribedRegion): BandThresholds | undefined;
}

interface Known {
  readonly week: HourlyWeek;
  readonly thresholds: BandThresholds | undefined;
  /** When the last value was added; absent while history may still have more to say. */
  readonly filledAt: number | undefined;
}

/** As many as a zone memory keeps; of more regions, or zones that they had, the least read are forgotten. */
const MOST_REGIONS = 1_000;
/** A chain that nobody read for so long (another replica led) has missed hours. */
const PAUSE_MS = 2 * HOUR_MS;

/**
 * Keeps an hourly series of 7 days for each region, in memory alone: begun with what the history of the reading's source
 * holds, as far back as it goes, and from then on with each fresh reading of the policy signal. Lost with the process;
 * begun anew when a region's zone changes, and filled up again after a pause.
 *
 * | what is known of region and zone | history has values | afterwards                                              |
 * | -------------------------------- | ------------------ | ------------------------------------------------------- |
 * | nothing                          | yes                | these and the reading                                   |
 * | nothing, or less than 24 hours   | no                 | the reading too; history is asked again with the next   |
 * | values, the last within 2 hours  | -                  | the reading too                                         |
 * | values, the last before that     | any                | these and the reading too                               |
 */
export function createTrailingWeeks({ chain, policySignal, clock }: TrailingWeeksDeps): TrailingWeeks {
  const weeks = new LRUCache<string, Known>({ max: MOST_REGIONS });

  async function learn(region: RegionZones, { reading }: RegionIntensity): Promise<void> {
    if (reading?.freshness !== 'fresh' || reading.signal !== policySignal || reading.measuredAt === undefined) return;
    const key = keyOf(region);
    const filledAt = weeks.get(key)?.filledAt;
    const isDue = filledAt === undefined || Math.abs(clock() - filledAt) > PAUSE_MS;
    const history = isDue ? await chain.history(region, reading.source) : [];
    const values = history.filter(({ signal }) => signal === policySignal);
    // Looked up again: another question about the same region may have been answered meanwhile.
    const known = weeks.get(key)?.week ?? new Map();
    const { measuredAt, gramsPerKwh } = reading;
    const now = clock();
    const week = rememberHours(known, [...values, { measuredAt, gramsPerKwh }], now);
    const thresholds = ownThresholds(week);
    const isFilled = !isDue || values.length > 0 || thresholds !== undefined;
    weeks.set(key, { week, thresholds, filledAt: isFilled ? now : undefined });
  }

  return {
    async read(region) {
      const intensity = await chain.read(region);
      await learn(region, intensity);
      return intensity;
    },
    thresholdsOf: (region) => weeks.get(keyOf(zonesOf(region)))?.thresholds,
  };
}

/** A region with what sources know it by: another zone has other percentiles. */
function keyOf(region: RegionZones): string {
  const { name, wattTime, ukCarbonIntensity, carbonAwareSdk } = region;
  return JSON.stringify([name, gridZoneOf(region), wattTime, ukCarbonIntensity, carbonAwareSdk]);
}
