import type { ApiClient } from '../cluster/api-client.ts';
import { autoscalerStatus, cannotBeUnderstood, groupsNow } from '../cluster/autoscaler-status.ts';
import { fetchNamespace } from '../cluster/fetch-namespace.ts';
import { listOnce } from '../cluster/list-watch.ts';
import { NAMESPACES } from '../cluster/namespaces.ts';
import { OPTIONAL_NODE_POOLS } from '../cluster/node-pools.ts';
import { nodes as nodesOf } from '../cluster/nodes.ts';
import { PERSISTENT_VOLUME_CLAIMS } from '../cluster/persistent-volume-claims.ts';
import { persistentVolumes, type VolumeFacts } from '../cluster/persistent-volumes.ts';
import { PRIORITY_CLASSES, toPriorityClasses } from '../cluster/priority-classes.ts';
import { objectKey } from '../cluster/projection-store.ts';
import { describeReadFailure, isUnseen, statusOfRead } from '../cluster/read-failure.ts';
import { REGIONS, validRegions } from '../cluster/regions.ts';
import { volumesOfPod } from '../cluster/volumes-of-pod.ts';
import type { WatchedResource } from '../cluster/watched-resource.ts';
import type { NamespaceRecord } from '../decision/namespace-record.ts';
import type { Pod } from '../decision/pod.ts';
import type { VolumeTerms } from '../decision/volume-terms.ts';
import type { GroupFacts } from '../regions/autoscaling.ts';
import type { NodePoolFacts } from '../regions/node-pool.ts';
import type { ClusterAutoscalerRules } from '../regions/node-rules.ts';
import type { ObservedRegion } from '../regions/observed-region.ts';
import type { PriorityClasses } from '../regions/snapshot.ts';
import { buildTopology, type Topology } from '../regions/topology.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { tellInvalid } from './cluster-regions.ts';
import { openCluster, readFromCluster, type Unread } from './open-cluster.ts';
import type { ChosenCluster } from './which-cluster.ts';

/** What there is besides files of Regions, as far as decisions read it: of a cluster as it is now, or of files. */
export interface Surroundings {
  /** None where the cluster knows no Regions, or a file has them. */
  readonly regions: readonly ObservedRegion[];
  /** Absent where nodes may not be read: then any region may have some. */
  readonly topology?: Topology;
  /** Absent where they may not be read, or nobody serves them. */
  readonly nodePools?: readonly NodePoolFacts[];
  /** Those of Cluster Autoscaler, none where it has no status that counts; absent where that may not be read. */
  readonly nodeGroups?: readonly GroupFacts[];
  readonly namespaces: ReadonlyMap<string, NamespaceRecord>;
  readonly priorityClasses?: PriorityClasses;
  readonly volumesOf: (namespace: string, pod: Pod) => readonly VolumeTerms[];
  /** What is left out, a sentence each. */
  readonly notes: readonly string[];
}

interface WorldExtent {
  readonly onlyNamespace: string | undefined;
  readonly readsRegions: boolean;
  readonly autoscaler: ClusterAutoscalerRules;
}

const TIMEOUT_MS = 60_000;
const NO_GROUP_COUNTS = 'no node group counts';
const UNSEEN_AUTOSCALER =
  'what brings nodes is told by the labels of nodes alone, and no NodePool or node group counts';

/**
 * Reads a cluster once, with the caller's own rights; with `onlyNamespace` rights in that one namespace suffice. Namespaces
 * must be readable; what else may not be read is left out of decisions, and a note says so.
 */
export async function readClusterWorld(
  cluster: ChosenCluster,
  regionLabel: string,
  extent: WorldExtent,
): Promise<Surroundings | Unread> {
  const opened = await openCluster(cluster);
  if ('issues' in opened) return opened;
  try {
    return await readWorld(opened.api, regionLabel, extent);
  } finally {
    opened.api.close();
  }
}

