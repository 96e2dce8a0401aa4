import type { KubeObject } from './kube-object.ts';
import { CRON_JOB, ownersPath } from './owner-kinds.ts';
import type { WatchedResource } from './watched-resource.ts';

/** When a CronJob's next run comes, and whether it may find the last one running. */
export interface CronJobRecord {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly schedule: string;
  /** Absent: UTC, as controller managers run in. */
  readonly timeZone?: string | undefined;
  readonly allowsTwo: boolean;
  readonly isSuspended: boolean;
}

interface CronJobObject extends KubeObject {
  readonly spec?: {
    readonly schedule?: string;
    readonly timeZone?: string;
    readonly concurrencyPolicy?: string;
    readonly suspend?: boolean;
  };
}

export const CRON_JOBS: WatchedResource<CronJobRecord> = {
  name: 'cronjobs',
  path: ownersPath(CRON_JOB),
  content: 'full',
  project(object) {
    const { metadata, spec = {} } = object as CronJobObject;
    const { name, namespace = '', uid = '' } = metadata;
    const { schedule = '', timeZone, concurrencyPolicy = 'Allow', suspend = false } = spec;
    const allowsTwo = concurrencyPolicy === 'Allow';
    return { namespace, name, uid, schedule, timeZone, allowsTwo, isSuspended: suspend };
  },
  differs: (before, after) =>
    before.schedule !== after.schedule ||
    before.timeZone !== after.timeZone ||
    before.allowsTwo !== after.allowsTwo ||
    before.isSuspended !== after.isSuspended,
};
