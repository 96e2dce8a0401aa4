import { isoTime, MINUTE_MS } from '../units/moment.ts';
import { type Decision, type DecisionInput, decide, leaveAlone } from './decide.ts';
import { annotationOperations, type PatchOperation } from './patch.ts';
import { annotationOf, controllerOf, type Pod, type PodSpec } from './pod.ts';
import type { Policy } from './policy.ts';
import {
  DEFERRED,
  forgetOperations,
  NOT_BEFORE,
  RELEASED,
  readWait,
  SUSPEND,
  WAITS,
  waitAnnotations,
} from './wait-annotations.ts';
import { isQueued, type Wait, type WaitingFacts } from './waiting.ts';

const MARKS = [DEFERRED, NOT_BEFORE, WAITS];
/** Its own controller; another name says that somebody else runs it. */
const JOB_CONTROLLER = 'kubernetes.io/job-controller';

const CLOCKS_DIFFER_MS = MINUTE_MS;
/** The Job controller sees a Job that is created. */
const FIRST_SEEN_WITHIN_MS = 10_000;

/** The parts of a `batch/v1` Job that tell whether it waits. */
export interface Job {
  readonly metadata?: NonNullable<Pod['metadata']> & {
    readonly resourceVersion?: string | undefined;
    readonly creationTimestamp?: string | undefined;
    /** Counts the changes of the spec, from 1 on. */
    readonly generation?: number | undefined;
  };
  readonly spec?: {
    readonly suspend?: boolean | null | undefined;
    readonly managedBy?: string | null | undefined;
    readonly template?: { readonly metadata?: Pod['metadata'] | null; readonly spec?: PodSpec };
  };
  readonly status?: JobStatus | null | undefined;
}

export interface JobStatus {
  readonly startTime?: string | null | undefined;
  readonly active?: number | undefined;
  readonly ready?: number | undefined;
  readonly succeeded?: number | undefined;
  readonly failed?: number | undefined;
  readonly terminating?: number | undefined;
  readonly conditions?: readonly JobCondition[] | null | undefined;
}

interface JobCondition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string | null | undefined;
}

/**
 * Whether a Job waits because gridgate suspended it. A user's suspension has no such mark; a mark that somebody wrote on a Job of Kueue's,
 * say, resumes nothing; and one that has run was resumed by somebody, who suspended it again.
 */
export function isDeferred(job: Job): boolean {
  return job.spec?.suspend === true && isMarked(job) && !isOthers(job) && !hasRun(job);
}

/** Whether there is anything to decide about a Job: most namespaces suspend none. */
export function mayBeDeferred(job: Job, { deferBy }: Policy): boolean {
  return deferBy === 'suspend' || isMarked(job);
}

/**
 * What becomes of a Job that is created, by what would become of a pod of its template (`podOfJob`), with a patch of the Job; `undefined`
 * where gridgate leaves it alone:
 *
 * | the Job                                                      | its pods would wait | then                         |
 * | ------------------------------------------------------------ | ------------------- | ---------------------------- |
 * | is of a controller other than a CronJob, of another manager, or Kueue's | any      | left alone                   |
 * | is suspended, without our mark                               | any                 | left alone: its user did it  |
 * | any other                                                    | yes                 | suspended, and says why      |
 * | is suspended, with our mark: a copy of one that waited       | no                  | runs, without the mark       |
 * | any other                                                    | no                  | runs                         |
 */
export function decideJob(job: Job, input: DecisionInput): Decision | undefined {
  if (isOthers(job) || (job.spec?.suspend && !isMarked(job))) return undefined;
  const waiting: WaitingFacts | undefined = input.waiting && { ...input.waiting, by: SUSPEND };
  const decision = decide({ ...input, waiting });
  const { reason, region, wait } = decision;
  if (wait) return { ...decision, warnings: [], patch: suspendOperations(job, wait) };
  // Whether its pods are denied or steered, each of them hears of itself.
  return { ...leaveAlone(reason), region, patch: runOperations(job) };
}

