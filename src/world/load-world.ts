import type { OptionValues } from '../config/options.ts';
import type { Environment } from '../config/read-options.ts';
import type { NamespaceRecord } from '../decision/namespace-record.ts';
import type { Pod } from '../decision/pod.ts';
import { compileRules, type PolicyRules } from '../decision/policy-rules.ts';
import type { VolumeTerms } from '../decision/volume-terms.ts';
import type { NodeFacts } from '../regions/node-facts.ts';
import type { NodePoolFacts } from '../regions/node-pool.ts';
import type { ObservedRegion } from '../regions/observed-region.ts';
import type { PriorityClasses } from '../regions/snapshot.ts';
import { buildTopology } from '../regions/topology.ts';
import type { Issues } from '../terminal/exit-codes.ts';
import { readClusterWorld, type Surroundings } from './cluster-world.ts';
import { type LoadedRegions, takeSnapshot } from './load-regions.ts';
import type { WORLD_OPTIONS } from './options.ts';
import { standInRegions } from './stand-in-regions.ts';
import { findCluster, findOwnCluster, strayContext } from './which-cluster.ts';
import type { WorldFiles } from './world-files.ts';

type WorldValues = OptionValues<(typeof WORLD_OPTIONS)[number]>;

/** Everything that decisions are made from, at one moment. */
export interface World extends Pick<LoadedRegions, 'snapshot' | 'zones'> {
  readonly rules: PolicyRules;
  readonly namespaces: ReadonlyMap<string, NamespaceRecord>;
  readonly volumesOf: (namespace: string, pod: Pod) => readonly VolumeTerms[];
  /** What is missing or went wrong, a sentence each. */
  readonly notes: readonly string[];
  /** No region is described: those of the public clouds stand in. */
  readonly isGuess?: true;
}

const NO_REGIONS =
  '--regions (GRIDGATE_REGIONS): is missing; give a file of Region resources, or --kubeconfig for a cluster that has them';
const NAMESPACES_TWICE = '--namespaces: means nothing beside --kubeconfig, which says where the namespaces are';

export interface NoWorld extends Issues {
  /** Nobody describes regions, and no node can be seen either: else nothing is wrong. */
  readonly lacksRegions?: true;
}

interface WorldExtent {
  /** Of a cluster's namespaces the one that is needed: a caller with rights in no other can read it. */
  readonly onlyNamespace?: string | undefined;
  /** What stands in a command's own input: it counts beside what files and clusters say, except that `--regions` counts alone. */
  readonly beside?: GivenObjects;
}

export interface GivenObjects {
  readonly regions: readonly ObservedRegion[];
  readonly nodes: readonly NodeFacts[];
  readonly nodePools?: readonly NodePoolFacts[];
  readonly priorityClasses?: PriorityClasses;
}

/**
 * Makes a world of files, or of the cluster of `--kubeconfig` or the one we run in; `--regions` counts before a cluster's own.
 * Where nobody describes regions, the regions of the nodes stand in with the yearly averages of their zones; without a cluster
 * and without nodes, all known regions of public clouds.
 */
export async function loadWorld(
  files: WorldFiles,
  values: WorldValues,
  env: Environment,
  extent: WorldExtent = {},
): Promise<World | NoWorld> {
  const { beside } = extent;
  if (files.issues.length > 0) return { issues: files.issues };
  const found = await readSurroundings(files, values, env, extent);
  if ('issues' in found) return found;
  const { isCluster, ...read } = found;
  const { regions: ofSurroundings, namespaces, volumesOf, notes, ...rest } = beside ? withGiven(read, beside) : read;
  const described = files.regions?.value ?? ofSurroundings;
  const ofNodes = [...(rest.topology?.regions ?? [])];
  if (described.length === 0 && ofNodes.length === 0 && isCluster) return { issues: [NO_REGIONS], lacksRegions: true };
  const standIn = described.length === 0 ? standInRegions(ofNodes) : undefined;
  const { config } = files;
  const { policySignal, regionLabel, defaultRegion } = values;
  const { snapshot, zones, failures } = await takeSnapshot(
    { regions: standIn?.regions ?? described, config },
    { policySignal, regionLabel, ...rest },
    env,
  );
  return {
    snapshot,
    zones,
    rules: compileRules(config, defaultRegion),
    namespaces,
    volumesOf,
    notes: [...notes, ...(standIn ? [standIn.note] : []), ...failures],
    ...(standIn && ofNodes.length === 0 && { isGuess: true as const }),
  };
}

async function readSurroundings(
  { cluster, config }: WorldFiles,
  values: WorldValues,
  env: Environment,
  { onlyNamespace, beside }: WorldExtent,
): Promise<(Surroundings & { readonly isCluster: boolean }) | Issues> {
  if (values.kubeconfig !== undefined && cluster) return { issues: [NAMESPACES_TWICE] };
  // A command with input of its own does not ask the caller's default cluster.
  const found = beside ? findOwnCluster(values, env) : findCluster(values, env);
  const stray = strayContext(values, found, env);
  if (stray.length > 0) return { issues: stray };
  if (found) {
    const autoscaler = config.nodes.clusterAutoscaler;
    const extent = { onlyNamespace, readsRegions: values.regions === undefined, autoscaler };
    const world = await readClusterWorld(found, values.regionLabel, extent);
    return 'issues' in world ? world : { ...world, isCluster: true };
  }
  return { isCluster: false, namespaces: new Map(), ...cluster?.value, regions: [], volumesOf: () => [], notes: [] };
}

/** What the cluster says of a region, a node, a NodePool or a priority counts before what a file says. */
function withGiven(surroundings: Surroundings, given: GivenObjects): Surroundings {
  const { regions, nodes, nodePools = [], priorityClasses } = given;
  const pools = new Map([...nodePools, ...(surroundings.nodePools ?? [])].map((pool) => [pool.name, pool]));
  const known = new Set(surroundings.regions.map(({ metadata }) => metadata.name));
  const ofCluster = surroundings.topology?.nodes ?? [];
  return {
    ...surroundings,
    regions: [...surroundings.regions, ...regions.filter(({ metadata }) => !known.has(metadata.name))],
    ...(nodes.length > 0 && { topology: buildTopology([...nodes, ...ofCluster]) }),
    ...(nodePools.length > 0 && { nodePools: [...pools.values()] }),
    ...(priorityClasses && !surroundings.priorityClasses && { priorityClasses }),
  };
}
