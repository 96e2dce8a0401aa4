import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import { getIfThere } from '../../cluster/get-if-there.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { MOST_PAST_HOURS } from '../../forecast/past-hours.ts';
import { type RememberedHours, readRememberedHours } from '../../regions/remembered-hours.ts';
import { HOUR_MS, MINUTE_MS } from '../../units/moment.ts';
import { nameFew } from '../../units/tell-few.ts';
import { type Clock, createPace } from '../pace.ts';
import type { Outcome } from '../rounds.ts';
import { writeEach } from '../write-each.ts';
import type { RegionSeries } from './region-series.ts';
import type { SeriesBook } from './series-book.ts';
import { dataOf, SHARDS, type Shard, type ShardData, shardOf } from './shards.ts';

export interface MemoryStoreDeps {
  readonly api: Pick<ApiClient, 'get'>;
  readonly writer: Pick<ApiWriter, 'create' | 'replace'>;
  readonly ownNamespace: string;
  readonly book: SeriesBook;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface MemoryStore {
  /**
   * Reads what was not read yet, one region's hours after another, and hands each to `take`. Rejects where the API server refuses
   * or is not there; what was read is not read again.
   */
  load(take: (hours: Iterable<Remembered>) => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Writes the shards that are due. */
  write(signal: AbortSignal): Promise<Outcome>;
}

export interface Remembered {
  readonly region: string;
  readonly hours: RememberedHours;
}

/** What is known of one ConfigMap. */
interface Known {
  /** As it was read or written last; absent where there is none. */
  readonly object: (KubeObject & { readonly data?: ShardData }) | undefined;
  /** Of which regions' series it holds which versions. */
  readonly holds?: string;
  readonly planned?: Planned;
}

interface Planned {
  readonly holds: string;
  readonly data: ShardData;
}

const IDLE_TIMEOUT_MS = 10_000;
const WRITES_PER_SECOND = 1;
/** The hour that has just ended is complete by then, of most regions. */
const SETTLED_AFTER_MS = 15 * MINUTE_MS;
const MOST_NAMES = 3;
const LABELS = { 'app.kubernetes.io/managed-by': 'gridgate' };
/** Of an object that is not there, or not as it was read. */
const READ_AGAIN: readonly number[] = [404, 409];

/**
 * Keeps the series of all regions in ConfigMaps. A shard is written:
 *
 * | what it would hold  | the last write of this term    | then                                     |
 * | ------------------- | ------------------------------ | ---------------------------------------- |
 * | what it holds       | any                            | not                                      |
 * | a region more       | none, or at least an hour ago  | at once                                  |
 * | other hours         | none, or at least an hour ago  | from a quarter past each hour on         |
 * | anything            | less than an hour ago          | not yet                                  |
 */
export function createMemoryStore(deps: MemoryStoreDeps): MemoryStore {
  const { api, writer, book, now, clock, log } = deps;
  const path = `/api/v1/namespaces/${encodeURIComponent(deps.ownNamespace)}/configmaps`;
  const shards = new Map<Shard, Known>();
  const writtenAt = new Map<Shard, number>();
  const pace = createPace({ perSecond: WRITES_PER_SECOND, clock });

  function membersOf(shard: Shard): ReadonlyMap<string, RegionSeries> {
    const members = [...book.names()].sort().flatMap((name) => {
      const series = shardOf(name) === shard ? book.get(name) : undefined;
      return series && series.past.known() > 0 ? [[name, series] as const] : [];
    });
    return new Map(members);
  }

  /** What a shard is to hold, where that is due to be written. */
  function dueOf(shard: Shard): Planned | undefined {
    const known = shards.get(shard);
    const last = writtenAt.get(shard);
    if (!known || (last !== undefined && clock.now() - last < HOUR_MS)) return undefined;
    const members = membersOf(shard);
    const holds = JSON.stringify(Array.from(members, ([name, one]) => [name, one.identity, one.version()]));
    if (holds === known.holds) return undefined;
    const before = known.object?.data ?? {};
    const hasNewcomer = [...members.keys()].some((name) => !Object.hasOwn(before, name));
    const isSettled = now() % HOUR_MS >= SETTLED_AFTER_MS;
    if (!isSettled && !hasNewcomer) return undefined;
    const planned = known.planned?.holds === holds ? known.planned : { holds, data: dataOf(members) };
    const isSame = isDeepStrictEqual(planned.data, before);
    shards.set(shard, { ...known, planned, ...(isSame && { holds }) });
    return isSame ? undefined : planned;
  }

  async function write(shard: Shard): Promise<Outcome> {
    const due = dueOf(shard);
    if (!due) return 'done';
    const object = shards.get(shard)?.object;
    try {
      const written = object
        ? await writer.replace(`${path}/${shard}`, { ...object, ...CONFIG_MAP, data: due.data })
        : await writer.create(path, { ...CONFIG_MAP, metadata: { name: shard, labels: LABELS }, data: due.data });
      shards.set(shard, { object: { ...written, data: due.data }, holds: due.holds });
      writtenAt.set(shard, clock.now());
      return 'done';
    } catch (error) {
      if (!(error instanceof ApiError && READ_AGAIN.includes(error.status))) throw error;
      shards.delete(shard);
      return 'again';
    }
  }

  function* readableIn(shard: Shard, data: ShardData): Iterable<Remembered> {
    const unreadable: string[] = [];
    for (const [region, text] of Object.entries(data)) {
      const hours = readRememberedHours(text, MOST_PAST_HOURS);
      if (hours) yield { region, hours };
      else unreadable.push(region);
    }
    if (unreadable.length === 0) return;
    const regions = nameFew(unreadable, MOST_NAMES, (name) => name);
    log.warn({ configMap: shard, regions }, 'what was remembered of regions cannot be read: they begin anew');
  }

  return {
    async load(take, signal) {
      for (const shard of SHARDS.filter((one) => !shards.has(one))) {
        const options = { accept: 'application/json', idleTimeoutMs: IDLE_TIMEOUT_MS, signal };
        const object = (await getIfThere(api, `${path}/${shard}`, options)) as Known['object'];
        await take(readableIn(shard, object?.data ?? {}));
        shards.set(shard, { object });
      }
    },
    write: (signal) => writeEach({ items: SHARDS, isDue: (shard) => dueOf(shard) !== undefined, write, pace, signal }),
  };
}

const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap' };
