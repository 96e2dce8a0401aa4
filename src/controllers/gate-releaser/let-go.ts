import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import { getIfThere } from '../../cluster/get-if-there.ts';
import { toJobRecord } from '../../cluster/jobs.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { isWaitingOrReleased, toUnscheduledPod } from '../../cluster/unscheduled-pods.ts';
import type { Decision } from '../../decision/decide.ts';
import { isGated } from '../../decision/gate.ts';
import { releasePatch } from '../../decision/release-patch.ts';
import { resumePatch } from '../../decision/suspended-job.ts';
import type { Member } from './units.ts';
import { pathOf } from './waiting-paths.ts';

/** `gone`: it does not wait any more, or is another by now; somebody else saw to that. */
export type LetGo = 'released' | 'gone' | ApiError;

export interface LetGoDeps {
  readonly api: Pick<ApiClient, 'get'>;
  readonly writer: Pick<ApiWriter, 'jsonPatch'>;
  /** What its pod gets as it goes, by what is known at this moment. */
  readonly decide: (member: Member) => Pick<Decision, 'patch'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const NOT_FOUND = 404;
/** The object is another than it was seen to be: also a patch that does not apply to it any more. */
const CHANGED: ReadonlySet<number> = new Set([409, 422]);
/** Somebody's rule forbids what would be added: a toleration, say. To go is more important. */
const REFUSED: ReadonlySet<number> = new Set([400, 403, 422]);
/** The API server knows us no more, or takes nothing at the moment. A webhook that fails, in one namespace say, makes it answer 500. */
const CONCERNS_ALL: ReadonlySet<number> = new Set([401, 429, 503]);
const IDLE_MS = 10_000;
const NOTHING_ADDED = { patch: [] };

/**
 * Lets one thing go that waits, in one write that applies to the very version that was decided about, so never twice.
 *
 * | the API server answers    | then                                                                            |
 * | ------------------------- | ------------------------------------------------------------------------------- |
 * | fine                      | it went                                                                         |
 * | not found                 | it is gone                                                                      |
 * | conflict, does not apply  | it is read and decided about once more, since what is watched may be behind      |
 * | refused                   | it goes with nothing added                                                      |
 * | refused that, too         | it goes and nothing says when: its author may have left no room for that        |
 * | refused that, too         | that error is the answer                                                        |
 * | another error             | that error is the answer                                                        |
 * | 401, 429, 503, nothing    | rejected: the others would fare no better                                       |
 */
export async function letGo(member: Member, deps: LetGoDeps): Promise<LetGo> {
  try {
    return await letGoAsDecided(member, deps);
  } catch (error) {
    if (!(error instanceof ApiError) || CONCERNS_ALL.has(error.status)) throw error;
    return error.status === NOT_FOUND ? 'gone' : error;
  }
}

async function letGoAsDecided(member: Member, deps: LetGoDeps): Promise<LetGo> {
  try {
    return await write(member, deps.decide(member), deps);
  } catch (error) {
    const status = statusOf(error);
    if (!CHANGED.has(status) && !REFUSED.has(status)) throw error;
    const current = await lookAgain(member, deps);
    if (!current) return 'gone';
    return CHANGED.has(status) ? letGoOnSecondLook(current, deps) : letGoBare(current, deps);
  }
}

async function letGoOnSecondLook(member: Member, deps: LetGoDeps): Promise<LetGo> {
  try {
    return await write(member, deps.decide(member), deps);
  } catch (error) {
    if (REFUSED.has(statusOf(error))) return letGoBare(member, deps);
    throw error;
  }
}

async function letGoBare(member: Member, deps: LetGoDeps): Promise<LetGo> {
  try {
    return await write(member, NOTHING_ADDED, deps);
  } catch (error) {
    if (REFUSED.has(statusOf(error))) return write(member, NOTHING_ADDED, { ...deps, now: () => undefined });
    throw error;
  }
}

function statusOf(error: unknown): number {
  if (!(error instanceof ApiError)) throw error;
  return error.status;
}

async function write(
  member: Member,
  decision: Pick<Decision, 'patch'>,
  { writer, now }: Pick<LetGoDeps, 'writer'> & { readonly now: () => number | undefined },
): Promise<'released'> {
  const { kind, metadata, pod } = member;
  const patch = kind === 'Pod' ? releasePatch({ ...pod, metadata }, decision, now()) : resumePatch({ metadata }, now());
  await writer.jsonPatch(pathOf(member), patch);
  return 'released';
}

/** As it is now, past what is watched; `undefined` where it does not wait any more. */
async function lookAgain(member: Member, { api }: LetGoDeps): Promise<Member | undefined> {
  const answer = await getIfThere(api, pathOf(member), { accept: 'application/json', idleTimeoutMs: IDLE_MS });
  const object = answer as KubeObject | undefined;
  if (object?.metadata.uid !== member.metadata.uid || object === undefined) return undefined;
  if (member.kind === 'Job') {
    const { metadata, suspended } = toJobRecord(object);
    return suspended && { ...member, metadata, ...suspended };
  }
  const pod = toUnscheduledPod(object);
  return isWaitingOrReleased(pod) && isGated(pod) ? { ...member, metadata: pod.metadata, pod } : undefined;
}
