import type { KubeConfig } from '@kubernetes/client-node';
import type { Logger } from 'pino';
import type { NamespaceRecord } from '../decision/namespace-record.ts';
import type { Pod } from '../decision/pod.ts';
import type { VolumeTerms } from '../decision/volume-terms.ts';
import type { NodeFacts } from '../regions/node-facts.ts';
import type { NodePoolFacts } from '../regions/node-pool.ts';
import type { PriorityClasses } from '../regions/snapshot.ts';
import { createApiClient } from './api-client.ts';
import { fetchNamespace } from './fetch-namespace.ts';
import { joinLastEvents, type LastEvents } from './last-events.ts';
import { NAMESPACES } from './namespaces.ts';
import { OPTIONAL_NODE_POOLS } from './node-pools.ts';
import { nodes } from './nodes.ts';
import { type PendingPod, pendingPods } from './pending-pods.ts';
import { PERSISTENT_VOLUME_CLAIMS } from './persistent-volume-claims.ts';
import { persistentVolumes } from './persistent-volumes.ts';
import { PRIORITY_CLASSES, toPriorityClasses } from './priority-classes.ts';
import { objectKey } from './projection-store.ts';
import { type Followed, followResource, type Reflector } from './reflector.ts';
import { createInvalidRegionLog, type LiveRegion, REGIONS, validRegions } from './regions.ts';
import { volumesOfPod } from './volumes-of-pod.ts';
import type { Watched, WatchedResource } from './watched-resource.ts';

export type Announced = Exclude<Watched, 'pods' | 'persistentvolumes' | 'persistentvolumeclaims'>;

interface ClusterViewOptions {
  readonly kubeConfig: KubeConfig;
  /** The node label that names a region. */
  readonly regionLabel: string;
  /** Needs list and watch on pods; without it `pendingPod` knows none. */
  readonly watchPendingPods: boolean;
  /** Needs list and watch on Regions, but not that the cluster knows them; without it there are none. */
  readonly watchRegions?: boolean;
  /** What list and watch on NodePools allow and the cluster knows of them counts; without it there are none. */
  readonly watchNodePools?: boolean;
  /** Needs list and watch on persistentvolumeclaims and persistentvolumes; without it `volumesOf` knows none. */
  readonly watchVolumes?: boolean;
  readonly log: Logger;
  /** After a change that a reader of this view can see; once per list, once per event. */
  readonly onChange: (resource: Announced) => void;
}

interface SyncState {
  readonly synced: boolean;
  /** Why the resource cannot be watched now, in words for the user. */
  readonly failure: string | undefined;
}

/** What gridgate knows of a cluster. Reading never waits; while the API server is away, the last view stays. */
export interface ClusterView {
  /** Resolves when every resource has been listed once, however long that takes; rejects when stopped before. */
  start(): Promise<void>;
  stop(): Promise<void>;
  namespace(name: string): NamespaceRecord | undefined;
  /** Asks the API server itself; undefined when there is no such namespace, rejects on any error or after `timeoutMs`. */
  fetchNamespace(name: string, timeoutMs: number, signal?: AbortSignal): Promise<NamespaceRecord | undefined>;
  namespaces(): Iterable<NamespaceRecord>;
  node(name: string): NodeFacts | undefined;
  nodes(): Iterable<NodeFacts>;
  /** The same list until one changes; `undefined` where none were ever listed: nobody serves them, or they may not be read. */
  nodePools(): readonly NodePoolFacts[] | undefined;
  priorityClasses(): PriorityClasses;
  /** With what the leader saw of them; invalid ones are passed over. */
  regions(): readonly LiveRegion[];
  pendingPod(namespace: string, name: string): PendingPod | undefined;
  /** Milliseconds for which a pending pod has been seen without a scheduling gate; 0 for one that is not known, or gated. */
  freeForMs(namespace: string, name: string): number;
  /** The bound volumes of a pod that say where they are. */
  volumesOf(namespace: string, pod: Pod): readonly VolumeTerms[];
  /** Epoch milliseconds of each resource's last sign of life (page, event or bookmark); absent before the first. */
  lastEventAt(): LastEvents;
  syncState(): Readonly<Partial<Record<Watched, SyncState>>>;
}

