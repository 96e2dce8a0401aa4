import type { Environment } from '../../config/read-options.ts';
import { hintFor } from '../../decision/unknown-names.ts';
import { gridZoneOf } from '../../regions/cloud-zones.ts';
import type { ObservedRegion } from '../../regions/observed-region.ts';
import type { IntensitySource } from '../../sources/intensity/source.ts';
import { readClusterRegions } from '../../world/cluster-regions.ts';
import { createSources } from '../../world/live-sources.ts';
import { type ChosenCluster, findCluster, findOwnCluster } from '../../world/which-cluster.ts';
import { readWorldFiles } from '../../world/world-files.ts';
import type { WaitValues } from './options.ts';

/** Whom to ask of a region. */
export interface RegionSources {
  /** As its file describes it, or with nothing but its name; a cluster may know more. */
  readonly region: ObservedRegion;
  readonly sources: readonly IntensitySource[];
  /** Reads the Region, anew each time; answers why not in words. */
  readonly readLive?: (() => Promise<ObservedRegion | { readonly issue: string }>) | undefined;
  /** Mistakes in what the command line names, or that it names nothing; a sentence each. */
  readonly mistakes: readonly string[];
}

/**
 * Reads the files that are named; asks nobody yet. `over` ends what is asked later.
 *
 * | --regions | sources in --config | cluster that is asked                          | asked first |
 * | --------- | ------------------- | ---------------------------------------------- | ----------- |
 * | given     | some or none        | none                                           | the sources |
 * | -         | some                | that of --kubeconfig, or the one that we run in | the sources |
 * | -         | none                | kubectl's                                      | the cluster |
 */
export async function readRegionSources(
  values: WaitValues,
  env: Environment,
  over: AbortSignal,
): Promise<RegionSources> {
  const { runRegion: name, regions: path } = values;
  const { regions, config, issues } = await readWorldFiles({ regions: path, config: values.config });
  const sources = createSources(config.sources, env);
  const cluster = (sources.length > 0 ? findOwnCluster : findCluster)(values, env);
  const described = regions?.value.find(({ metadata }) => metadata.name === name);
  const names = regions?.value.map(({ metadata }) => metadata.name) ?? [];
  const isUnknown = regions && !described && gridZoneOf({ name }) === undefined && issues.length === 0;
  const unknown = isUnknown ? [`--region: ${path} has no Region called ${name}${hintFor(name, { names })}`] : [];
  const isFixed = described?.spec.gramsPerKwh !== undefined;
  const nobody = sources.length === 0 && !cluster && !isFixed && issues.length + unknown.length === 0;
  return {
    region: described ?? { metadata: { name }, spec: {} },
    sources,
    readLive: cluster && (() => readLive(cluster, name, over)),
    mistakes: [
      ...issues,
      ...unknown,
      ...(nobody ? ['nobody can be asked: name sources in a --config, or a cluster with Regions (--kubeconfig)'] : []),
    ],
  };
}

async function readLive(cluster: ChosenCluster, name: string, over: AbortSignal) {
  const read = await readClusterRegions(cluster, over);
  if ('issues' in read) return { issue: read.issues.join('; ') };
  const region = read.regions.find(({ metadata }) => metadata.name === name);
  const names = read.regions.map(({ metadata }) => metadata.name);
  return region ?? { issue: `the cluster has no Region called ${name}${hintFor(name, { names })}` };
}
