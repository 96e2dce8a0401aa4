import { hourOf } from '../../forecast/by-hour.ts';
import { gramsOf } from '../../forecast/past-hours.ts';
import type { Signal } from '../../regions/reading.ts';
import type { RememberedHours, SeriesIdentity } from '../../regions/remembered-hours.ts';
import type { RegionIntensity } from '../../sources/intensity/chain.ts';
import type { Measurement } from '../../sources/intensity/source.ts';
import { HOUR_MS } from '../../units/moment.ts';
import { createRegionSeries, type RegionSeries } from './region-series.ts';

/** What the sources said of a region when they were asked. */
export interface HeardRegion {
  readonly name: string;
  /** What sources know it by. */
  readonly zone: string;
  readonly intensity: RegionIntensity;
  /** What the named source knows of its last days; empty where it has no history. Never rejects. */
  readonly history: (source: string) => Promise<readonly Measurement[]>;
}

/** Hourly readings of the past. */
export interface RegionPast {
  /** Epoch milliseconds of the first hour. */
  readonly from: number;
  /** gCO2e/kWh, hour by hour; NaN where there is no reading. */
  readonly gramsPerKwh: ArrayLike<number>;
}

/** One series a region. */
export interface SeriesBook {
  hear(heard: HeardRegion, now: number): void;
  /** What was kept of a region goes before what was heard of it meanwhile. */
  restore(name: string, remembered: RememberedHours): void;
  /** Forgets regions that are not here. */
  keepOnly(names: ReadonlySet<string>): void;
  get(name: string): RegionSeries | undefined;
  names(): Iterable<string>;
  pastOf(name: string): RegionPast | undefined;
}

/** Another source stands in for so long before its readings begin a memory of their own. */
const STANDS_IN_HOURS = 24;

/**
 * Which series a reading belongs to:
 *
 * | the reading                                                 | then                                     |
 * | ----------------------------------------------------------- | ---------------------------------------- |
 * | a fixed value, a yearly average, another signal than policy | teaches nothing                          |
 * | same zone, source and signal as what is known               | goes on with it                          |
 * | another source: that of before is asked, too, but has       | teaches nothing: it merely stands in     |
 * |   nothing fresh, for less than a day                        |                                          |
 * | any other                                                   | begins a new series                      |
 */
export function createSeriesBook(policySignal: Signal): SeriesBook {
  const series = new Map<string, RegionSeries>();

  function standsIn(known: RegionSeries, identity: SeriesIdentity, { intensity }: HeardRegion, now: number): boolean {
    const { zone, source, signal } = known.identity;
    const isAsked = intensity.attempts.some((one) => one.source === source && one.outcome !== 'not_covered');
    const isRecent = hourOf(now) - known.past.until() < STANDS_IN_HOURS;
    return identity.zone === zone && identity.signal === signal && isAsked && isRecent;
  }

  function seriesFor(heard: HeardRegion, identity: SeriesIdentity, now: number): RegionSeries | undefined {
    const known = series.get(heard.name);
    if (known && isSame(known.identity, identity)) return known;
    if (known && standsIn(known, identity, heard, now)) return undefined;
    const begun = createRegionSeries(identity);
    series.set(heard.name, begun);
    return begun;
  }

  return {
    hear(heard, now) {
      const { reading, stepMs = 0, forecast } = heard.intensity;
      if (reading?.measuredAt === undefined || reading.freshness === 'embedded' || reading.signal !== policySignal)
        return;
      const { source, signal, measuredAt, gramsPerKwh } = reading;
      const found = seriesFor(heard, { zone: heard.zone, source, signal }, now);
      const announced = forecast && !forecast.estimated ? forecast.points : [];
      found?.hear({ measuredAt, gramsPerKwh, stepMs }, announced, now);
    },
    restore(name, remembered) {
      if (remembered.identity.signal !== policySignal) return;
      const known = series.get(name) ?? createRegionSeries(remembered.identity);
      if (!isSame(known.identity, remembered.identity)) return;
      known.restore(remembered);
      series.set(name, known);
    },
    keepOnly(names) {
      for (const name of series.keys()) if (!names.has(name)) series.delete(name);
    },
    get: (name) => series.get(name),
    names: () => series.keys(),
    pastOf(name) {
      const kept = series.get(name)?.past.kept();
      return kept && { from: kept.firstHour * HOUR_MS, gramsPerKwh: gramsOf(kept.tenths) };
    },
  };
}

function isSame(one: SeriesIdentity, other: SeriesIdentity): boolean {
  return one.zone === other.zone && one.source === other.source && one.signal === other.signal;
}
