import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import { fetchNamespace } from '../../cluster/fetch-namespace.ts';
import { listOnce } from '../../cluster/list-watch.ts';
import { describeReadFailure } from '../../cluster/read-failure.ts';
import { followResource } from '../../cluster/reflector.ts';
import { type WaitingPiece, waitingJobs, waitingPods } from '../../cluster/waiting-work.ts';
import { openCluster, readFromCluster, type Unread } from '../../world/open-cluster.ts';
import { watchLogTo } from '../../world/watch-log.ts';
import type { ChosenCluster } from '../../world/which-cluster.ts';
import type { WaitingValues } from './options.ts';

const USUAL_NAMESPACE = 'default';
const TIMEOUT_MS = 60_000;

export interface FoundWork {
  readonly pieces: readonly WaitingPiece[];
  /** That was looked into; all where it is absent. */
  readonly namespace: string | undefined;
  /** Whether there is no such namespace; asked only where nothing waits in it. */
  readonly isMissing?: boolean;
}

/**
 * What waits in a cluster as it is now, and after each change again, until nobody asks for more. Only pods that cannot be read at
 * first end it: Jobs that the caller may not see are left out, which `tell` hears of.
 */
export async function* followWaiting(
  cluster: ChosenCluster,
  { explainNamespace, allNamespaces, selector: labelSelector }: WaitingValues,
  tell: (sentence: string) => void,
): AsyncGenerator<FoundWork | Unread> {
  const opened = await openCluster(cluster);
  if ('issues' in opened) return yield opened;
  const { api } = opened;
  const namespace = allNamespaces ? undefined : (explainNamespace ?? opened.namespace ?? USUAL_NAMESPACE);
  try {
    for await (const found of follow(api, { namespace, labelSelector }, tell)) {
      if ('issues' in found) yield namespace === undefined ? withHint(found) : found;
      else if (found.length > 0 || namespace === undefined) yield { pieces: found, namespace };
      else yield { pieces: found, namespace, isMissing: await isMissing(api, namespace) };
    }
  } finally {
    api.close();
  }
}

/** One who may look into a single namespace names it. */
function withHint({ issues, exitCode }: Unread): Unread {
  return {
    issues: issues.map((issue) =>
      / may not list /.test(issue) ? `${issue}; who may look into one namespace names it with -n` : issue,
    ),
    exitCode,
  };
}

/** Whoever may not read it is told nothing: it can be there. */
function isMissing(api: ApiClient, namespace: string): Promise<boolean> {
  return fetchNamespace(api, namespace, TIMEOUT_MS).then(
    (found) => found === undefined,
    () => false,
  );
}

async function* follow(
  api: ApiClient,
  within: Parameters<typeof waitingPods>[0],
  tell: (sentence: string) => void,
): AsyncGenerator<readonly WaitingPiece[] | Unread> {
  const resources = [waitingPods(within), waitingJobs(within)] as const;
  const [pods, jobs] = resources;
  // Once by itself: whoever may not read is told so, where a watch would try for ever.
  const read = await readFromCluster(
    'what waits',
    (timeoutMs) =>
      Promise.all([
        listOnce(api, pods, timeoutMs),
        listOnce(api, jobs, timeoutMs).catch((error) => withoutJobs(error)),
      ]),
    TIMEOUT_MS,
  );
  if ('issues' in read) return yield read;
  const [foundPods, foundJobs] = read.value;
  yield [...foundPods, ...(foundJobs ?? [])].filter((piece) => piece !== undefined);
  let next = Promise.withResolvers<void>();
  const log = watchLogTo(tell);
  const followed = (foundJobs ? resources : [pods]).map((resource) =>
    followResource({ api, resource, log, onChange: () => next.resolve() }),
  );
  try {
    await Promise.all(followed.map((one) => one.start()));
    for (;;) {
      await next.promise;
      next = Promise.withResolvers<void>();
      yield followed.flatMap((one) => [...one.values()]).filter((piece) => piece !== undefined);
    }
  } finally {
    await Promise.all(followed.map((one) => one.stop()));
  }

  function withoutJobs(error: unknown): undefined {
    if (!(error instanceof ApiError) || error.status !== FORBIDDEN) throw error;
    tell(`${describeReadFailure(error)}: Jobs that are suspended are left out`);
  }
}

const FORBIDDEN = 403;
