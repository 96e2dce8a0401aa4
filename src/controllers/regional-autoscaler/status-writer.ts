import { isDeepStrictEqual } from 'node:util';
import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import { REGIONAL_GROUP } from '../../cluster/regional-autoscalers.ts';
import { REGIONAL_MANAGER } from '../../scaling/field-managers.ts';
import {
  type RegionalAutoscaler,
  type RegionalAutoscalerObject,
  toRegionalAutoscaler,
} from '../../scaling/regional-record.ts';
import type { RegionalState } from '../../scaling/regional-state.ts';
import { type RegionalStatus, statusPatch } from '../../scaling/regional-status.ts';
import type { Pace } from '../pace.ts';
import type { Outcome } from '../rounds.ts';
import { isConflict } from './act.ts';
import { asWritten, type Memory } from './memory.ts';

/** Others may write it all the time. */
const TRIES = 5;
const READ = { accept: 'application/json', idleTimeoutMs: 10_000 } as const;

export interface StatusWriterDeps {
  readonly api: Pick<ApiClient, 'get'>;
  readonly writer: Pick<ApiWriter, 'mergePatch'>;
  readonly pace: Pace;
}

/** Whose status: as the watch shows it, and what is remembered of it. */
interface Owner {
  readonly seen: RegionalAutoscaler;
  readonly memory: Memory;
}

/** Writes statuses of RegionalAutoscalers as they were read (one that has changed since is a 409), and remembers the answers. */
export function createStatusWriter({ api, writer, pace }: StatusWriterDeps) {
  async function write(
    { seen, memory }: Owner,
    { namespace, name, uid, resourceVersion }: RegionalAutoscaler,
    status: RegionalStatus,
    state: RegionalState,
  ): Promise<void> {
    const patch = { metadata: { uid, resourceVersion }, status: statusPatch(status, state) };
    const path = `${pathOf(namespace, name)}/status`;
    const written = await writer.mergePatch(path, patch, { fieldManager: REGIONAL_MANAGER });
    memory.written = { over: seen.resourceVersion, is: toRegionalAutoscaler(written as RegionalAutoscalerObject) };
  }

  /** What the watch shows may be older than the last write of ours. */
  async function readAgain({ seen, memory }: Owner): Promise<RegionalAutoscaler> {
    try {
      const object = await api.get(pathOf(seen.namespace, seen.name), READ);
      const is = toRegionalAutoscaler(object as RegionalAutoscalerObject);
      if (is.uid === seen.uid) memory.written = { over: seen.resourceVersion, is };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
    return asWritten(seen, memory);
  }

  /** Tries again at once where somebody has written what nothing was decided by: labels, a status of old. */
  async function announce(
    owner: Owner,
    current: RegionalAutoscaler,
    status: RegionalStatus,
    state: RegionalState,
  ): Promise<void> {
    let as = current;
    for (let tries = 1; ; tries++) {
      try {
        return await write(owner, as, status, state);
      } catch (error) {
        if (!isConflict(error) || tries === TRIES) throw error;
        as = await readAgain(owner);
        if (!isAsDecided(as, current)) throw error;
      }
    }
  }

  return {
    announce,
    readAgain,
    async writeDue(
      owner: Owner & { readonly signal: AbortSignal },
      current: RegionalAutoscaler,
      status: RegionalStatus,
      state: RegionalState,
    ): Promise<Outcome> {
      await pace.take(owner.signal);
      try {
        await write(owner, current, status, state);
        return 'done';
      } catch (error) {
        if (!(error instanceof ApiError) || (error.status !== 404 && !isConflict(error))) throw error;
        if (isConflict(error)) await readAgain(owner);
        return 'again';
      }
    },
  };
}

function isAsDecided(now: RegionalAutoscaler, then: RegionalAutoscaler): boolean {
  const read = ({ uid, generation, annotations, isEnding, state }: RegionalAutoscaler) =>
    [uid, generation, annotations, isEnding, state] as const;
  return isDeepStrictEqual(read(now), read(then));
}

function pathOf(namespace: string, name: string): string {
  return `${REGIONAL_GROUP}/namespaces/${encodeURIComponent(namespace)}/regionalautoscalers/${encodeURIComponent(name)}`;
}
