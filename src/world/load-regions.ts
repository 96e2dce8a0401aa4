import type { GridgateConfig } from '../config/config-file.ts';
import type { OptionValues } from '../config/options.ts';
import type { Environment } from '../config/read-options.ts';
import { buildSnapshot, type SnapshotInput } from '../regions/build-snapshot.ts';
import { gridZoneOf } from '../regions/cloud-zones.ts';
import type { ObservedRegion } from '../regions/observed-region.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import type { Issues } from '../terminal/exit-codes.ts';
import { readClusterRegions } from './cluster-regions.ts';
import { createSources } from './live-sources.ts';
import { createMeasuring, readLive } from './measuring.ts';
import type { REGION_SOURCE_OPTIONS } from './options.ts';
import { standInRegions } from './stand-in-regions.ts';
import { findCluster, findOwnCluster, lacksCluster, strayContext } from './which-cluster.ts';
import { readWorldFiles } from './world-files.ts';

export interface LoadedRegions {
  readonly snapshot: Snapshot;
  /** Grid zones by region, where they are known. */
  readonly zones: ReadonlyMap<string, string>;
  /** What went wrong at sources, a sentence each: their regions have another reading, or none. */
  readonly failures: readonly string[];
}

/** Regions as their file or a cluster describes them, and what the configuration says of their intensities. */
export interface DescribedRegions {
  readonly regions: readonly ObservedRegion[];
  /** Regions of a cluster that were passed over, or what stands in for Regions, a sentence each. */
  readonly invalid?: readonly string[];
  readonly config: GridgateConfig;
}

const REGIONS_MISSING =
  '--regions (GRIDGATE_REGIONS): is missing; give a file of Region resources. For those of a cluster';
const REGIONS_TWICE = '--regions: means nothing beside --kubeconfig, which says where the regions are';

type RegionSource = OptionValues<(typeof REGION_SOURCE_OPTIONS)[number] | 'kubeconfig' | 'context'>;

/**
 * Reads regions and configuration; asks no source yet. `otherwise` says what happens where there is neither a file nor a
 * cluster: that is a mistake, or all regions of public clouds stand in, or there are none; with `none` the caller's default
 * cluster is not asked.
 */
export async function describeRegions(
  { regions: path, config: configPath, ...values }: RegionSource,
  env: Environment,
  otherwise: Otherwise = 'mistake',
): Promise<DescribedRegions | Issues> {
  const cluster = (otherwise === 'none' ? findOwnCluster : findCluster)({ ...values, regions: path }, env);
  const { regions, config, issues } = await readWorldFiles({ regions: path, config: configPath });
  const isTwice = regions !== undefined && values.kubeconfig !== undefined;
  const isMissing = !regions && !cluster && otherwise === 'mistake';
  const mistakes = [
    ...(isTwice ? [REGIONS_TWICE] : []),
    ...(isMissing ? [lacksCluster(REGIONS_MISSING, { ...values, regions: path })] : []),
  ];
  const all = [...mistakes, ...strayContext(values, cluster, env), ...issues];
  if (all.length > 0) return { issues: all };
  if (!cluster && !regions && otherwise === 'averages') {
    const { regions, note } = standInRegions([]);
    return { regions, invalid: [note], config };
  }
  if (!cluster) return { regions: regions?.value ?? [], config };
  const read = await readClusterRegions(cluster);
  return 'issues' in read ? read : { ...read, config };
}

type Otherwise = 'mistake' | 'averages' | 'none';

/**
 * Reads regions: fixed values, else what the configured sources say or, with none configured, what the leader of the
 * cluster last measured, else the yearly average of the zone.
 */
export async function loadRegions(
  values: RegionSource,
  env: Environment,
  otherwise?: Otherwise,
): Promise<LoadedRegions | Issues> {
  const described = await describeRegions(values, env, otherwise);
  return 'issues' in described ? described : takeSnapshot(described, values, env);
}

/** What a snapshot takes besides regions; a file of Regions has no nodes to look for. */
interface BesideRegions
  extends Pick<SnapshotInput, 'topology' | 'nodePools' | 'nodeGroups' | 'priorityClasses' | 'policySignal'> {
  readonly regionLabel?: string;
  /** Epoch milliseconds; the clock's unless somebody says another. */
  readonly now?: number;
}

/** Asks the configured sources once and makes the picture of this moment; never rejects. */
export async function takeSnapshot(
  { regions: described, invalid = [], config }: DescribedRegions,
  { policySignal, regionLabel = '', topology, nodePools, nodeGroups, priorityClasses, now: given }: BesideRegions,
  env: Environment,
): Promise<LoadedRegions> {
  const sources = createSources(config.sources, env);
  const regions = sources.length === 0 ? described : described.map(withoutMeasurement);
  const { chain, thresholdsOf } = createMeasuring({ sources, policySignal })(config.bands.mode);
  const { readings, failures } = await readLive(chain, regions);
  const now = given ?? Date.now(); // when they have answered
  const snapshot = buildSnapshot({
    regions,
    regionsReadAt: now,
    fallbackReading: (name) => readings.get(name),
    thresholds: config.bands.thresholds,
    thresholdsOf,
    regionLabel,
    policySignal,
    nodeRules: config.nodes,
    topology,
    nodePools,
    nodeGroups,
    priorityClasses,
    now,
  });
  return { snapshot, zones: new Map(regions.flatMap(zoneOf)), failures: [...invalid, ...failures] };
}

/** With sources configured, what they say counts, not what the leader measured; of what is to come they are not asked. */
function withoutMeasurement({ observed = {}, ...region }: ObservedRegion): ObservedRegion {
  const { outage, forecast } = observed;
  return { ...region, observed: { ...(outage && { outage }), ...(forecast && { forecast }) } };
}

function zoneOf({ metadata: { name }, spec }: ObservedRegion): readonly (readonly [string, string])[] {
  const zone = gridZoneOf({ name, gridZone: spec.gridZone });
  return zone === undefined ? [] : [[name, zone]];
}

/** The mistakes of a command line's source, for one that has other mistakes too; options with a mistake are absent. */
export async function checkRegionSource(values: Partial<RegionSource>): Promise<readonly string[]> {
  const { regions, config } = values;
  return (await readWorldFiles({ regions, config })).issues;
}
