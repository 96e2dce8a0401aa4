import { readConfigFile } from '../config/config-file.ts';
import type { OptionValues } from '../config/options.ts';
import type { Environment } from '../config/read-options.ts';
import { buildSnapshot } from '../regions/build-snapshot.ts';
import type { RegionResource } from '../regions/region-resource.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import { createIntensityChain } from '../signals/intensity/chain.ts';
import { gridZoneOf } from '../signals/intensity/cloud-zones.ts';
import type { IntensitySource } from '../signals/intensity/source.ts';
import { readLive } from './live-readings.ts';
import { createSources } from './live-sources.ts';
import { readRegions } from './read-files.ts';

/** What commands about regions read, wherever it comes from. */
export interface LoadedRegions {
  readonly snapshot: Snapshot;
  /** Grid zones by region, where they are known. */
  readonly zones: ReadonlyMap<string, string>;
  /** What went wrong at sources, a sentence each: their regions have another reading, or none. */
  readonly failures: readonly string[];
}

/** Regions as their file describes them, and the configured sources of intensities. */
export interface DescribedRegions {
  readonly regions: readonly RegionResource[];
  readonly sources: readonly IntensitySource[];
}

export const REGION_SOURCE_OPTIONS = ['regions', 'config', 'policySignal'] as const;

const REGIONS_MISSING = '--regions (GRIDGATE_REGIONS): is missing; give a file of Region resources';

export type RegionSource = OptionValues<(typeof REGION_SOURCE_OPTIONS)[number]>;
type Issues = { readonly issues: readonly string[] };

/** Reads regions and configuration; asks nobody yet. */
export async function describeRegions(
  { regions: path, config }: RegionSource,
  env: Environment,
): Promise<DescribedRegions | Issues> {
  const [file, configured] = await Promise.all([
    path === undefined ? { value: [], issues: [REGIONS_MISSING] } : readRegions(path),
    config === undefined ? { config: { sources: [] } } : readConfigFile(config),
  ]);
  const issues = [...file.issues, ...('issues' in configured ? configured.issues : [])];
  if (issues.length > 0 || 'issues' in configured) return { issues };
  const deps = { fetch: globalThis.fetch, clock: Date.now };
  return { regions: file.value, sources: createSources(configured.config.sources, deps, env) };
}

/** Reads regions: fixed values, else what the configured sources say, else the yearly average of the zone. */
export async function loadRegions(values: RegionSource, env: Environment): Promise<LoadedRegions | Issues> {
  const described = await describeRegions(values, env);
  if ('issues' in described) return described;
  const { regions, sources } = described;
  const { policySignal } = values;
  const chain = createIntensityChain({ sources, policySignal, clock: Date.now });
  const { readings, failures } = await readLive(chain, regions);
  const now = Date.now();
  const snapshot = buildSnapshot({
    regions,
    regionsReadAt: now,
    fallbackReading: (name) => readings.get(name),
    // A file has no nodes to look for.
    regionLabel: '',
    policySignal,
    now,
  });
  return { snapshot, zones: new Map(regions.flatMap(zoneOf)), failures };
}

function zoneOf({ metadata: { name }, spec }: RegionResource): readonly (readonly [string, string])[] {
  const zone = gridZoneOf({ name, gridZone: spec.gridZone });
  return zone === undefined ? [] : [[name, zone]];
}

/** The mistakes of a command line's source, for one that has other mistakes too; options with a mistake are absent. */
export async function checkRegionSource(values: Partial<RegionSource>): Promise<readonly string[]> {
  const ofConfig = values.config === undefined ? undefined : await readConfigFile(values.config);
  const issues = ofConfig && 'issues' in ofConfig ? ofConfig.issues : [];
  if (values.regions !== undefined) return [...(await readRegions(values.regions)).issues, ...issues];
  return 'regions' in values ? [REGIONS_MISSING, ...issues] : issues;
}
