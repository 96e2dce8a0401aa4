import { listOnce } from '../cluster/list-watch.ts';
import { NODE_POOLS } from '../cluster/node-pools.ts';
import { nodes } from '../cluster/nodes.ts';
import { type LiveRegion, REGIONS, type SeenRegion, validRegions } from '../cluster/regions.ts';
import type { WatchedResource } from '../cluster/watched-resource.ts';
import type { NodeFacts } from '../regions/node-facts.ts';
import type { NodePoolFacts } from '../regions/node-pool.ts';
import { openCluster, readFromCluster, type Unread } from './open-cluster.ts';
import type { ChosenCluster } from './which-cluster.ts';

export interface ClusterRegions {
  readonly regions: readonly LiveRegion[];
  /** Regions that were passed over, a sentence each. */
  readonly invalid: readonly string[];
}

/** Reads the Regions of a cluster once, with what its leader wrote of them; `over` aborts that. */
export async function readClusterRegions(cluster: ChosenCluster, over?: AbortSignal): Promise<ClusterRegions | Unread> {
  const read = await readOnce(cluster, REGIONS, over);
  if ('issues' in read) return read;
  return { regions: validRegions(read.value), invalid: tellInvalid(read.value) };
}

/** Regions that are passed over, a sentence each. */
export function tellInvalid(seen: readonly SeenRegion[]): readonly string[] {
  return seen.flatMap((region) =>
    'issues' in region ? [`region ${region.name} is passed over: ${region.issues.join('; ')}`] : [],
  );
}

/** Where the nodes of a cluster are. */
export async function readClusterNodes(
  cluster: ChosenCluster,
  regionLabel: string,
): Promise<{ readonly value: readonly NodeFacts[] } | Unread> {
  return readOnce(cluster, nodes(regionLabel));
}

/** Its NodePools as far as they can be read: none where it knows none, or the caller may not. */
export async function readClusterNodePools(cluster: ChosenCluster): Promise<readonly NodePoolFacts[]> {
  const read = await readOnce(cluster, NODE_POOLS);
  return 'issues' in read ? [] : read.value;
}

async function readOnce<T>(
  cluster: ChosenCluster,
  resource: WatchedResource<T>,
  over?: AbortSignal,
): Promise<{ readonly value: readonly T[] } | Unread> {
  const opened = await openCluster(cluster);
  if ('issues' in opened) return opened;
  const { api } = opened;
  return readFromCluster(resource.name, (timeoutMs) => listOnce(api, resource, timeoutMs, over)).finally(api.close);
}
