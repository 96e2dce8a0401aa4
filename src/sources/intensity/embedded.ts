import { yearly2025 } from '@tgwf/co2/data/electricity-maps';
import { gridZoneOf } from '../../regions/cloud-zones.ts';
import type { Reading } from '../../regions/reading.ts';

const AVERAGES: ReadonlyMap<string, number> = new Map(
  Object.entries(yearly2025.data).map(([zone, { carbonIntensity }]) => [zone, carbonIntensity.value]),
);

/**
 * The average intensity of a region's grid zone in 2025 (Electricity Maps via @tgwf/co2, ODbL), gCO2e/kWh, lifecycle.
 * The zone of a public cloud region is known; `undefined` for a zone without data.
 */
export function embeddedReading(region: string, gridZone: string | undefined): Reading | undefined {
  const gramsPerKwh = AVERAGES.get(gridZoneOf({ name: region, gridZone }) ?? '');
  if (gramsPerKwh === undefined) return undefined;
  return { gramsPerKwh, signal: 'average-lifecycle', source: 'embedded', estimated: true, freshness: 'embedded' };
}
