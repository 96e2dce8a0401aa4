import type { KubeConfig } from '@kubernetes/client-node';
import type { Logger } from 'pino';
import type { NamespaceRecord } from '../decision/namespace-record.ts';
import type { PriorityClasses } from '../regions/snapshot.ts';
import type { NodeFacts } from '../regions/topology.ts';
import { createApiClient } from './api-client.ts';
import { fetchNamespace } from './fetch-namespace.ts';
import { NAMESPACES } from './namespaces.ts';
import { nodes } from './nodes.ts';
import { PENDING_PODS, type PendingPod } from './pending-pods.ts';
import { PRIORITY_CLASSES, toPriorityClasses } from './priority-classes.ts';
import { createProjectionStore, objectKey, type ProjectionStore } from './projection-store.ts';
import { createReflector, type Reflector } from './reflector.ts';
import type { Watched, WatchedResource } from './watched-resource.ts';

export type Announced = Exclude<Watched, 'pods'>;

export interface ClusterViewOptions {
  readonly kubeConfig: KubeConfig;
  /** The node label that names a region. */
  readonly regionLabel: string;
  /** Needs list and watch on pods; without it `pendingPod` knows none. */
  readonly watchPendingPods: boolean;
  readonly log: Logger;
  /** After a change that a reader of this view can see; once per list, once per event. */
  readonly onChange: (resource: Announced) => void;
}

export interface SyncState {
  readonly synced: boolean;
  /** Why the resource cannot be watched now, in words for the user. */
  readonly failure?: string;
}

/** What gridgate knows of a cluster. Reading never waits; while the API server is away, the last view stays. */
export interface ClusterView {
  /** Resolves when every resource has been listed once, however long that takes; rejects when stopped before. */
  start(): Promise<void>;
  stop(): Promise<void>;
  namespace(name: string): NamespaceRecord | undefined;
  /** Asks the API server itself; undefined when there is no such namespace, rejects on any error or after `timeoutMs`. */
  fetchNamespace(name: string, timeoutMs: number, signal?: AbortSignal): Promise<NamespaceRecord | undefined>;
  nodes(): Iterable<NodeFacts>;
  priorityClasses(): PriorityClasses;
  pendingPod(namespace: string, name: string): PendingPod | undefined;
  /** Epoch milliseconds of each resource's last sign of life (page, event or bookmark); absent before the first. */
  lastEventAt(): Readonly<Partial<Record<Watched, number>>>;
  syncState(): Readonly<Partial<Record<Watched, SyncState>>>;
}

/** Follows Namespaces, Nodes, PriorityClasses and, where asked, pending pods. */
export function createClusterView(options: ClusterViewOptions): ClusterView {
  const { kubeConfig, regionLabel, watchPendingPods, log, onChange } = options;
  const api = createApiClient(kubeConfig);
  const reflectors = new Map<Watched, Reflector>();

  function follow<T>(resource: WatchedResource<T>, announce: () => void): ProjectionStore<T> {
    const store = createProjectionStore(resource);
    reflectors.set(resource.name, createReflector({ api, resource, store, log, onChange: announce }));
    return store;
  }

  let priorityClasses = toPriorityClasses([]);
  const namespaceStore = follow(NAMESPACES, () => onChange('namespaces'));
  const nodeStore = follow(nodes(regionLabel), () => onChange('nodes'));
  const priorityClassStore = follow(PRIORITY_CLASSES, () => {
    priorityClasses = toPriorityClasses(priorityClassStore.values());
    onChange('priorityclasses');
  });
  const podStore = watchPendingPods ? follow(PENDING_PODS, () => {}) : undefined;

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
    nodes: () => nodeStore.values(),
    priorityClasses: () => priorityClasses,
    pendingPod: (namespace, name) => podStore?.get(objectKey(name, namespace)),
    lastEventAt: () => mapDefined(reflectors, (reflector) => reflector.lastEventAt()),
    syncState: () => mapDefined(reflectors, syncStateOf),
  };
}

function syncStateOf(reflector: Reflector): SyncState {
  const failure = reflector.failure();
  return { synced: reflector.synced(), ...(failure !== undefined && { failure }) };
}

function mapDefined<T>(
  reflectors: ReadonlyMap<Watched, Reflector>,
  read: (reflector: Reflector) => T | undefined,
): Partial<Record<Watched, T>> {
  const entries = [...reflectors].map(([name, reflector]) => [name, read(reflector)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
