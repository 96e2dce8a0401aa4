import type { Logger } from 'pino';
import type { ApiClient } from '../../cluster/api-client.ts';
import { CRON_JOBS } from '../../cluster/cron-jobs.ts';
import { JOBS } from '../../cluster/jobs.ts';
import { joinLastEvents, type LastEvents } from '../../cluster/last-events.ts';
import { objectKey } from '../../cluster/projection-store.ts';
import { followResource } from '../../cluster/reflector.ts';
import { UNSCHEDULED_PODS } from '../../cluster/unscheduled-pods.ts';
import type { WaitingView } from './units.ts';

/** What waits, as the API server shows it from the first list on. */
export interface WaitingWatch extends WaitingView {
  /** Whether everything was listed once; before that, what is not there may only be not seen yet. */
  isSynced(): boolean;
  /** Whether it is known to show things as they are now. */
  isFresh(): boolean;
  /** Why that is not known; absent where it is. */
  problem(): string | undefined;
  lastEventAt(): LastEvents;
  stop(): Promise<void>;
}

export interface WatchDeps {
  readonly api: ApiClient;
  readonly log: Logger;
  readonly onChange: () => void;
}

const NOT_YET = 'it has not been seen yet';

/** Follows pods without a node, Jobs and CronJobs. */
export function watchWaiting({ api, log, onChange }: WatchDeps): WaitingWatch {
  const pods = followResource({ api, resource: UNSCHEDULED_PODS, log, onChange });
  const jobs = followResource({ api, resource: JOBS, log, onChange });
  const cronJobs = followResource({ api, resource: CRON_JOBS, log, onChange });
  const all = [pods, jobs, cronJobs];
  // Rejected only when stopped before the first list.
  for (const one of all) one.start().then(onChange, () => {});
  return {
    pods: pods.values,
    jobs: jobs.values,
    job: (namespace, name) => jobs.get(objectKey(name, namespace)),
    cronJob: (namespace, name) => cronJobs.get(objectKey(name, namespace)),
    isSynced: () => all.every((one) => one.synced()),
    isFresh: () => all.every((one) => one.synced() && one.failure() === undefined),
    problem: () =>
      all.map((one) => one.failure() ?? (one.synced() ? undefined : NOT_YET)).find((one) => one !== undefined),
    lastEventAt: () => joinLastEvents(all.map((one) => one.lastEvents())),
    stop: async () => void (await Promise.all(all.map((one) => one.stop()))),
  };
}