const NO_NODE_POOLS: readonly NodePoolFacts[] = [];

/** Follows Namespaces, Nodes, PriorityClasses and, where asked, pending pods, volumes, Regions and NodePools. */
export function createClusterView(options: ClusterViewOptions): ClusterView {
  const { kubeConfig, regionLabel, watchPendingPods, watchVolumes = false, log, onChange } = options;
  const { watchRegions = false, watchNodePools = false } = options;
  const api = createApiClient(kubeConfig);
  const reflectors = new Map<Watched, Reflector>();

  function follow<T>(resource: WatchedResource<T>, announce: () => void): Followed<T> {
    const followed = followResource({ api, resource, log, onChange: announce });
    reflectors.set(resource.name, followed);
    return followed;
  }

  let priorityClasses = toPriorityClasses([]);
  const namespaceStore = follow(NAMESPACES, () => onChange('namespaces'));
  const nodeStore = follow(nodes(regionLabel), () => onChange('nodes'));
  const priorityClassStore = follow(PRIORITY_CLASSES, () => {
    priorityClasses = toPriorityClasses(priorityClassStore.values());
    onChange('priorityclasses');
  });
  let nodePools: readonly NodePoolFacts[] | undefined;
  const nodePoolStore = watchNodePools ? follow(OPTIONAL_NODE_POOLS, announceNodePools) : undefined;
  function announceNodePools(): void {
    nodePools = [...(nodePoolStore?.values() ?? [])];
    onChange('nodepools');
  }
  const tellInvalid = createInvalidRegionLog(log);
  const regionStore = watchRegions ? follow(REGIONS, announceRegions) : undefined;
  function announceRegions(): void {
    tellInvalid(regionStore?.values() ?? []);
    onChange('regions');
  }
  const monotonic = () => performance.now();
  const podStore = watchPendingPods ? follow(pendingPods(monotonic), () => {}) : undefined;
  const volumeStores = watchVolumes
    ? { claims: follow(PERSISTENT_VOLUME_CLAIMS, () => {}), volumes: follow(persistentVolumes(regionLabel), () => {}) }
    : undefined;

  return {
    async start() {
      await Promise.all([...reflectors.values()].map((reflector) => reflector.start()));
    },
    async stop() {
      await Promise.all([...reflectors.values()].map((reflector) => reflector.stop()));
      api.close();
    },
    namespace: (name) => namespaceStore.get(name),
    fetchNamespace: (name, timeoutMs, signal) => fetchNamespace(api, name, timeoutMs, signal),
    namespaces: () => namespaceStore.values(),
    node: (name) => nodeStore.get(name),
    nodes: () => nodeStore.values(),
    nodePools: () => nodePools ?? (nodePoolStore?.lastEventAt() === undefined ? undefined : NO_NODE_POOLS),
    priorityClasses: () => priorityClasses,
    regions: () => validRegions(regionStore?.values() ?? []),
    pendingPod: (namespace, name) => podStore?.get(objectKey(name, namespace)),
    freeForMs(namespace, name) {
      const { freeSince } = podStore?.get(objectKey(name, namespace)) ?? {};
      return freeSince === undefined ? 0 : monotonic() - freeSince;
    },
    volumesOf: (namespace, pod) => (volumeStores ? volumesOfPod(namespace, pod, volumeStores) : []),
    lastEventAt: () => joinLastEvents([...reflectors.values()].map((reflector) => reflector.lastEvents())),
    syncState: () =>
      Object.fromEntries(
        [...reflectors].map(([name, { synced, failure }]) => [name, { synced: synced(), failure: failure() }]),
      ),
  };
}
