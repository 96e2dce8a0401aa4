import type { CronJobRecord } from '../../src/cluster/cron-jobs.ts';
import { type JobRecord, toJobRecord } from '../../src/cluster/jobs.ts';
import { toUnscheduledPod, type UnscheduledPod } from '../../src/cluster/unscheduled-pods.ts';
import type { PlanContext } from '../../src/controllers/gate-releaser/plan.ts';
import { type Grouping, groupUnits, type Unit, type WaitingView } from '../../src/controllers/gate-releaser/units.ts';
import { decide } from '../../src/decision/decide.ts';
import type { Snapshot } from '../../src/regions/snapshot.ts';
import { makePolicy, makeRegion, makeSnapshot, NOW } from '../builders.ts';
import { prefixed } from '../e2e/objects.ts';

export const HOUR_MS = 3_600_000;
const THIS_HOUR = Math.floor(NOW / HOUR_MS) * HOUR_MS;

export interface HeldParts {
  readonly name?: string;
  /** The name of its Job. */
  readonly job?: string;
  /** How long ago it was created. */
  readonly agoMs?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: object;
  readonly version?: string;
}

export function iso(at: number): string {
  return new Date(at).toISOString();
}

/** A pod behind our gate as the API server has it. */
export function heldObject({
  name = 'train-1',
  job,
  agoMs = 0,
  annotations,
  labels,
  spec,
  version = '1',
}: HeldParts = {}) {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: job, uid: `uid-${job}`, controller: true };
  return {
    metadata: {
      name,
      namespace: 'batch',
      uid: `uid-${name}`,
      resourceVersion: version,
      creationTimestamp: iso(NOW - agoMs),
      annotations: prefixed({ class: 'flexible', ...annotations }),
      ...(labels && { labels }),
      ...(job !== undefined && { ownerReferences: [owner] }),
    },
    spec: { schedulingGates: [{ name: 'gridgate.dev/defer' }], restartPolicy: 'Never', ...spec },
  };
}

export interface JobParts {
  readonly name?: string;
  readonly agoMs?: number;
  readonly spec?: object;
  readonly status?: object;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly cronJob?: string;
  /** The uid of its JobSet. */
  readonly jobSet?: string;
}

export function jobObject({
  name = 'train',
  agoMs = 0,
  spec,
  status,
  annotations = {},
  labels,
  cronJob,
  jobSet,
}: JobParts = {}) {
  const owner = jobSet
    ? { apiVersion: 'jobset.x-k8s.io/v1alpha2', kind: 'JobSet', name: 'set', uid: jobSet, controller: true }
    : { apiVersion: 'batch/v1', kind: 'CronJob', name: cronJob, uid: `uid-${cronJob}`, controller: true };
  return {
    metadata: {
      name,
      namespace: 'batch',
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: iso(NOW - agoMs),
      annotations: prefixed(annotations),
      ...(labels && { labels }),
      ...((cronJob !== undefined || jobSet !== undefined) && { ownerReferences: [owner] }),
    },
    spec: { ...spec },
    status: { ...status },
  };
}

export interface ViewParts {
  readonly pods?: readonly ReturnType<typeof heldObject>[];
  readonly jobs?: readonly ReturnType<typeof jobObject>[];
  readonly cronJobs?: readonly Partial<CronJobRecord>[];
}

export function viewOf({ pods = [], jobs = [], cronJobs = [] }: ViewParts): WaitingView {
  const seen: readonly UnscheduledPod[] = pods.map(toUnscheduledPod);
  const records: readonly JobRecord[] = jobs.map(toJobRecord);
  const crons = cronJobs.map(
    (parts): CronJobRecord => ({
      namespace: 'batch',
      name: 'nightly',
      uid: `uid-${parts.name ?? 'nightly'}`,
      schedule: '0 * * * *',
      allowsTwo: false,
      isSuspended: false,
      ...parts,
    }),
  );
  return {
    pods: () => seen,
    jobs: () => records,
    job: (_namespace, name) => records.find(({ metadata }) => metadata.name === name),
    cronJob: (_namespace, name) => crons.find((one) => one.name === name),
  };
}

export function unitsOf(parts: ViewParts, grouping: Partial<Grouping> = {}): readonly Unit[] {
  return groupUnits(viewOf(parts), { isBehind: () => false, hasBegun: () => false, ...grouping });
}

/** A region by its hours from the present one on. */
export function gridOf(grams: readonly number[], parts: Parameters<typeof makeRegion>[2] = {}, name = 'a') {
  const forecast = grams.map((gramsPerKwh, hour) => ({ from: THIS_HOUR + hour * HOUR_MS, gramsPerKwh }));
  return makeRegion(name, grams[0], { reading: { source: 'electricity-maps' }, forecast, ...parts });
}

/** Cleanest in two hours. */
export const DAY = [300, 300, 100, ...Array<number>(21).fill(400)];

export interface ContextParts extends Partial<PlanContext> {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly snapshot?: Snapshot;
}

export function contextOf({
  annotations,
  snapshot = makeSnapshot([gridOf(DAY)]),
  ...parts
}: ContextParts = {}): PlanContext {
  const policy = makePolicy({ defer: '12h', ...annotations });
  const now = parts.now ?? NOW;
  return {
    policy,
    mode: policy.mode,
    now,
    nextRun: () => undefined,
    patience: 0,
    decide: ({ pod }) => decide({ pod, policy, snapshot, now, isReleased: true }),
    ...parts,
  };
}
