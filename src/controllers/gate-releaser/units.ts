import type { CronJobRecord } from '../../cluster/cron-jobs.ts';
import type { JobRecord } from '../../cluster/jobs.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { objectKey } from '../../cluster/projection-store.ts';
import { isWaitingOrReleased, type UnscheduledPod } from '../../cluster/unscheduled-pods.ts';
import { isGated } from '../../decision/gate.ts';
import { controllerOf, type Pod } from '../../decision/pod.ts';
import { JOB_SET_LABEL } from '../../units/label-names.ts';

/** What waits: a pod behind our gate, or a Job that is suspended. */
export interface Member {
  readonly kind: 'Pod' | 'Job';
  readonly metadata: KubeObject['metadata'];
  /** The pod; of a Job, as it will create them. */
  readonly pod: Pod;
  /** How many pods go with it. */
  readonly pods: number;
  readonly job?: JobRecord | undefined;
  readonly cronJob?: CronJobRecord | undefined;
}

/** What is planned together and goes together: a JobSet, a pod group, the pods of one controller, else a pod by itself. */
export interface Unit {
  readonly key: string;
  readonly namespace: string;
  readonly members: readonly [Member, ...Member[]];
  /** From when on it waits, epoch milliseconds: the creation of the Job, not of a retry's pod; of a gang the earliest. */
  readonly createdAt: number;
  /** Whether a part of it went before: the rest never waits again. */
  readonly hasBegun: boolean;
}

/** All that is known of what waits. */
export interface WaitingView {
  pods(): Iterable<UnscheduledPod>;
  jobs(): Iterable<JobRecord>;
  job(namespace: string, name: string): JobRecord | undefined;
  cronJob(namespace: string, name: string): CronJobRecord | undefined;
}

export interface Grouping {
  /** Whether a write of ours has ended the state that the view shows. */
  readonly isBehind: (metadata: KubeObject['metadata']) => boolean;
  /** Units of which this leader let something go. */
  readonly hasBegun: (unit: string) => boolean;
}

interface GrowingUnit {
  readonly namespace: string;
  readonly members: Member[];
  createdAt: number;
}

/** Everything that waits, by unit; the oldest object of each first as far as the view has it so. */
export function groupUnits(view: WaitingView, { isBehind, hasBegun }: Grouping): readonly Unit[] {
  const begun = new Set<string>();
  const units = new Map<string, GrowingUnit>();

  function join(key: string, member: Member): void {
    const { namespace = '' } = member.metadata;
    const createdAt = createdAtOf(member);
    const unit = units.get(key);
    if (!unit) units.set(key, { namespace, members: [member], createdAt });
    else {
      unit.members.push(member);
      unit.createdAt = Math.min(unit.createdAt, createdAt);
    }
  }

  for (const job of view.jobs()) {
    const key = unitOf(job.metadata, job.suspended?.pod.spec, job.metadata.uid, job);
    if (job.hasBegun) begun.add(key);
    const { suspended, metadata } = job;
    if (!suspended || isBehind(metadata)) continue;
    join(key, { kind: 'Job', metadata, ...suspended, job, cronJob: cronJobOf(job, view) });
  }
  for (const pod of view.pods()) {
    if (!isWaitingOrReleased(pod)) continue;
    const { metadata } = pod;
    const job = jobOf(pod, view);
    const key = unitOf(metadata, pod.spec, controllerOf(pod)?.uid ?? metadata.uid, job);
    if (!isGated(pod)) begun.add(key);
    else if (!isBehind(metadata)) {
      join(key, { kind: 'Pod', metadata, pod, pods: 1, job, cronJob: job && cronJobOf(job, view) });
    }
  }
  return [...units].map(([key, { members, ...unit }]) => ({
    ...unit,
    key,
    members: members as [Member, ...Member[]],
    hasBegun: begun.has(key) || hasBegun(key),
  }));
}

function unitOf(
  { namespace, labels }: KubeObject['metadata'],
  spec: Pod['spec'],
  uid: string | undefined,
  job: JobRecord | undefined,
): string {
  const jobSet = labels?.[JOB_SET_LABEL];
  if (jobSet !== undefined && job?.controller?.kind === 'JobSet') return `${namespace}/uid/${job.controller.uid}`;
  if (jobSet !== undefined) return `${namespace}/${NAMED}/jobset/${jobSet}`;
  const group = spec?.schedulingGroup?.podGroupName;
  return group ? `${namespace}/${NAMED}/group/${group}` : `${namespace}/uid/${uid}`;
}

const NAMED = 'name';

/** Whether another unit may have the same key later on. */
export function isKnownByName({ key }: Unit): boolean {
  return key.split('/')[1] === NAMED;
}

function createdAtOf({ metadata, job }: Member): number {
  return Date.parse((job ?? { metadata }).metadata.creationTimestamp ?? '');
}

function jobOf(pod: UnscheduledPod, view: WaitingView): JobRecord | undefined {
  const owner = controllerOf(pod);
  if (owner?.kind !== 'Job' || owner.name === undefined) return undefined;
  const job = view.job(pod.metadata.namespace ?? '', owner.name);
  return job?.metadata.uid === owner.uid ? job : undefined;
}

function cronJobOf({ controller, metadata }: JobRecord, view: WaitingView): CronJobRecord | undefined {
  if (controller?.kind !== 'CronJob' || controller.name === undefined) return undefined;
  const cronJob = view.cronJob(metadata.namespace ?? '', controller.name);
  return cronJob?.uid === controller.uid ? cronJob : undefined;
}

/** How a member is called in logs and lists: `batch/train-x7d2k`. */
export function nameOf({ metadata: { name, namespace } }: Member): string {
  return objectKey(name, namespace);
}
