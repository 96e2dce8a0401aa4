import { type GridgateConfig, readConfig } from '../../config/config-file.ts';
import type { OptionValues } from '../../config/options.ts';
import type { Environment } from '../../config/read-options.ts';
import { comparableReading } from '../../decision/refuse.ts';
import type { ObservedRegion } from '../../regions/observed-region.ts';
import type { Reading } from '../../regions/reading.ts';
import { readClusterRegions } from '../../world/cluster-regions.ts';
import { createSources } from '../../world/live-sources.ts';
import { takeSnapshot } from '../../world/load-regions.ts';
import type { ClusterOptions } from '../../world/open-cluster.ts';
import { readRegions } from '../../world/read-files.ts';

type RegionFiles = OptionValues<'regions' | 'config'>;

/** What people wrote of regions and sources. */
export interface RegionBook {
  readonly described: readonly ObservedRegion[];
  readonly config: GridgateConfig;
}

/** Reads both files, where they are given; every mistake at once. */
export async function readRegionBook({
  regions,
  config,
}: RegionFiles): Promise<RegionBook | { readonly issues: readonly string[] }> {
  const [file, configured] = await Promise.all([
    regions === undefined ? { value: [], issues: [] } : readRegions(regions),
    readConfig(config),
  ]);
  if ('issues' in configured) return { issues: [...file.issues, ...configured.issues] };
  return file.issues.length > 0 ? { issues: file.issues } : { described: file.value, config: configured.config };
}

/** Regions of a cluster; a cluster without them, or a caller who may not see them, has yearly averages. */
export async function describedInCluster(
  options: ClusterOptions,
): Promise<{ readonly described: readonly ObservedRegion[]; readonly notes: readonly string[] }> {
  const read = await readClusterRegions(options);
  if (!('issues' in read)) return { described: read.regions, notes: read.invalid };
  return { described: [], notes: read.issues.map((issue) => `${issue}; yearly averages stand for intensities`) };
}

export interface Intensities {
  readonly byRegion: ReadonlyMap<string, Reading>;
  /** What went wrong at sources, a sentence each. */
  readonly notes: readonly string[];
}

/** The intensity of each of these regions now; one that nobody describes has the yearly average of its zone, if it has one. */
export async function readIntensitiesOf(
  names: ReadonlySet<string>,
  { described, config }: RegionBook,
  { policySignal, regionLabel }: OptionValues<'policySignal' | 'regionLabel'>,
  env: Environment,
): Promise<Intensities> {
  const known = new Map(described.map((region) => [region.metadata.name, region]));
  const regions = [...names].map((name): ObservedRegion => known.get(name) ?? { metadata: { name }, spec: {} });
  const sources = createSources(config.sources, { fetch: globalThis.fetch, clock: Date.now }, env);
  const { snapshot, failures } = await takeSnapshot(
    { regions, invalid: [], sources, bands: config.bands },
    { policySignal, regionLabel },
  );
  const byRegion = snapshot.regions.flatMap((region) => {
    const reading = comparableReading(region, snapshot);
    return reading ? [[region.name, reading] as const] : [];
  });
  return { byRegion: new Map(byRegion), notes: failures };
}
