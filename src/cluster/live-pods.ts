import type { OwnerReference, PodSpec } from '../decision/pod.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import type { KubeObject, ObjectList } from './kube-object.ts';
import { type Pause, retryPassing } from './retry-passing.ts';
import { acceptFor } from './watched-resource.ts';

/** A pod as the API server lists it, as far as an audit reads it. */
export interface LivePod extends KubeObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly OwnerReference[] | null;
  };
  readonly spec?: PodSpec;
  readonly status?: { readonly phase?: string };
}

export interface PodPage {
  readonly pods: readonly LivePod[];
  /** How many follow, where the API server says so. */
  readonly remaining?: number | undefined;
  /** Whether the list grew too old and went on with pods as they were by then. */
  readonly isResumed: boolean;
}

interface ListPods {
  readonly namespace?: string | undefined;
  /** As kubectl's `-l` has it. */
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly pause?: Pause;
}

const PAGE_SIZE = 500;
const IDLE_MS = 30_000;
const EXPIRED = 410;

/** Where pods are, of all namespaces or of one. */
export function podsPath(namespace?: string): string {
  return namespace === undefined ? '/api/v1/pods' : `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
}

/**
 * All pods, page by page: whole ones, since no shorter form has their constraints and requests. A list that outlives what
 * etcd keeps (410) goes on from where it was; a page that fails is asked for again, 4 times in all. Rejects with an ApiError
 * or the network's own error.
 */
export async function* listPods(api: Pick<ApiClient, 'get'>, options: ListPods = {}): AsyncGenerator<PodPage> {
  const path = podsPath(options.namespace);
  let from: string | undefined;
  let isResumed = false;
  do {
    try {
      const { metadata, items } = await getPage(api, path, from, options);
      yield { pods: (items ?? []) as readonly LivePod[], remaining: metadata.remainingItemCount, isResumed };
      from = metadata.continue || undefined;
      isResumed = false;
    } catch (error) {
      const resumeAt = error instanceof ApiError && error.status === EXPIRED ? error.continueFrom : undefined;
      // A token that is itself too old, again and again, would never end.
      if (resumeAt === undefined || isResumed) throw error;
      from = resumeAt;
      isResumed = true;
    }
  } while (from !== undefined);
}

async function getPage(
  api: Pick<ApiClient, 'get'>,
  path: string,
  from: string | undefined,
  { labelSelector, fieldSelector, pause }: ListPods,
): Promise<ObjectList> {
  const query = { limit: String(PAGE_SIZE), continue: from, labelSelector, fieldSelector };
  const get = () => api.get(path, { accept: acceptFor('full', 'list'), query, idleTimeoutMs: IDLE_MS });
  return (await retryPassing(get, pause)) as ObjectList;
}