async function readWorld(
  api: ApiClient,
  regionLabel: string,
  { onlyNamespace, readsRegions, autoscaler }: WorldExtent,
): Promise<Surroundings | Unread> {
  /** Reads that were refused, by what is missing without them: each consequence is told once. */
  const refused = new Map<string, string[]>();

  async function listOr<T>(resource: WatchedResource<T>, without: string): Promise<readonly T[] | undefined> {
    try {
      return await listOnce(api, resource, TIMEOUT_MS);
    } catch (error) {
      if (!isUnseen(error)) throw error;
      if (resource.isOptional && statusOfRead(error) === 404) return undefined;
      refused.set(without, [...(refused.get(without) ?? []), describeReadFailure(error)]);
      return undefined;
    }
  }

  /** The projection of each object, by its key. */
  async function mapOr<T>(resource: WatchedResource<T>, without: string): Promise<ReadonlyMap<string, T>> {
    const keyed: WatchedResource<readonly [string, T]> = {
      ...resource,
      project: (object) => [objectKey(object.metadata.name, object.metadata.namespace), resource.project(object)],
      differs: () => false,
    };
    return new Map(await listOr(keyed, without));
  }

  async function listNamespaces(): Promise<readonly NamespaceRecord[]> {
    try {
      return await listOnce(api, NAMESPACES, TIMEOUT_MS);
    } catch (cause) {
      if (!isUnseen(cause)) throw cause;
      throw new Error(`${describeReadFailure(cause)}; who may read one namespace alone names it with -n`, { cause });
    }
  }

  async function getNamespace(name: string): Promise<readonly NamespaceRecord[]> {
    const found = await fetchNamespace(api, name, TIMEOUT_MS);
    return found ? [found] : [];
  }

  const read = await readFromCluster(
    'the cluster',
    () =>
      Promise.all([
        onlyNamespace === undefined ? listNamespaces() : getNamespace(onlyNamespace),
        listOr(nodesOf(regionLabel), 'pins to zones and nodes say nothing about regions, and pods may run anywhere'),
        readsRegions ? listOr(REGIONS, 'regions are those of the nodes, with yearly averages') : undefined,
        listOr(PRIORITY_CLASSES, 'priorities are not judged'),
        mapOr<string>(claimsIn(PERSISTENT_VOLUME_CLAIMS, onlyNamespace), 'volumes hold no pod'),
        mapOr<VolumeFacts>(persistentVolumes(regionLabel), 'volumes hold no pod'),
        listOr(OPTIONAL_NODE_POOLS, UNSEEN_AUTOSCALER),
        listOr(autoscalerStatus(autoscaler), UNSEEN_AUTOSCALER),
      ]),
    TIMEOUT_MS,
  );
  if ('issues' in read) return read;
  if (onlyNamespace !== undefined && read.value[0].length === 0)
    return { issues: [`there is no namespace ${onlyNamespace} in this cluster`], exitCode: EXIT.usage };
  const [namespaces, nodes, regions = [], classes, claims, volumes, nodePools, statuses] = read.value;
  const nodeGroups = statuses && groupsNow(statuses[0], Date.now());
  if (statuses && !nodeGroups) refused.set(NO_GROUP_COUNTS, [cannotBeUnderstood(autoscaler)]);
  return {
    regions: validRegions(regions),
    ...(nodes && { topology: buildTopology(nodes) }),
    ...(nodePools && { nodePools }),
    ...(nodeGroups && { nodeGroups }),
    namespaces: new Map(namespaces.map((namespace) => [namespace.name, namespace])),
    ...(classes && { priorityClasses: toPriorityClasses(classes) }),
    volumesOf: (namespace, pod) => volumesOfPod(namespace, pod, { claims, volumes }),
    notes: [...[...refused].map(([without, why]) => `${why.join('; ')}: ${without}`), ...tellInvalid(regions)],
  };
}

function claimsIn<T>(claims: WatchedResource<T>, namespace: string | undefined): WatchedResource<T> {
  if (namespace === undefined) return claims;
  return { ...claims, path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/${claims.name}` };
}
