import { bulkhead } from 'cockatiel';
import type { Reading } from '../regions/reading.ts';
import type { RegionResource } from '../regions/region-resource.ts';
import type { IntensityChain } from '../signals/intensity/chain.ts';
import type { RegionZones } from '../signals/intensity/source.ts';

export interface LiveReadings {
  /** By region; regions that have a fixed value, or of which nothing is known, are absent. */
  readonly readings: ReadonlyMap<string, Reading>;
  /** What went wrong at sources, a sentence each. */
  readonly failures: readonly string[];
}

/** Providers count requests a second: 200 regions do not ask all at once. */
const AT_ONCE = 8;

/** Asks the sources for every region without a fixed value; never rejects. */
export async function readLive(chain: IntensityChain, regions: readonly RegionResource[]): Promise<LiveReadings> {
  const polite = bulkhead(AT_ONCE, regions.length);
  const readings = new Map<string, Reading>();
  const failures = new Set<string>();
  await Promise.all(
    regions
      .filter(({ spec }) => spec.gramsPerKwh === undefined)
      .map((region) =>
        polite.execute(async () => {
          const { reading, attempts } = await chain.read(zonesOf(region));
          if (reading) readings.set(region.metadata.name, reading);
          for (const { source, outcome, message } of attempts)
            if (outcome !== 'ok' && outcome !== 'not_covered') failures.add(`${source}: ${outcome}: ${message}`);
        }),
      ),
  );
  return { readings, failures: [...failures] };
}

export function zonesOf({ metadata: { name }, spec }: RegionResource): RegionZones {
  return { ...spec, name };
}
