import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { listPages } from './list-watch.ts';
import type { WatchedResource } from './watched-resource.ts';

/** Everything of a resource as it is now; rejects with an ApiError, with the network's own error, after `timeoutMs`, or when `over` aborts. */
export async function listOnce<T>(
  api: ApiClient,
  resource: WatchedResource<T>,
  timeoutMs: number,
  over?: AbortSignal,
): Promise<readonly T[]> {
  const all: T[] = [];
  const late = AbortSignal.timeout(timeoutMs);
  try {
    for await (const { items } of listPages(api, resource, over ? AbortSignal.any([late, over]) : late))
      all.push(...(items ?? []).map((object) => resource.project(object)));
  } catch (error) {
    if (resource.whenMissing === undefined || !(error instanceof ApiError) || error.status !== 404) throw error;
    throw new Error(resource.whenMissing, { cause: error });
  }
  return all;
}
