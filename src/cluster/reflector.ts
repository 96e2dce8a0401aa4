import { ExponentialBackoff, halfJitterGenerator, type IBackoff } from 'cockatiel';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import type { KubeObject } from './kube-object.ts';
import type { LastEvents } from './last-events.ts';
import { listPages, type ObjectEvent, openWatch } from './list-watch.ts';
import { pauseFor } from './pause.ts';
import { createProjectionStore, type ProjectionStore } from './projection-store.ts';
import { createRequestHealth } from './request-health.ts';
import type { WatchedResource } from './watched-resource.ts';

/** What of a log watching needs. */
export type WatchLog = {
  readonly [level in 'debug' | 'info' | 'warn']: (fields: Readonly<Record<string, unknown>>, text: string) => void;
};

interface ReflectorDeps<T> {
  readonly api: ApiClient;
  readonly resource: WatchedResource<T>;
  readonly store: Pick<ProjectionStore<T>, 'put' | 'remove' | 'beginReplacement'>;
  readonly log: WatchLog;
  readonly onChange: () => void;
  readonly now?: () => number;
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

export interface Reflector {
  /**
   * Resolves at the first complete list, however long that takes, when the API server knows no such resource, or, of one that we do
   * without, when the first attempt fails; rejects when stopped before.
   */
  start(): Promise<void>;
  stop(): Promise<void>;
  synced(): boolean;
  failure(): string | undefined;
  /** Epoch milliseconds of the last sign of life: a page of a list, an event or a bookmark. */
  lastEventAt(): number | undefined;
  /** The same, by the name of the resource. */
  lastEvents(): LastEvents;
}

/** Lists anew this often, in case a watch stays open and yet misses something. */
const RELIST_AFTER_MS = 30 * 60_000;
const BACKOFF = { initialDelay: 400, maxDelay: 10_000, generator: halfJitterGenerator };

/**
 * Answers after which to list again instead of watching on from the version we have: it was compacted (410), makes no
 * sense to this API server (400), or is ahead of it because etcd was restored from a backup (504).
 */
const LIST_AGAIN = new Set([400, 410, 504]);

/**
 * Keeps a store equal to a resource: list, watch, and from the start again whenever that ends, for as long as it runs.
 * Our own and not client-node's informer, which holds whole objects and the whole list at once, stops for good at every
 * error, takes no headers (no metadata-only lists), does not page, and hides the API server's reason for a refusal.
 */
export function createReflector<T>(deps: ReflectorDeps<T>): Reflector {
  const { api, resource, store, log, onChange, now = Date.now, pause = pauseFor } = deps;
  const { promise: firstSync, resolve: markSynced, reject: giveUp } = Promise.withResolvers<void>();
  const { name } = resource;
  const health = createRequestHealth({
    again: () => log.info({ resource: name }, `watching ${name} again`),
    failing(failure, status) {
      if (status === 404 && resource.isOptional) log.info({ resource: name }, failure);
      else log.warn({ resource: name, failure }, `cannot watch ${name}, the last view of it stays`);
    },
  });
  const stopping = new AbortController();
  const { signal } = stopping;
  let running: Promise<void> | undefined;
  let version: string | undefined;
  let listedAt: number | undefined;
  let isKnown = false;
  let lastEventAt: number | undefined;
  let backoff = firstBackoff();

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const retryAfterMs = await attempt();
      const pauseMs = Math.max(backoff.duration, retryAfterMs);
      backoff = backoff.next(undefined);
      await pause(pauseMs, signal).catch(() => {}); // only `stop` ends it early
    }
  }

  /** One list, where needed, and one watch until its end; answers how long the API server wants to be left alone. */
  async function attempt(): Promise<number> {
    try {
      version = await listIfNeeded();
      await follow(version);
      return 0;
    } catch (error) {
      if (!signal.aborted) takeNote(error);
      return error instanceof ApiError ? error.retryAfterMs : 0;
    }
  }

  function takeNote(error: unknown): void {
    if (resource.isOptional) countAsKnown(); // whatever the API server, or who stands behind it, has against it
    if (error instanceof ApiError && LIST_AGAIN.has(error.status)) version = undefined;
    if (error instanceof ApiError && error.status === 410) log.debug({ resource: name }, error.message);
    else if (isMissing(error)) noteMissing(error, resource.whenMissing);
    else if (isForbidden(error)) noteMissing(error);
    else health.failed(error);
  }

  function isMissing(error: unknown): boolean {
    return resource.whenMissing !== undefined && error instanceof ApiError && error.status === 404;
  }

  function isForbidden(error: unknown): boolean {
    return resource.isOptional === true && error instanceof ApiError && error.status === 403;
  }

  /** Objects that were seen stay: whoever removes a CRD removes its objects first, and each deletion was an event. */
  function noteMissing(error: unknown, words?: string): void {
    health.failed(error, words);
    version = undefined; // installed again it begins anew
    countAsKnown();
  }

  function countAsKnown(): void {
    isKnown = true;
    markSynced();
  }

  async function listIfNeeded(): Promise<string> {
    const isDue = listedAt === undefined || Math.abs(now() - listedAt) >= RELIST_AFTER_MS; // a date may be set back
    return version === undefined || isDue ? list() : version;
  }

  async function list(): Promise<string> {
    const replacement = store.beginReplacement();
    let listed = '';
    for await (const { metadata, items } of listPages(api, resource, signal)) {
      lastEventAt = now();
      items?.forEach(replacement.add);
      listed = metadata.resourceVersion;
    }
    listedAt = now();
    isKnown = true;
    if (replacement.commit()) onChange();
    markSynced();
    return listed;
  }

  async function follow(from: string): Promise<void> {
    const events = await openWatch(api, resource, from, signal);
    health.succeeded();
    lastEventAt = now();
    for await (const { type, object } of events) {
      lastEventAt = now();
      backoff = firstBackoff(); // an event proves that watching works; a watch that opens and ends at once does not
      if (hasChanged(type, object)) onChange();
      version = object.metadata.resourceVersion;
    }
  }

  function hasChanged(type: ObjectEvent['type'], object: KubeObject): boolean {
    if (type === 'BOOKMARK') return false;
    return type === 'DELETED' ? store.remove(object) : store.put(object);
  }

  return {
    start() {
      running ??= run();
      return firstSync;
    },
    async stop() {
      stopping.abort();
      giveUp(new Error(`stopped before ${name} were listed`));
      firstSync.catch(() => {}); // whoever awaits `start` hears of it; nobody has to
      await running;
    },
    synced: () => isKnown,
    failure: health.failure,
    lastEventAt: () => lastEventAt,
    lastEvents: () => (lastEventAt === undefined ? {} : { [name]: lastEventAt }),
  };
}

function firstBackoff(): IBackoff<unknown> {
  return new ExponentialBackoff(BACKOFF).next();
}

/** A resource as it is now, once it runs; while the API server is away, the last view stays. */
export interface Followed<T> extends Reflector, Pick<ProjectionStore<T>, 'get' | 'values'> {}

/** Follows a resource and holds what it projects of each of its objects. */
export function followResource<T>(deps: Omit<ReflectorDeps<T>, 'store'>): Followed<T> {
  const store = createProjectionStore(deps.resource);
  return { ...createReflector({ ...deps, store }), get: store.get, values: store.values };
}

/** The same, begun at once; `onChange` also when the first list is there. */
export function followNow<T>(deps: Omit<ReflectorDeps<T>, 'store'>): Followed<T> {
  const followed = followResource(deps);
  followed.start().then(deps.onChange, () => {}); // rejected only when stopped before the first list
  return followed;
}
