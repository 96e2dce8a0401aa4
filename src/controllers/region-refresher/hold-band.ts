import type { LiveRegion } from '../../cluster/regions.ts';
import { type BandThresholds, bandOf, nextBand } from '../../regions/band.ts';
import type { Reading } from '../../regions/reading.ts';
import type { RegionStatus } from '../../regions/region-status.ts';
import { gridZoneOf } from '../../signals/intensity/cloud-zones.ts';

type HeldStatus = Pick<RegionStatus, 'band' | 'bandSince' | 'bandChanges'>;

interface Circumstances {
  /** Epoch milliseconds. */
  readonly now: number;
  /** gCO2e/kWh; the usual ones where there are none. */
  readonly thresholds: BandThresholds | undefined;
}

/**
 * The band that goes with a reading, and what the next leader needs to hold it:
 *
 * | the reading       | the one before                     | band                         |
 * | ----------------- | ---------------------------------- | ---------------------------- |
 * | fixed, an average | any                                | `bandOf`, at once            |
 * | measured          | none, fixed, an average            | `bandOf`, at once            |
 * | measured          | measured, in another grid zone     | `bandOf`, at once            |
 * | measured          | measured                           | held with hysteresis         |
 */
export function holdBand(region: LiveRegion, reading: Reading, { now, thresholds }: Circumstances): HeldStatus {
  const { metadata, spec, observed } = region;
  const { gramsPerKwh } = reading;
  const { band: last, bandSince: since = now, bandChanges: changes = [] } = observed;
  const gridZone = gridZoneOf({ name: metadata.name, gridZone: spec.gridZone });
  if (last && isMeasured(reading) && isMeasured(observed.reading) && observed.gridZone === gridZone) {
    const held = nextBand({ previous: { band: last, since, changes }, gramsPerKwh, now, thresholds });
    return { band: held.band, bandSince: held.since, bandChanges: held.changes ?? [] };
  }
  const band = bandOf(gramsPerKwh, thresholds);
  return { band, bandSince: band === last ? Math.min(since, now) : now, bandChanges: changes };
}

function isMeasured(reading: Reading | undefined): boolean {
  return reading !== undefined && reading.source !== 'static' && reading.freshness !== 'embedded';
}
