import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import type { KubeObject, ObjectList, Status } from './kube-object.ts';
import { acceptFor, type WatchedResource } from './watched-resource.ts';

const PAGE_SIZE = 500;
const LIST_IDLE_MS = 30_000;
/** Bookmarks come about every minute, seen two minutes apart at most: a watch silent for longer is dead, whatever TCP says. */
const WATCH_IDLE_MS = 240_000;
/** Ending watches now and then spreads them over the API servers; random, so that replicas do not come back together. */
const WATCH_SECONDS = { least: 300, most: 600 };
const QUIET_WATCH_SECONDS = { least: 120, most: 200 };

/** A bookmark's object has nothing but the resource version. */
export interface ObjectEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubeObject;
}

interface ErrorEvent {
  readonly type: 'ERROR';
  readonly object: Status;
}

interface Listed extends Pick<WatchedResource<unknown>, 'path' | 'content' | 'pageSize'> {
  readonly fieldSelector?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly idleTimeoutMs?: number;
}

/** All pages of a list, one after the other; an ApiError 410 when the list grew too old in between. */
export async function* listPages(
  api: Pick<ApiClient, 'get'>,
  { path, content, labelSelector, fieldSelector, pageSize = PAGE_SIZE, idleTimeoutMs = LIST_IDLE_MS }: Listed,
  signal?: AbortSignal,
): AsyncGenerator<ObjectList> {
  const accept = acceptFor(content, 'list');
  let next: string | undefined;
  do {
    const query = { limit: String(pageSize), continue: next, labelSelector, fieldSelector };
    const page = (await api.get(path, { accept, query, idleTimeoutMs, signal })) as ObjectList;
    yield page;
    next = page.metadata.continue || undefined;
  } while (next !== undefined);
}

/** Opens a watch after `resourceVersion`; resolves when the API server has accepted it. Its ERROR events throw an ApiError. */
export async function openWatch(
  api: ApiClient,
  { path, content, fieldSelector, labelSelector, hasNoBookmarks }: WatchedResource<unknown>,
  resourceVersion: string,
  signal: AbortSignal,
): Promise<AsyncIterable<ObjectEvent>> {
  const { least, most } = hasNoBookmarks ? QUIET_WATCH_SECONDS : WATCH_SECONDS;
  const query = {
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion,
    timeoutSeconds: String(least + Math.floor(Math.random() * (most - least))),
    fieldSelector,
    labelSelector,
  };
  const response = await api.open(path, {
    accept: acceptFor(content, 'one'),
    query,
    idleTimeoutMs: WATCH_IDLE_MS,
    signal,
  });
  response.setEncoding('utf8');
  return readEvents(response, path);
}

async function* readEvents(chunks: AsyncIterable<string>, path: string): AsyncGenerator<ObjectEvent> {
  for await (const line of readLines(chunks)) {
    const event = JSON.parse(line) as ObjectEvent | ErrorEvent;
    if (event.type === 'ERROR') throw new ApiError(`watch ${path}`, event.object);
    yield event;
  }
}

/** Complete lines; what follows the last line break is an event cut short, and comes again with the next watch. */
async function* readLines(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    rest += chunk;
    if (!chunk.includes('\n')) continue; // a large event in many chunks is joined once, not split again each time
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

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

/** The same; nothing where the API server knows no such resource. */
export async function listIfKnown<T>(
  api: ApiClient,
  resource: WatchedResource<T>,
  timeoutMs: number,
): Promise<readonly T[]> {
  try {
    return await listOnce(api, resource, timeoutMs);
  } catch (error) {
    const { cause = error } = error as Error;
    if (cause instanceof ApiError && cause.status === 404) return [];
    throw error;
  }
}
