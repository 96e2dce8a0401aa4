import type { LiveRegion } from '../../cluster/regions.ts';
import { type BandThresholds, bandOf, nextBand } from '../../regions/band.ts';
import { gridZoneOf } from '../../regions/cloud-zones.ts';
import type { Reading } from '../../regions/reading.ts';
import type { RegionStatus } from '../../regions/region-status.ts';
import { isMeasured } from '../../regions/thresholds-in-force.ts';

type HeldStatus = Pick<RegionStatus, 'band' | 'bandSince' | 'bandChanges' | 'bandThresholds'>;

interface Circumstances {
  /** Epoch milliseconds. */
  readonly now: number;
  /** gCO2e/kWh: those in force. */
  readonly thresholds: BandThresholds;
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
    return { band: held.band, bandSince: held.since, bandChanges: held.changes ?? [], bandThresholds: thresholds };
  }
  const band = bandOf(gramsPerKwh, thresholds);
  const bandSince = band === last ? Math.min(since, now) : now;
  return { band, bandSince, bandChanges: changes, bandThresholds: thresholds };
}
