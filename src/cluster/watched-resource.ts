import type { KubeObject } from './kube-object.ts';

export type Watched =
  | 'namespaces'
  | 'nodes'
  | 'priorityclasses'
  | 'pods'
  | 'waiting-pods'
  | 'jobs'
  | 'completed-jobs'
  | 'cronjobs'
  | 'regions'
  | 'scaled-pods'
  | 'deployments'
  | 'statefulsets'
  | 'horizontalpodautoscalers'
  | 'regionalautoscalers'
  | 'nodepools'
  | 'carbon-nodepools'
  | 'nodeclaims'
  | 'nodeoverlays'
  | 'cluster-autoscaler-status'
  | 'persistentvolumes'
  | 'persistentvolumeclaims'
  | 'secrets'
  | 'mutatingwebhookconfigurations'
  | 'validatingwebhookconfigurations'
  | 'kill-switch'
  | 'releaser-heartbeat'
  | 'learnt-lengths'
  | 'events';

/** A resource to follow and what to keep of each of its objects. */
export interface WatchedResource<T> {
  readonly name: Watched;
  readonly path: string;
  /** `metadata` asks for PartialObjectMetadata: labels and annotations without spec and status. */
  readonly content: 'metadata' | 'full';
  readonly fieldSelector?: string;
  readonly labelSelector?: string | undefined;
  /** How many objects a page of a list has, for those that are large. */
  readonly pageSize?: number;
  /** The API server sends no bookmarks of it, as of Events: a watch is to end, and to be opened anew, before it counts as dead. */
  readonly hasNoBookmarks?: true;
  /** For a resource that a cluster need not have: what a 404 means, in words; nothing waits for it to be installed. */
  readonly whenMissing?: string;
  /** We do without: nothing waits for it once an attempt to read it has failed, however, and a cluster that lacks it has no fault. */
  readonly isOptional?: true;
  /** Keeps little: it is held for every object of the cluster. `before` is what is held of the same name until now. */
  project(object: KubeObject, before?: T): T;
  /** Whether a reader must hear of the difference between two projections of one object. */
  differs(before: T, after: T): boolean;
}

// The second choice of each is for an API server behind something that does not know the first.
const ACCEPT = {
  metadata: {
    one: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
    list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
  },
  full: { one: 'application/json', list: 'application/json' },
} as const;

/** The Accept header for one object (also in a watch) or a list. */
export function acceptFor(content: WatchedResource<unknown>['content'], shape: 'one' | 'list'): string {
  return ACCEPT[content][shape];
}