/** A pod as the Job will create it. */
export function podOfJob({ metadata, spec }: Job, namespace: string): Pod | undefined {
  const template = spec?.template;
  if (!template?.spec) return undefined;
  const { name = '', generateName = '' } = metadata ?? {};
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name, controller: true };
  return {
    metadata: {
      ...template.metadata,
      generateName: `${name || generateName}-`,
      namespace,
      ownerReferences: [owner],
    },
    spec: template.spec,
  };
}

/**
 * The JSON Patch that has a waiting Job run; only the very version that it was made for, the API server answers 409 for another. Without
 * `now` nothing says when.
 */
export function resumePatch(job: Job, now: number | undefined): readonly PatchOperation[] {
  return [
    { op: 'replace', path: '/metadata/resourceVersion', value: job.metadata?.resourceVersion },
    { op: 'replace', path: '/spec/suspend', value: false },
    // Suspended by its user later on, it is not ours to resume.
    ...forgetOperations(job, [DEFERRED]),
    ...(now === undefined ? [] : annotationOperations(job, { [RELEASED]: isoTime(now) })),
  ];
}

/** The same where gridgate goes: nothing of it stays on the Job. */
export function forgetPatch(job: Job): readonly PatchOperation[] {
  return [
    { op: 'replace', path: '/metadata/resourceVersion', value: job.metadata?.resourceVersion },
    ...runOperations(job),
  ];
}

/** Nothing where it was asked before: called once more for the same Job, it would plan a moment later. */
function suspendOperations(job: Job, wait: Wait): readonly PatchOperation[] {
  const said = isDeferred(job) ? readWait(job.metadata?.annotations) : undefined;
  const isSaid = said !== undefined && Math.abs(said.latestStart - wait.start.latestStart) < MINUTE_MS;
  const annotations = { [DEFERRED]: SUSPEND, ...(isSaid ? {} : waitAnnotations(wait)) };
  return [
    ...(job.spec?.suspend ? [] : [{ op: 'add', path: '/spec/suspend', value: true } as const]),
    ...forgetOperations(job, [RELEASED]),
    ...annotationOperations(job, annotations),
  ];
}

function runOperations(job: Job): readonly PatchOperation[] {
  if (!isMarked(job)) return [];
  return [
    ...(job.spec?.suspend ? [{ op: 'replace', path: '/spec/suspend', value: false } as const] : []),
    ...forgetOperations(job, MARKS),
  ];
}

function isMarked(job: Job): boolean {
  return annotationOf(job, DEFERRED) === SUSPEND;
}

function hasRun(job: Job): boolean {
  const { startTime, active = 0, ready = 0, succeeded = 0, failed = 0, terminating = 0 } = job.status ?? {};
  if (startTime || active + ready + succeeded + failed + terminating > 0) return true;
  return wasLetGo(job) || wasSuspendedLater(job);
}

/** Whether it says that it was let go; a copy of one that was says so from before its own creation. */
export function wasLetGo(job: Pick<Job, 'metadata'>): boolean {
  const at = Date.parse(annotationOf(job, RELEASED) ?? '');
  return at >= Date.parse(job.metadata?.creationTimestamp ?? '') - CLOCKS_DIFFER_MS;
}

/**
 * Kubernetes 1.36 forgets the start of a Job that is suspended. Only the controller's condition is younger then than the Job, and
 * its spec has changed twice at least: to run, and to be suspended.
 */
function wasSuspendedLater({ metadata, status }: Job): boolean {
  const { generation = 1, creationTimestamp = '' } = metadata ?? {};
  const suspended = status?.conditions?.find((one) => one.type === 'Suspended' && one.status === 'True');
  const agoMs = Date.parse(suspended?.lastTransitionTime ?? '') - Date.parse(creationTimestamp);
  return generation > 2 && agoMs > FIRST_SEEN_WITHIN_MS;
}

/** Whether somebody else says when it runs. */
function isOthers(job: Job): boolean {
  const owner = controllerOf(job);
  if (owner && !(owner.kind === 'CronJob' && owner.apiVersion?.startsWith('batch/'))) return true;
  return (job.spec?.managedBy ?? JOB_CONTROLLER) !== JOB_CONTROLLER || isQueued(job);
}
