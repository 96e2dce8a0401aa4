import { ANNOTATION_PREFIX } from '../decision/namespace-record.ts';
import { controllerOf, type OwnerReference, type Pod } from '../decision/pod.ts';
import { isDeferred, type Job, type JobStatus, podOfJob, wasLetGo } from '../decision/suspended-job.ts';
import { JOB_SET_LABEL } from '../units/label-names.ts';
import type { KubeObject } from './kube-object.ts';
import { JOB, ownersPath } from './owner-kinds.ts';
import { toPendingPod } from './pending-pods.ts';
import type { WatchedResource } from './watched-resource.ts';

/** A Job as far as its pods' waiting depends on it. */
export interface JobRecord {
  readonly metadata: KubeObject['metadata'];
  readonly controller?: OwnerReference | undefined;
  readonly activeDeadlineMs?: number | undefined;
  /** Whether the Job says that it was let go. */
  readonly isMarked: boolean;
  /** Whether it was let go, or pods of it ran: none that comes later waits. */
  readonly hasBegun: boolean;
  /** Of a Job that waits by suspension: a pod as it will create it, and how many at once. */
  readonly suspended?: { readonly pod: Pod; readonly pods: number } | undefined;
}

/** In place of every Job that has ended and stands for itself: a cluster keeps many of them. */
const ENDED: JobRecord = { metadata: { name: '' }, isMarked: true, hasBegun: true };

type JobObject = Job &
  KubeObject & {
    readonly spec?: {
      readonly suspend?: boolean;
      readonly activeDeadlineSeconds?: number;
      readonly managedBy?: string;
      readonly parallelism?: number;
      readonly completions?: number;
    };
    readonly status?: JobStatus;
  };

export function toJobRecord(object: KubeObject): JobRecord {
  const { metadata, spec = {}, status = {} } = object as JobObject;
  const {
    name,
    namespace = '',
    uid = '',
    resourceVersion = '',
    creationTimestamp = '',
    labels,
    annotations,
  } = metadata;
  const gang = labels?.[JOB_SET_LABEL];
  const hasEnded = status.conditions?.some(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  if (hasEnded && gang === undefined) return ENDED;
  const isMarked = wasLetGo({ metadata });
  const { ready = 0, succeeded = 0, failed = 0, terminating = 0 } = status;
  const suspended = suspensionOf(object as JobObject);
  return {
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion,
      creationTimestamp,
      ...(gang !== undefined && { labels: { [JOB_SET_LABEL]: gang } }),
      ...(suspended && { annotations: ownOf(annotations) }),
    },
    controller: controllerOf(object as JobObject),
    ...(spec.activeDeadlineSeconds !== undefined && { activeDeadlineMs: spec.activeDeadlineSeconds * 1_000 }),
    isMarked,
    hasBegun: isMarked || hasEnded === true || ready + succeeded + failed + terminating > 0,
    suspended,
  };
}

/** Of one that waits by suspension, and is not on its way out. */
function suspensionOf(object: JobObject): JobRecord['suspended'] {
  const { metadata, spec = {} } = object;
  const { namespace = '', deletionTimestamp } = metadata;
  const template = isDeferred(object) && !deletionTimestamp ? podOfJob(object, namespace) : undefined;
  if (!template) return undefined;
  const { restartPolicy, schedulingGroup } = template.spec ?? {};
  const kept = { ...(restartPolicy && { restartPolicy }), ...(schedulingGroup && { schedulingGroup }) };
  const pod = toPendingPod(template as KubeObject);
  const { parallelism = 1, completions = Number.POSITIVE_INFINITY } = spec;
  return { pod: { ...pod, spec: { ...pod.spec, ...kept } }, pods: Math.min(parallelism, completions) };
}

function ownOf(annotations: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => key.startsWith(ANNOTATION_PREFIX)));
}

export const JOBS: WatchedResource<JobRecord> = {
  name: 'jobs',
  path: ownersPath(JOB),
  content: 'full',
  project: toJobRecord,
  differs: (before, after) =>
    before.hasBegun !== after.hasBegun ||
    before.metadata.uid !== after.metadata.uid ||
    before.suspended !== after.suspended ||
    before.activeDeadlineMs !== after.activeDeadlineMs,
};
