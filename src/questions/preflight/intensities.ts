import type { OptionValues } from '../../config/options.ts';
import type { Environment } from '../../config/read-options.ts';
import { comparableReading } from '../../decision/refuse.ts';
import type { ObservedRegion } from '../../regions/observed-region.ts';
import type { Reading } from '../../regions/reading.ts';
import { readClusterRegions } from '../../world/cluster-regions.ts';
import { type DescribedRegions, takeSnapshot } from '../../world/load-regions.ts';
import type { ChosenCluster } from '../../world/which-cluster.ts';

export type RegionBook = Pick<DescribedRegions, 'regions' | 'config'>;

/** Regions of a cluster; a cluster without them, or a caller who may not see them, has yearly averages. */
export async function describedInCluster(
  cluster: ChosenCluster,
): Promise<{ readonly regions: readonly ObservedRegion[]; readonly notes: readonly string[] }> {
  const read = await readClusterRegions(cluster);
  if (!('issues' in read)) return { regions: read.regions, notes: read.invalid };
  return { regions: [], notes: read.issues.map((issue) => `${issue}; yearly averages stand for intensities`) };
}

/**
 * The intensity of each of these regions now, with what went wrong at sources, a sentence each; a region that nobody describes has
 * the yearly average of its zone, if it has one.
 */
export async function readIntensitiesOf(
  names: ReadonlySet<string>,
  { regions: described, config }: RegionBook,
  { policySignal, regionLabel }: OptionValues<'policySignal' | 'regionLabel'>,
  env: Environment,
): Promise<{ readonly byRegion: ReadonlyMap<string, Reading>; readonly notes: readonly string[] }> {
  const known = new Map(described.map((region) => [region.metadata.name, region]));
  const regions = [...names].map((name): ObservedRegion => known.get(name) ?? { metadata: { name }, spec: {} });
  const { snapshot, failures } = await takeSnapshot({ regions, config }, { policySignal, regionLabel }, env);
  const byRegion = snapshot.regions.flatMap((region) => {
    const reading = comparableReading(region, snapshot);
    return reading ? [[region.name, reading] as const] : [];
  });
  return { byRegion: new Map(byRegion), notes: failures };
}
