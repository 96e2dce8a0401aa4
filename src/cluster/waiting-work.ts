import { isGated } from '../decision/gate.ts';
import { type Owner, ownerOf } from '../decision/owner.ts';
import { controllerOf } from '../decision/pod.ts';
import { isDeferred, type Job } from '../decision/suspended-job.ts';
import { readWait, type WaitRecord } from '../decision/wait-annotations.ts';
import type { ApiClient } from './api-client.ts';
import { listPages } from './list-watch.ts';
import { type LivePod, listPods, podsPath } from './live-pods.ts';
import { JOB, ownersPath } from './owner-kinds.ts';
import { retryPassing } from './retry-passing.ts';
import type { WatchedResource } from './watched-resource.ts';

/** A Job as the API server lists it, as far as waiting reads it. */
export type LiveJob = Job & Pick<LivePod, 'metadata'>;

/** A pod behind our gate, or a Job that gridgate suspended. */
export interface WaitingPiece {
  readonly kind: 'Pod' | 'Job';
  readonly namespace: string;
  readonly name: string;
  /** The controller that people know. */
  readonly owner: Owner | undefined;
  /** When it was created, epoch milliseconds. */
  readonly since: number | undefined;
  /** What it says of its wait; absent where that cannot be read. */
  readonly wait?: WaitRecord;
}

interface Within {
  /** All namespaces where it is absent. */
  readonly namespace?: string | undefined;
  /** As kubectl's `-l` has it. */
  readonly labelSelector?: string | undefined;
}

/** No pod with a node waits behind a gate. */
const WITHOUT_NODE = 'spec.nodeName=';

export function isWaitingPod(pod: LivePod): boolean {
  return isGated(pod) && !isGoing(pod);
}

export function isWaitingJob(job: LiveJob): boolean {
  return isDeferred(job) && !isGoing(job);
}

function isGoing({ metadata }: Pick<LivePod, 'metadata'>): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** Pods without a node, of which those behind our gate are kept. */
export function waitingPods({ namespace, labelSelector }: Within): WatchedResource<WaitingPiece | undefined> {
  return {
    name: 'pods',
    path: podsPath(namespace),
    content: 'full',
    fieldSelector: WITHOUT_NODE,
    labelSelector,
    project: (pod) => (isWaitingPod(pod) ? pieceOf('Pod', pod as LivePod) : undefined),
    differs: differ,
  };
}

/** Jobs, of which those that gridgate suspended are kept. */
export function waitingJobs({ namespace, labelSelector }: Within): WatchedResource<WaitingPiece | undefined> {
  return {
    name: 'jobs',
    path: ownersPath(JOB, namespace),
    content: 'full',
    labelSelector,
    project: (job) => (isWaitingJob(job as LiveJob) ? pieceOf('Job', job as LiveJob) : undefined),
    differs: differ,
  };
}

function pieceOf(kind: WaitingPiece['kind'], object: Pick<LivePod, 'metadata'>): WaitingPiece {
  const { name, namespace = '', annotations, creationTimestamp = '' } = object.metadata;
  const since = Date.parse(creationTimestamp);
  const wait = readWait(annotations);
  return {
    kind,
    namespace,
    name,
    owner: kind === 'Pod' ? ownerOf(object) : scheduledBy(object),
    since: Number.isNaN(since) ? undefined : since,
    ...(wait && { wait }),
  };
}

/** Of a Job, which stands for itself otherwise. */
export function cronJobOf({ metadata }: Pick<LiveJob, 'metadata'>): Owner | undefined {
  const controller = controllerOf({ metadata });
  return controller?.kind === 'CronJob' && controller.name ? { kind: 'CronJob', name: controller.name } : undefined;
}

/** The CronJob that made a Job at its time. Of one that somebody made of it by hand the pods are known by their Job, and so is it. */
function scheduledBy(job: Pick<LiveJob, 'metadata'>): Owner | undefined {
  const made = ownerOf({ metadata: { ownerReferences: [{ kind: 'Job', name: job.metadata.name, controller: true }] } });
  return made?.kind === 'CronJob' ? cronJobOf(job) : undefined;
}

function differ(before: WaitingPiece | undefined, after: WaitingPiece | undefined): boolean {
  return JSON.stringify(before) !== JSON.stringify(after);
}

/** All pods that wait, whole. Rejects with an ApiError or the network's own error. */
export async function listWaitingPods(api: Pick<ApiClient, 'get'>, within: Within): Promise<readonly LivePod[]> {
  const found: LivePod[] = [];
  for await (const { pods } of listPods(api, { ...within, fieldSelector: WITHOUT_NODE }))
    found.push(...pods.filter(isWaitingPod));
  return found;
}

/** All Jobs that gridgate suspended, whole. Rejects as `listWaitingPods` does. */
export async function listWaitingJobs(
  api: Pick<ApiClient, 'get'>,
  { namespace, labelSelector }: Within,
): Promise<readonly LiveJob[]> {
  const found: LiveJob[] = [];
  const patient: Pick<ApiClient, 'get'> = { get: (...args) => retryPassing(() => api.get(...args)) };
  for await (const { items } of listPages(patient, {
    path: ownersPath(JOB, namespace),
    content: 'full',
    labelSelector,
  }))
    found.push(...((items ?? []) as readonly LiveJob[]).filter(isWaitingJob));
  return found;
}

/** The names of the Jobs of a CronJob. Rejects as `listWaitingPods` does. */
export async function listJobsOf(
  api: Pick<ApiClient, 'get'>,
  namespace: string,
  cronJob: string,
): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { items } of listPages(api, { path: ownersPath(JOB, namespace), content: 'metadata' })) {
    const jobs = (items ?? []) as readonly LiveJob[];
    found.push(...jobs.filter((job) => cronJobOf(job)?.name === cronJob).map(({ metadata }) => metadata.name));
  }
  return found;
}
