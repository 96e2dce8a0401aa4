import type { ApiClient } from '../../cluster/api-client.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { listOnce } from '../../cluster/list-watch.ts';
import { type WaitingPiece, waitingJobs, waitingPods } from '../../cluster/waiting-work.ts';
import type { OverdueRuns, WaitingThing } from './facts.ts';

interface CronJobObject extends KubeObject {
  readonly spec?: { readonly suspend?: boolean };
  readonly status?: { readonly lastScheduleTime?: string; readonly lastSuccessfulTime?: string };
}

/** All pods that gridgate gated and Jobs that it suspended, in all namespaces. Rejects where one of both may not be listed. */
export async function listWaitingThings(api: ApiClient, timeoutMs: number): Promise<readonly WaitingThing[]> {
  const found = await Promise.all([
    listOnce(api, waitingPods({}), timeoutMs),
    listOnce(api, waitingJobs({}), timeoutMs),
  ]);
  return found
    .flat()
    .filter((piece) => piece !== undefined)
    .map(toThing);
}

function toThing({ kind, namespace, name, owner, since, wait }: WaitingPiece): WaitingThing {
  return {
    kind,
    namespace,
    owner: owner ?? { kind, name },
    ...(since !== undefined && { since }),
    ...(wait && { latestStart: wait.latestStart }),
  };
}

/** What becomes of the CronJob that lets go what is overdue; `undefined` where there is none. */
export function toOverdueRuns(object: unknown): OverdueRuns | undefined {
  if (object === undefined) return undefined;
  const { metadata, spec, status } = object as CronJobObject;
  const scheduledAt = Date.parse(status?.lastScheduleTime ?? '');
  const since = Date.parse(status?.lastSuccessfulTime ?? metadata.creationTimestamp ?? '');
  return {
    isSuspended: spec?.suspend === true,
    failedForMs: Number.isNaN(scheduledAt) || Number.isNaN(since) ? 0 : Math.max(0, scheduledAt - since),
  };
}
