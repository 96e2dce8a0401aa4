import { bulkhead } from 'cockatiel';
import type { RegionSpec } from '../../regions/region-resource.ts';
import { nameFew } from '../../units/tell-few.ts';
import type { IntensityChain, RegionIntensity } from './chain.ts';
import type { RegionZones } from './source.ts';

/** Providers count requests a second: 200 regions do not ask all at once. */
const AT_ONCE = 8;
const MOST_NAMES = 3;

export interface DescribedRegion {
  readonly metadata: { readonly name: string };
  readonly spec: RegionSpec;
}

/** What a source needs to know of a region. */
export function zonesOf({ metadata: { name }, spec }: DescribedRegion): RegionZones {
  return { ...spec, name };
}

/** Asks about every region, of some a few at once; rejects when one question does. */
export function askAboutEach<R, T>(regions: readonly R[], ask: (region: R) => Promise<T>): Promise<readonly T[]> {
  const polite = bulkhead(AT_ONCE, regions.length);
  return Promise.all(regions.map((region) => polite.execute(() => ask(region))));
}

/** Asks the sources for every region without a fixed value, by name; never rejects. */
export async function readIntensities(
  chain: IntensityChain,
  regions: readonly DescribedRegion[],
): Promise<ReadonlyMap<string, RegionIntensity>> {
  const asked = regions.filter(({ spec }) => spec.gramsPerKwh === undefined);
  const read = await askAboutEach(asked, async (region) => {
    return [region.metadata.name, await chain.read(zonesOf(region))] as const;
  });
  return new Map(read);
}

/**
 * What went wrong at sources, a sentence each, without those that merely do not cover a region. A source that answers about
 * some regions is not down: the sentence names those for which it fails.
 */
export function failuresOf(intensities: ReadonlyMap<string, RegionIntensity>): readonly string[] {
  const attempts = [...intensities].flatMap(([region, intensity]) =>
    intensity.attempts
      .filter(({ outcome }) => outcome !== 'not_covered')
      .map(({ source, outcome, message }) => ({ region, source, outcome, says: `${source}: ${outcome}: ${message}` })),
  );
  const working = new Set(attempts.filter(({ outcome }) => outcome === 'ok').map(({ source }) => source));
  const failed = Map.groupBy(
    attempts.filter(({ outcome }) => outcome !== 'ok'),
    ({ says }) => says,
  );
  return [...failed].map(([says, of]) => {
    const isPartly = of.some(({ source }) => working.has(source));
    return isPartly ? `${says} (${nameFew(of, MOST_NAMES, ({ region }) => region)})` : says;
  });
}
