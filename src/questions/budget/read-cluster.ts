import type { ApiClient } from '../../cluster/api-client.ts';
import { fetchNamespace } from '../../cluster/fetch-namespace.ts';
import { listOnce } from '../../cluster/list-watch.ts';
import { NAMESPACES } from '../../cluster/namespaces.ts';
import { nodes as nodesOf } from '../../cluster/nodes.ts';
import { readPodUsages } from '../../cluster/pod-metrics.ts';
import { describeReadFailure, isUnseen, statusOfRead } from '../../cluster/read-failure.ts';
import { REGIONAL_MAXIMA } from '../../cluster/regional-autoscalers.ts';
import { REGIONS, validRegions } from '../../cluster/regions.ts';
import { DEPLOYMENTS, HORIZONTAL_AUTOSCALERS, SCALED_PODS, STATEFUL_SETS } from '../../cluster/scaled-objects.ts';
import type { WatchedResource } from '../../cluster/watched-resource.ts';
import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import type { NodeFacts } from '../../regions/node-facts.ts';
import type { ObservedRegion } from '../../regions/observed-region.ts';
import type { PodUsage } from '../../scaling/pod-usage.ts';
import { type ScaledPodObject, toScaledPod } from '../../scaling/scaled-pod.ts';
import type { ScaledWorkload } from '../../scaling/scaled-workload.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import { openCluster, readFromCluster, type Unread } from '../../world/open-cluster.ts';
import type { ChosenCluster } from '../../world/which-cluster.ts';
import type { BudgetPod } from './components.ts';
import { type ScaledDown, scaledDown } from './scaled-down.ts';

/** What a cluster has, as far as the caller may see it. */
export interface SeenCluster {
  readonly pods: readonly BudgetPod[];
  /** Whether these are the pods of all namespaces. */
  readonly isWhole: boolean;
  /** Absent where nobody tells. */
  readonly usages?: ReadonlyMap<string, PodUsage>;
  /** Why nobody tells, a sentence each. */
  readonly usageNotes: readonly string[];
  readonly nodes: readonly NodeFacts[];
  readonly regions: readonly ObservedRegion[];
  readonly namespaces: readonly NamespaceRecord[];
  readonly workloads: readonly ScaledWorkload[];
  readonly scaled: ScaledDown;
  /** What is missing, a sentence each. */
  readonly notes: readonly string[];
}

interface Extent {
  readonly namespace: string | undefined;
  readonly regionLabel: string;
  /** The label that pods are grouped by. */
  readonly label: string | undefined;
  /** Whether the Regions of the cluster are wanted. */
  readonly readsRegions: boolean;
}

const TIMEOUT_MS = 60_000;

/** Reads it with the caller's own rights. Only pods must be readable: all of them, or those of the one namespace. */
export async function readSeenCluster(cluster: ChosenCluster, extent: Extent): Promise<SeenCluster | Unread> {
  const opened = await openCluster(cluster);
  if ('issues' in opened) return opened;
  const { api } = opened;
  const read = await readFromCluster('the cluster', () => readAll(api, extent), TIMEOUT_MS).finally(api.close);
  if ('issues' in read) return read;
  const { namespace } = extent;
  const isMissing = namespace !== undefined && read.value.isMissing;
  return isMissing
    ? { issues: [`there is no namespace ${namespace} in this cluster`], exitCode: EXIT.usage }
    : read.value;
}

async function readAll(api: ApiClient, extent: Extent): Promise<SeenCluster & { readonly isMissing: boolean }> {
  const { namespace, regionLabel, readsRegions } = extent;
  const notes: string[] = [];

  /** All of a resource, or of the one namespace where the caller may see no more; `without` says what is missing then. */
  async function listOr<T>(resource: WatchedResource<T>, without: string): Promise<readonly T[]> {
    try {
      return await listSeen(api, resource, namespace);
    } catch (error) {
      if (!isUnseen(error)) throw error;
      if (!resource.isOptional || statusOfRead(error) !== NOT_FOUND)
        notes.push(`${describeReadFailure(error)}: ${without}`);
      return [];
    }
  }

  const [pods, usage, nodes, regions, namespaces, deployments, statefulSets, horizontal, regional] = await Promise.all([
    readPods(api, extent),
    readUsages(api, namespace),
    listOr(nodesOf(regionLabel), UNSEEN_NODES),
    readsRegions ? listOr(REGIONS, 'yearly averages of the regions of the nodes stand in') : [],
    readNamespaces(api, namespace, notes),
    listOr(DEPLOYMENTS, 'budgets of Deployments, and what is held of them, are not known'),
    listOr(STATEFUL_SETS, 'budgets of StatefulSets, and what is held of them, are not known'),
    listOr(HORIZONTAL_AUTOSCALERS, UNSEEN_HOLD),
    listOr({ ...REGIONAL_MAXIMA, isOptional: true }, UNSEEN_HOLD),
  ]);
  const workloads = [...deployments, ...statefulSets];
  return {
    ...pods,
    ...(usage.usages && { usages: usage.usages }),
    nodes,
    regions: validRegions(regions),
    namespaces: namespaces ?? [],
    isMissing: namespaces?.length === 0,
    workloads,
    scaled: scaledDown({ workloads, horizontal, regional }),
    usageNotes: usage.notes,
    notes,
  };
}

