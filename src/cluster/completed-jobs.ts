import { RELEASED } from '../decision/wait-annotations.ts';
import type { KubeObject } from './kube-object.ts';
import { JOB, ownersPath } from './owner-kinds.ts';
import type { WatchedResource } from './watched-resource.ts';

/** A Job that did its work; times in RFC 3339, as they are written. */
export interface CompletedJob {
  readonly name: string;
  readonly namespace: string;
  /** Anew whenever it is resumed; that of its pods may be later. */
  readonly startTime: string | undefined;
  readonly completionTime: string | undefined;
  /** When pods of it that waited were let go, or it was resumed. */
  readonly released: string | undefined;
}

interface JobStatus {
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

/**
 * Jobs of which a pod has succeeded: the API server tells of no other, and of the end of one that leaves. Whole Jobs come, since no
 * shorter form has their status; who follows them keeps what it needs.
 */
export const SUCCEEDING_JOBS: WatchedResource<undefined> = {
  name: 'completed-jobs',
  path: ownersPath(JOB),
  content: 'full',
  fieldSelector: 'status.successful!=0',
  project: () => undefined,
  differs: () => false,
};

/** `undefined` of a Job that has not completed. */
export function toCompletedJob(object: KubeObject): CompletedJob | undefined {
  const { metadata, status = {} } = object as KubeObject & { readonly status?: JobStatus };
  const { name, namespace = '', annotations } = metadata;
  const { startTime, completionTime, conditions = [] } = status;
  if (!conditions.some(({ type, status }) => type === 'Complete' && status === 'True')) return undefined;
  return { name, namespace, startTime, completionTime, released: annotations?.[RELEASED] };
}
