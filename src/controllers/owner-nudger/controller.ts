import type { Logger } from 'pino';
import type { ApiClient } from '../../cluster/api-client.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { Pod } from '../../decision/pod.ts';
import type { DeniedOwners } from '../denied-owners.ts';
import type { Controller } from '../manager.ts';
import { type Clock, createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type Outcome } from '../rounds.ts';
import { writeEach } from '../write-each.ts';
import { findStuck } from './find-stuck.ts';
import { type Nudged, planNudges, type StuckOwner } from './plan.ts';

export const NUDGED_ANNOTATION = 'gridgate.dev/nudged';

const NUDGES_PER_SECOND = 5;
const ROUNDS = {
  name: 'owner-nudger',
  on: ['namespaces', 'snapshot', 'rules'],
  resyncMs: 10 * 60_000,
  /** Every replica of the webhook must have seen the change, or the one nudge ends in one more denial. */
  settleMs: 2_000,
  /** A round lists the owners of a whole cluster. */
  restMs: 10_000,
} as const;

export interface OwnerNudgerDeps {
  readonly api: Pick<ApiClient, 'get'>;
  readonly deniedOwners: Pick<DeniedOwners, 'follow' | 'ofKind'>;
  readonly writer: Pick<ApiWriter, 'mergePatch'>;
  /** What the webhook would do with a pod of this template now: the same `decide()`. */
  readonly wouldAdmit: (pod: Pod, namespace: string) => boolean;
  /** Whether any namespace denies pods now; nothing is listed before the first does. */
  readonly mayDeny: () => boolean;
  /** Epoch milliseconds, for the annotation. */
  readonly now: () => number;
  readonly log: Logger;
  readonly clock?: Clock;
}

/**
 * Nudges owners that gridgate's denials drove into backoff (up to 17 minutes) once their pods would be admitted: any change of
 * a ReplicaSet, StatefulSet or Job makes its controller try again at once, past that backoff, and an annotation changes nothing
 * else. It is written through the owner's status, where the API server drops every change of a spec: so this needs no right
 * to patch owners, which is the right to run any pod (seen on Kubernetes 1.36.3).
 */
export function createOwnerNudger(deps: OwnerNudgerDeps): Controller {
  const { api, deniedOwners, writer, wouldAdmit, mayDeny, now, log, clock = MONOTONIC } = deps;
  const pace = createPace({ perSecond: NUDGES_PER_SECOND, clock });
  let nudged: Nudged = new Map();
  /** Once is enough: a namespace that denies no more has owners that are stuck all the same. */
  let hasDenied = false;

  async function nudge({ path, uid, since, namespace }: StuckOwner): Promise<void> {
    const annotations = { [NUDGED_ANNOTATION]: new Date(now()).toISOString() };
    // With the uid: another of that name is a 409.
    await writer.mergePatch(`${path}/status`, { metadata: { uid, annotations } });
    nudged = new Map(nudged).set(uid, since);
    log.info({ namespace, owner: path }, 'owner nudged: its pods are not refused any more');
  }

  async function round(signal: AbortSignal): Promise<Outcome> {
    hasDenied ||= mayDeny();
    if (!hasDenied) return 'done';
    const plan = planNudges(await findStuck(api, deniedOwners, signal), nudged, wouldAdmit);
    nudged = plan.nudged;
    const isDue = ({ pod, namespace }: StuckOwner) => wouldAdmit(pod, namespace);
    return writeEach({ items: plan.nudge, isDue, write: nudge, pace, signal });
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  deniedOwners.follow({ onListed: rounds.changed });
  return rounds;
}
