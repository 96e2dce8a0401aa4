import { type GridgateConfig, readConfig } from '../config/config-file.ts';
import type { OptionValues } from '../config/options.ts';
import type { Environment } from '../config/read-options.ts';
import { buildSnapshot, type SnapshotInput } from '../regions/build-snapshot.ts';
import { gridZoneOf } from '../regions/cloud-zones.ts';
import type { NodeRules } from '../regions/node-rules.ts';
import type { ObservedRegion } from '../regions/observed-region.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import type { IntensitySource } from '../sources/intensity/source.ts';
import type { Issues } from '../terminal/exit-codes.ts';
import { readClusterRegions } from './cluster-regions.ts';
import { isInCluster } from './in-cluster.ts';
import { createSources } from './live-sources.ts';
import { measureRegions } from './measure-regions.ts';
import type { ClusterOptions } from './open-cluster.ts';
import type { REGION_SOURCE_OPTIONS } from './options.ts';
import { readRegions } from './read-files.ts';

/** What commands about regions read, wherever it comes from. */
export interface LoadedRegions {
  readonly snapshot: Snapshot;
  /** Grid zones by region, where they are known. */
  readonly zones: ReadonlyMap<string, string>;
  /** What went wrong at sources, a sentence each: their regions have another reading, or none. */
  readonly failures: readonly string[];
}

/** Regions as their file or a cluster describes them, and the configured sources of intensities. */
export interface DescribedRegions {
  readonly regions: readonly ObservedRegion[];
  /** Regions of a cluster that were passed over, a sentence each. */
  readonly invalid: readonly string[];
  readonly sources: readonly IntensitySource[];
  readonly bands: GridgateConfig['bands'];
}

const REGIONS_MISSING = '--regions (GRIDGATE_REGIONS): is missing; give a file of Region resources';
const REGIONS_TWICE = '--regions: means nothing beside --kubeconfig, which says where the regions are';

export type RegionSource = OptionValues<(typeof REGION_SOURCE_OPTIONS)[number]> & ClusterOptions;

/** Reads regions and configuration; asks nobody yet. */
export async function describeRegions(values: RegionSource, env: Environment): Promise<DescribedRegions | Issues> {
  const { regions: path, config, kubeconfig } = values;
  const fromCluster = isOfCluster(values, env);
  const [file, configured] = await Promise.all([
    path === undefined ? { value: [], issues: fromCluster ? [] : [REGIONS_MISSING] } : readRegions(path),
    readConfig(config),
  ]);
  const twice = path !== undefined && kubeconfig !== undefined ? [REGIONS_TWICE] : [];
  const issues = [...twice, ...file.issues, ...('issues' in configured ? configured.issues : [])];
  if (issues.length > 0 || 'issues' in configured) return { issues };
  const { bands } = configured.config;
  const deps = { fetch: globalThis.fetch, clock: Date.now };
  const sources = createSources(configured.config.sources, deps, env);
  if (!fromCluster) return { regions: file.value, invalid: [], sources, bands };
  const read = await readClusterRegions(values);
  return 'issues' in read ? read : { ...read, sources, bands };
}

/**
 * Reads regions: fixed values, else what the configured sources say or, with none configured, what the leader of the
 * cluster last measured, else the yearly average of the zone.
 */
export async function loadRegions(values: RegionSource, env: Environment): Promise<LoadedRegions | Issues> {
  const described = await describeRegions(values, env);
  return 'issues' in described ? described : takeSnapshot(described, values);
}

/** What a snapshot takes besides regions; a file of Regions has no nodes to look for. */
interface Surroundings extends Pick<SnapshotInput, 'topology' | 'priorityClasses' | 'policySignal'> {
  readonly regionLabel?: string;
  readonly nodeRules?: NodeRules;
}

/** Asks the sources once and makes the picture of this moment; never rejects. */
export async function takeSnapshot(
  { regions: described, invalid, sources, bands }: DescribedRegions,
  { policySignal, regionLabel = '', nodeRules, topology, priorityClasses }: Surroundings,
): Promise<LoadedRegions> {
  const regions = sources.length === 0 ? described : described.map(withoutMeasurement);
  const { failures, ...measured } = await measureRegions(regions, { sources, bands, policySignal });
  const now = Date.now();
  const world = { regionLabel, policySignal, nodeRules, topology, priorityClasses };
  const snapshot = buildSnapshot({ regions, regionsReadAt: now, ...measured, ...world, now });
  return { snapshot, zones: new Map(regions.flatMap(zoneOf)), failures: [...invalid, ...failures] };
}

/** Who names sources wants to know what they say, not what the leader made of them. */
function withoutMeasurement({ observed, ...region }: ObservedRegion): ObservedRegion {
  return { ...region, ...(observed?.outage && { observed: { outage: observed.outage } }) };
}

function zoneOf({ metadata: { name }, spec }: ObservedRegion): readonly (readonly [string, string])[] {
  const zone = gridZoneOf({ name, gridZone: spec.gridZone });
  return zone === undefined ? [] : [[name, zone]];
}

/** The mistakes of a command line's source, for one that has other mistakes too; options with a mistake are absent. */
export async function checkRegionSource(values: Partial<RegionSource>, env: Environment): Promise<readonly string[]> {
  const ofConfig = await readConfig(values.config);
  const issues = 'issues' in ofConfig ? ofConfig.issues : [];
  if (values.regions !== undefined) return [...(await readRegions(values.regions)).issues, ...issues];
  return 'regions' in values && !isOfCluster(values, env) ? [REGIONS_MISSING, ...issues] : issues;
}

/** Namespaces may come from a file all the same. */
function isOfCluster({ kubeconfig, regions }: ClusterOptions, env: Environment): boolean {
  return isInCluster({ kubeconfig, regions }, env);
}
