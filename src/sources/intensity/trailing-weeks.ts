import { LRUCache } from 'lru-cache';
import { type BandThresholds, thresholdsOf } from '../../regions/band.ts';
import { gridZoneOf } from '../../regions/cloud-zones.ts';
import type { Signal, TimedValue } from '../../regions/reading.ts';
import { HOUR_MS } from '../../units/moment.ts';
import { toTenth } from '../../units/to-tenth.ts';
import type { ChainWithHistory, IntensityChain, RegionIntensity } from './chain.ts';
import { type DescribedRegion, zonesOf } from './read-regions.ts';
import type { RegionZones } from './source.ts';

interface TrailingWeeksDeps {
  readonly chain: ChainWithHistory;
  readonly policySignal: Signal;
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

/** As many as a zone memory keeps; beyond them the least read regions, or zones that they had, are forgotten. */
const MOST_REGIONS = 1_000;
/** A chain that was not read for so long (another replica led) has missed hours. */
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
    const key = zoneKeyOf(region);
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
    thresholdsOf: (region) => weeks.get(zoneKeyOf(zonesOf(region)))?.thresholds,
  };
}

/** A region with what sources know it by: another zone has other percentiles. */
export function zoneKeyOf(region: RegionZones): string {
  const { name, wattTime, ukCarbonIntensity, carbonAwareSdk } = region;
  return JSON.stringify([name, gridZoneOf(region), wattTime, ukCarbonIntensity, carbonAwareSdk]);
}

/** The last 7 days of a region's series in one signal and zone, at most one value an hour, by hours since 1970. */
export type HourlyWeek = ReadonlyMap<number, TimedValue>;

const WEEK_HOURS = 7 * 24;

/**
 * The week with these values added and what is older than 7 days at `now` (epoch milliseconds) left out. Of an hour the
 * latest value counts; of the same moment the one that was heard last, since providers put their estimates right.
 * Values ahead of `now` (the clock was set back) are left out too: nothing else would ever end them.
 */
export function rememberHours(week: HourlyWeek, values: readonly TimedValue[], now: number): HourlyWeek {
  const current = hourOf(now);
  const next = new Map<number, TimedValue>();
  for (const { measuredAt, gramsPerKwh } of [...week.values(), ...values]) {
    const hour = hourOf(measuredAt);
    const known = next.get(hour);
    if (hour > current || hour <= current - WEEK_HOURS || (known && known.measuredAt > measuredAt)) continue;
    next.set(hour, { measuredAt, gramsPerKwh });
  }
  return next;
}

/** The thresholds that a week makes, to a tenth of a gram; `undefined` where fewer than 24 hours of it are known. */
export function ownThresholds(week: HourlyWeek): BandThresholds | undefined {
  const thresholds = thresholdsOf([...week.values()].map(({ gramsPerKwh }) => gramsPerKwh));
  return thresholds && [toTenth(thresholds[0]), toTenth(thresholds[1])];
}

function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS);
}
