import type { RegionView, Snapshot } from '../regions/snapshot.ts';
import { comparableReading } from './refuse.ts';

/**
 * All regions of a snapshot, the lowest comparable reading first, equal ones by name. A reading of another signal
 * compares with nothing: such regions come after those, and regions without any reading last.
 */
export function cleanestFirst(snapshot: Snapshot): readonly RegionView[] {
  const keyed = snapshot.regions.map((region) => ({ region, key: sortKey(region, snapshot) }));
  return keyed
    .sort((a, b) => a.key.group - b.key.group || a.key.grams - b.key.grams || (a.region.name < b.region.name ? -1 : 1))
    .map(({ region }) => region);
}

function sortKey(region: RegionView, snapshot: Snapshot): { readonly group: number; readonly grams: number } {
  const reading = comparableReading(region, snapshot);
  if (reading) return { group: 0, grams: reading.gramsPerKwh };
  return { group: region.reading ? 1 : 2, grams: 0 };
}
