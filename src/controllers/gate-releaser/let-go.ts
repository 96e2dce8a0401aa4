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
 * | refused that, too         | that error is the answer                                                        |
 * | any other, no answer      | rejected: the others would fare no better                                       |
 */
export async function letGo(member: Member, deps: LetGoDeps): Promise<LetGo> {
  try {
    await write(member, deps.decide(member), deps);
    return 'released';
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === NOT_FOUND) return 'gone';
    if (!CHANGED.has(error.status) && !REFUSED.has(error.status)) throw error;
    const current = await lookAgain(member, deps);
    if (!current) return 'gone';
    return CHANGED.has(error.status) ? letGoOnSecondLook(current, deps) : letGoBare(current, deps);
  }
}

async function letGoOnSecondLook(member: Member, deps: LetGoDeps): Promise<LetGo> {
  try {
    await write(member, deps.decide(member), deps);
    return 'released';
  } catch (error) {
    if (error instanceof ApiError && REFUSED.has(error.status)) return letGoBare(member, deps);
    return answerOf(error);
  }
}

async function letGoBare(member: Member, deps: LetGoDeps): Promise<LetGo> {
  try {
    await write(member, NOTHING_ADDED, deps);
    return 'released';
  } catch (error) {
    return answerOf(error);
  }
}

function answerOf(error: unknown): LetGo {
  if (!(error instanceof ApiError)) throw error;
  return error.status === NOT_FOUND ? 'gone' : error;
}

function write(member: Member, decision: Pick<Decision, 'patch'>, { writer, now }: LetGoDeps): Promise<KubeObject> {
  const { kind, metadata, pod } = member;
  const patch = kind === 'Pod' ? releasePatch({ ...pod, metadata }, decision, now()) : resumePatch({ metadata }, now());
  return writer.jsonPatch(pathOf(member), patch);
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
