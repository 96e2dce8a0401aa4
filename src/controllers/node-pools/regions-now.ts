import { bandAfter, bandOf } from '../../regions/band.ts';
import type { RegionView, Snapshot } from '../../regions/snapshot.ts';
import { toTenth } from '../../units/to-tenth.ts';
import type { PoolStatus } from './pool-status.ts';

/** By how much an intensity must pass a threshold, on both sides. */
const HYSTERESIS = 0.05;

/** What counts of a region for a NodePool; gCO2e/kWh. */
export type RegionNow =
  | { readonly name: string; readonly is: 'down' }
  | { readonly name: string; readonly is: 'unknown' }
  | {
      readonly name: string;
      readonly is: 'measured' | 'averaged';
      readonly gramsPerKwh: number;
      readonly isHigh: boolean;
    };

/** A region by its reading; one of another signal counts as unknown, and a yearly average calls nothing dirty. */
export function regionNow(
  name: string,
  { byName, policySignal }: Pick<Snapshot, 'byName' | 'policySignal'>,
): RegionNow {
  const view = byName.get(name);
  if (view?.outage?.active) return { name, is: 'down' };
  const { reading, band } = view ?? ({} as Partial<RegionView>);
  if (reading?.signal !== policySignal) return { name, is: 'unknown' };
  const is = reading.freshness === 'embedded' ? 'averaged' : 'measured';
  return { name, is, gramsPerKwh: reading.gramsPerKwh, isHigh: band === 'high' };
}

export type Measured = Extract<RegionNow, { readonly gramsPerKwh: number }>;

export function isMeasured(region: RegionNow): region is Measured {
  return region.is === 'measured';
}

/**
 * Whether an intensity is dirty (gCO2e/kWh), or one of the band `high` where there is no threshold:
 *
 * | it was   | threshold 250     | it is  |
 * | -------- | ----------------- | ------ |
 * | unknown  | above 250         | dirty  |
 * | clean    | above 262.5       | dirty  |
 * | dirty    | above 237.5       | dirty  |
 * | any      | none, band `high` | dirty  |
 */
export function isDirty(region: Measured, threshold: number | undefined, was: boolean | undefined): boolean {
  if (threshold === undefined) return region.isHigh; // the band is held already, by whoever wrote it
  const both = [threshold, threshold] as const;
  if (was === undefined) return bandOf(region.gramsPerKwh, both) === 'high';
  return bandAfter(was ? 'high' : 'low', region.gramsPerKwh, both, HYSTERESIS) === 'high';
}

/** At or below it, what was dirty is dirty no more; gCO2e/kWh. */
export function cleanAgainAt(threshold: number): number {
  return threshold * (1 - HYSTERESIS);
}

/** For the status: what was known of each region. */
export function readingsOf(regions: readonly RegionNow[]): PoolStatus['readings'] {
  return Object.fromEntries(
    regions.map((region) => [region.name, 'gramsPerKwh' in region ? toTenth(region.gramsPerKwh) : null]),
  );
}