const UNSEEN_NODES =
  'nobody knows in which regions pods are: no figure can be told and no budget judged; a ClusterRoleBinding grants it, a RoleBinding does not';
const UNSEEN_HOLD = 'what is held through what scales a workload is not known';

async function readPods(api: ApiClient, { namespace, label }: Extent): Promise<Pick<SeenCluster, 'pods' | 'isWhole'>> {
  const resource = budgetPods(label);
  try {
    return { pods: await listOnce(api, resource, TIMEOUT_MS), isWhole: true };
  } catch (error) {
    if (statusOfRead(error) !== FORBIDDEN) throw error;
    if (namespace === undefined)
      throw new Error(`${describeReadFailure(error)}; who may look into one namespace names it with -n`, {
        cause: error,
      });
    return { pods: await listOnce(api, within(resource, namespace), TIMEOUT_MS), isWhole: false };
  }
}

function budgetPods(label: string | undefined): WatchedResource<BudgetPod> {
  return {
    ...SCALED_PODS,
    project(object) {
      const pod = object as ScaledPodObject;
      const labels = pod.metadata.labels ?? {};
      const value = label !== undefined && Object.hasOwn(labels, label) ? labels[label] : undefined;
      return { ...toScaledPod(pod), ...(value !== undefined && { label: value }) };
    },
    differs: () => false,
  };
}

/** What pods use; where nobody tells, or the caller may not ask, that is said. */
async function readUsages(api: ApiClient, namespace: string | undefined) {
  const told = async (only: string | undefined) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const read = await readPodUsages(api, { namespace: only, signal });
    return 'problem' in read ? { notes: [read.problem] } : { usages: read.usages, notes: [] };
  };
  try {
    return await told(undefined).catch((error) => {
      if (namespace === undefined || statusOfRead(error) !== FORBIDDEN) throw error;
      return told(namespace);
    });
  } catch (error) {
    return { notes: [`${describeReadFailure(error)}: what pods use is not known`] };
  }
}

/** Absent where the caller may see none, which is said. */
async function readNamespaces(
  api: ApiClient,
  namespace: string | undefined,
  notes: string[],
): Promise<readonly NamespaceRecord[] | undefined> {
  try {
    if (namespace === undefined) return await listOnce(api, NAMESPACES, TIMEOUT_MS);
    const found = await fetchNamespace(api, namespace, TIMEOUT_MS);
    return found ? [found] : [];
  } catch (error) {
    if (!isUnseen(error)) throw error;
    notes.push(`${describeReadFailure(error)}: budgets of namespaces are not known`);
    return undefined;
  }
}

/** All of it, or what is in the one namespace where the caller may see no more. */
async function listSeen<T>(
  api: ApiClient,
  resource: WatchedResource<T>,
  namespace: string | undefined,
): Promise<readonly T[]> {
  try {
    return await listOnce(api, resource, TIMEOUT_MS);
  } catch (error) {
    if (namespace === undefined || statusOfRead(error) !== FORBIDDEN || !IN_NAMESPACES.has(resource.name)) throw error;
    return listOnce(api, within(resource, namespace), TIMEOUT_MS);
  }
}

const IN_NAMESPACES: ReadonlySet<string> = new Set([
  'deployments',
  'statefulsets',
  'horizontalpodautoscalers',
  'regionalautoscalers',
]);

function within<T>(resource: WatchedResource<T>, namespace: string): WatchedResource<T> {
  return { ...resource, path: resource.path.replace(/\/(\w+)$/, `/namespaces/${encodeURIComponent(namespace)}/$1`) };
}

const FORBIDDEN = 403;
const NOT_FOUND = 404;
