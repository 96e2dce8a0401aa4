import { ANNOTATION_PREFIX } from '../decision/namespace-record.ts';
import { controllerOf, type OwnerReference } from '../decision/pod.ts';
import type { KubeObject } from './kube-object.ts';
import { JOB, ownersPath } from './owner-kinds.ts';
import { pick } from './pick.ts';
import type { WatchedResource } from './watched-resource.ts';

interface WholeJob {
  readonly metadata: KubeObject['metadata'] & { readonly ownerReferences?: readonly OwnerReference[] | null };
  readonly spec?: {
    readonly suspend?: boolean;
    readonly activeDeadlineSeconds?: number;
    readonly parallelism?: number;
    readonly completions?: number;
    readonly managedBy?: string;
  };
  readonly status?: {
    /** RFC 3339, both. It starts anew whenever it is resumed. */
    readonly startTime?: string;
    readonly completionTime?: string;
    readonly active?: number;
    readonly ready?: number;
    readonly succeeded?: number;
    readonly failed?: number;
    readonly terminating?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/**
 * What is kept of a Job: all that tells when it waits, runs and has run, and nothing of its template. Of labels Kueue's, of
 * annotations Kueue's and gridgate's, of owners its controller.
 */
export type LiveJob = Required<WholeJob>;

const METADATA = ['name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp'] as const;
const SPEC = ['suspend', 'activeDeadlineSeconds', 'parallelism', 'completions', 'managedBy'] as const;
const STATUS = ['startTime', 'completionTime', 'active', 'ready', 'succeeded', 'failed', 'terminating'] as const;
const KUEUE = 'kueue.x-k8s.io/';
/** No value that gridgate reads is as long. */
const LONGEST_VALUE = 1_024;

/** All Jobs: whole ones come, since no shorter form has spec and status. */
export const JOB_RUNS: WatchedResource<LiveJob> = {
  name: 'jobs',
  path: ownersPath(JOB),
  content: 'full',
  project: toLiveJob,
  differs: (before, after) => before.metadata.resourceVersion !== after.metadata.resourceVersion,
};

export function toLiveJob(object: KubeObject): LiveJob {
  const { metadata, spec = {}, status = {} } = object as WholeJob;
  const controller = controllerOf({ metadata });
  return {
    metadata: {
      ...pick(metadata, METADATA),
      labels: keep(metadata.labels, [KUEUE]),
      annotations: keep(metadata.annotations, [ANNOTATION_PREFIX, KUEUE]),
      ownerReferences: controller ? [controller] : [],
    },
    spec: pick(spec, SPEC),
    status: {
      ...pick(status, STATUS),
      conditions: (status.conditions ?? []).map(({ type, status }) => ({ type, status })),
    },
  };
}

/** Whether it has done what it was made for. */
export function isComplete({ status }: Pick<LiveJob, 'status'>): boolean {
  return status.conditions?.some(({ type, status }) => type === 'Complete' && status === 'True') ?? false;
}

function keep(
  entries: Readonly<Record<string, string>> | undefined,
  prefixes: readonly string[],
): Readonly<Record<string, string>> {
  const kept = Object.entries(entries ?? {}).filter(([key]) => prefixes.some((prefix) => key.startsWith(prefix)));
  return Object.fromEntries(kept.map(([key, value]) => [key, value.slice(0, LONGEST_VALUE)]));
}
