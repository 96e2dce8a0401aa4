import type { Signal } from '../../regions/reading.ts';
import type { RegionSpec } from '../../regions/region-resource.ts';

export type SourceName =
  | 'electricity-maps'
  | 'watttime'
  | 'uk-carbon-intensity'
  | 'carbon-aware-sdk'
  | 'prometheus'
  | 'file';

/** One value of a source's series: the intensity of a zone from `measuredAt` on. */
export interface Measurement {
  readonly gramsPerKwh: number;
  readonly signal: Signal;
  /** Epoch milliseconds: the start of the interval that the value is of. */
  readonly measuredAt: number;
  /** How long one value of the series lasts. */
  readonly stepMs: number;
  readonly estimated: boolean;
}

/** A value of the future; `from` in epoch milliseconds, until the next one's. */
export interface ForecastPoint {
  readonly from: number;
  readonly gramsPerKwh: number;
}

/** What a source needs to know of a region to find its own zone. */
export type RegionZones = Pick<RegionSpec, 'gridZone' | 'wattTime' | 'ukCarbonIntensity' | 'carbonAwareSdk'> & {
  readonly name: string;
};

/**
 * A provider of intensities. Its functions reject with a SourceError and nothing else, or answer values as received; one that
 * receives several for now answers the newest that can be right (plausible.ts).
 */
export interface IntensitySource {
  readonly name: SourceName;
  /** How long an answer is kept, milliseconds; by default the five minutes that are due to somebody else's server. */
  readonly keptMs?: number;
  /** What the source calls a region's zone; `undefined` where it does not cover the region. */
  zoneOf(region: RegionZones): string | undefined;
  current(zone: string, abort: AbortSignal): Promise<Measurement>;
  /** The last day or more, oldest first. */
  readonly history?: (zone: string, abort: AbortSignal) => Promise<readonly Measurement[]>;
  /** From now on, earliest first, in the same signal as `current`. */
  readonly forecast?: (zone: string, abort: AbortSignal) => Promise<readonly ForecastPoint[]>;
}

export type ForecastingSource = IntensitySource & Required<Pick<IntensitySource, 'history' | 'forecast'>>;
