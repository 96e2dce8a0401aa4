import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import { getIfThere } from '../../cluster/get-if-there.ts';
import type { LivePod } from '../../cluster/live-pods.ts';
import { podsPath } from '../../cluster/live-pods.ts';
import { JOB, ownersPath } from '../../cluster/owner-kinds.ts';
import { type Pause, retryPassing } from '../../cluster/retry-passing.ts';
import { isWaitingJob, isWaitingPod, type LiveJob } from '../../cluster/waiting-work.ts';
import type { PatchOperation } from '../../decision/patch.ts';
import { releasePatch } from '../../decision/release-patch.ts';
import { forgetPatch, resumePatch } from '../../decision/suspended-job.ts';
import type { WaitingUnit } from './waiting-units.ts';

export interface LettingGo {
  readonly api: Pick<ApiClient, 'get' | 'send'>;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** What is added to a pod as it goes; absent: its gate goes, and nothing comes. */
  readonly steer?: ((pod: LivePod) => readonly PatchOperation[]) | undefined;
  readonly fieldManager: string;
  /** Jobs lose the marks of their wait instead of getting the one of its end: nobody is left who reads it. */
  readonly forgets?: true;
  /** Nothing says when it went: its author may have left no room for that. */
  readonly isUnmarked?: boolean;
  /** Everything is asked of the API server, and nothing is done. */
  readonly isDryRun?: boolean;
  readonly pause?: Pause;
}

/**
 * | outcome     | what happened                                                                      |
 * | ----------- | ---------------------------------------------------------------------------------- |
 * | released    | it goes                                                                            |
 * | gate alone  | it goes, and the API server refused what was to be added                           |
 * | not waiting | somebody else let it go, or it is gone                                             |
 */
export type Outcome = 'released' | 'gate alone' | 'not waiting';

const MOST_TRIES = 10;
const CONFLICT_PAUSE_MS = 100;
const IDLE_TIMEOUT_MS = 30_000;
const NOT_FOUND = 404;
const CONFLICT = 409;
/** Somebody's rule forbids what would be added, a toleration for one: to go matters more. */
const REFUSED: ReadonlySet<number> = new Set([400, 403, 422]);

/** Lets one go, from its newest version where another write came in between. Rejects with an ApiError or the network's own error. */
export async function letGo(unit: WaitingUnit, deps: LettingGo): Promise<Outcome> {
  let current: WaitingUnit | undefined = unit;
  let steered = deps;
  for (let tries = 1; current; tries++) {
    const said = await attempt(current, steered);
    if (said === 'gone') break;
    if (said === 'done') return steered === deps ? 'released' : 'gate alone';
    if (tries === MOST_TRIES || isHopeless(said, steered)) throw said;
    if (said.status !== CONFLICT) steered = { ...deps, steer: undefined, isUnmarked: steered.steer === undefined };
    await (deps.pause ?? sleep)(CONFLICT_PAUSE_MS);
    current = await readAgain(current, deps);
  }
  return 'not waiting';
}

/** Whether even what its author wrote is invalid. */
function isHopeless({ status }: ApiError, { isUnmarked = false }: LettingGo): boolean {
  return status !== CONFLICT && isUnmarked;
}

/** Answers a refusal that another try may have the better of. */
async function attempt(unit: WaitingUnit, deps: LettingGo): Promise<'done' | 'gone' | ApiError> {
  try {
    await write(unit, deps);
    return 'done';
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === NOT_FOUND) return 'gone';
    if (error.status === CONFLICT || REFUSED.has(error.status)) return error;
    throw error;
  }
}

function write(unit: WaitingUnit, deps: LettingGo): Promise<unknown> {
  const { api, clock, steer, isUnmarked, isDryRun = false, fieldManager, forgets, pause } = deps;
  const now = isUnmarked ? undefined : clock();
  const body =
    unit.kind === 'Pod'
      ? releasePatch(unit.object, { patch: steer?.(unit.object) ?? [] }, now)
      : forgets
        ? forgetPatch(unit.object)
        : resumePatch(unit.object, now);
  const contentType = 'application/json-patch+json';
  const query = { fieldManager, ...(isDryRun && { dryRun: 'All' }) };
  const send = () => api.send('PATCH', pathOf(unit), { contentType, body, query, idleTimeoutMs: IDLE_TIMEOUT_MS });
  return retryPassing(send, pause);
}

async function readAgain(unit: WaitingUnit, { api, pause }: LettingGo): Promise<WaitingUnit | undefined> {
  const options = { accept: 'application/json', idleTimeoutMs: IDLE_TIMEOUT_MS };
  const object = await retryPassing(() => getIfThere(api, pathOf(unit), options), pause);
  // Another of the same name did not wait when it was asked for.
  if (object === undefined || (object as LivePod).metadata.uid !== unit.object.metadata.uid) return undefined;
  if (unit.kind === 'Pod') return isWaitingPod(object as LivePod) ? { ...unit, object: object as LivePod } : undefined;
  return isWaitingJob(object as LiveJob) ? { ...unit, object: object as LiveJob } : undefined;
}

function pathOf({ kind, object: { metadata } }: WaitingUnit): string {
  const { name, namespace } = metadata;
  return `${kind === 'Pod' ? podsPath(namespace) : ownersPath(JOB, namespace)}/${encodeURIComponent(name)}`;
}
