import { bulkhead } from 'cockatiel';
import type { RegionSpec } from '../../regions/region-resource.ts';
import type { IntensityChain, RegionIntensity } from './chain.ts';
import type { RegionZones } from './source.ts';

/** Providers count requests a second: 200 regions do not ask all at once. */
const AT_ONCE = 8;

export interface DescribedRegion {
  readonly metadata: { readonly name: string };
  readonly spec: RegionSpec;
}

/** What a source needs to know of a region. */
export function zonesOf({ metadata: { name }, spec }: DescribedRegion): RegionZones {
  return { ...spec, name };
}

/** Asks the sources for every region without a fixed value, by name; never rejects. */
export async function readIntensities(
  chain: IntensityChain,
  regions: readonly DescribedRegion[],
): Promise<ReadonlyMap<string, RegionIntensity>> {
  const polite = bulkhead(AT_ONCE, regions.length);
  const asked = regions.filter(({ spec }) => spec.gramsPerKwh === undefined);
  const read = asked.map(async (region) => {
    const intensity = await polite.execute(() => chain.read(zonesOf(region)));
    return [region.metadata.name, intensity] as const;
  });
  return new Map(await Promise.all(read));
}

/** What went wrong at sources, a sentence each, without those that merely do not cover a region. */
export function failuresOf(intensities: Iterable<RegionIntensity>): readonly string[] {
  const failures = [...intensities].flatMap(({ attempts }) =>
    attempts
      .filter(({ outcome }) => outcome !== 'ok' && outcome !== 'not_covered')
      .map(({ source, outcome, message }) => `${source}: ${outcome}: ${message}`),
  );
  return [...new Set(failures)];
}
