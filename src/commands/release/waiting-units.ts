import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import type { LivePod } from '../../cluster/live-pods.ts';
import { describeReadFailure } from '../../cluster/read-failure.ts';
import { type LiveJob, listWaitingJobs, listWaitingPods } from '../../cluster/waiting-work.ts';

/** What is let go by one write. */
export type WaitingUnit =
  | { readonly kind: 'Pod'; readonly object: LivePod }
  | { readonly kind: 'Job'; readonly object: LiveJob };

interface Within {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
}

const FORBIDDEN = 403;

/**
 * All that waits. Jobs that the caller may not see are left out where somebody hears of it; rejects otherwise, and where pods cannot
 * be listed.
 */
export async function listUnits(
  api: Pick<ApiClient, 'get'>,
  within: Within,
  tell?: (sentence: string) => void,
): Promise<readonly WaitingUnit[]> {
  const [pods, jobs] = await Promise.all([
    listWaitingPods(api, within),
    listWaitingJobs(api, within).catch((error: unknown): readonly LiveJob[] => {
      if (!tell || !(error instanceof ApiError) || error.status !== FORBIDDEN) throw error;
      tell(`${describeReadFailure(error)}: Jobs that are suspended are left out`);
      return [];
    }),
  ]);
  return [
    ...pods.map((object) => ({ kind: 'Pod' as const, object })),
    ...jobs.map((object) => ({ kind: 'Job' as const, object })),
  ];
}

/** As kubectl prints names: `pod/web-0`, `job.batch/train`. */
export function nameUnit({ kind, object }: WaitingUnit): string {
  return `${kind === 'Pod' ? 'pod' : 'job.batch'}/${object.metadata.name}`;
}
