import type { ApiClient } from '../cluster/api-client.ts';
import { type ClusterRegions, tellInvalid } from './cluster-regions.ts';
import { openCluster, readFromCluster, type Unread } from './open-cluster.ts';
import { watchLogTo } from './watch-log.ts';
import type { ChosenCluster } from './which-cluster.ts';

/**
 * The Regions of a cluster as they are now, and after each change again, until nobody asks for more; several changes at once are
 * one. Only what cannot be read at first ends it: later the last view stays, which `tell` hears of.
 */
export async function* followClusterRegions(
  cluster: ChosenCluster,
  tell: (sentence: string) => void,
): AsyncGenerator<ClusterRegions | Unread> {
  const opened = await openCluster(cluster);
  if ('issues' in opened) return yield opened;
  const { api } = opened;
  try {
    yield* follow(api, tell);
  } finally {
    api.close();
  }
}

async function* follow(api: ApiClient, tell: (sentence: string) => void): AsyncGenerator<ClusterRegions | Unread> {
  const [{ REGIONS, validRegions }, { listOnce }, { followResource }] = await Promise.all([
    import('../cluster/regions.ts'),
    import('../cluster/list-watch.ts'),
    import('../cluster/reflector.ts'),
  ]);
  // Once by itself: whoever may not read is told so, where a watch would try for ever.
  const read = await readFromCluster('regions', (timeoutMs) => listOnce(api, REGIONS, timeoutMs));
  if ('issues' in read) return yield read;
  yield { regions: validRegions(read.value), invalid: tellInvalid(read.value) };
  let next = Promise.withResolvers<void>();
  const log = watchLogTo(tell);
  const followed = followResource({ api, resource: REGIONS, log, onChange: () => next.resolve() });
  try {
    await followed.start();
    for (;;) {
      await next.promise;
      next = Promise.withResolvers<void>();
      const seen = [...followed.values()];
      yield { regions: validRegions(seen), invalid: tellInvalid(seen) };
    }
  } finally {
    await followed.stop();
  }
}
