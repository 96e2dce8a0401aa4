import type { OwnerObject } from '../../cluster/lacks-pods.ts';
import { denialIn } from '../../decision/denial-words.ts';
import type { Pod } from '../../decision/pod.ts';

/** An owner whose pods gridgate denied, as it is now. */
export interface StuckOwner {
  readonly path: string;
  readonly namespace: string;
  readonly uid: string;
  /** Tells this time of being stuck from an earlier one. */
  readonly since: string;
  readonly pod: Pod;
}

/** Since when a ReplicaSet shows a denial of ours; its controller keeps the first failure's message until one succeeds. */
export function deniedSince({ status }: OwnerObject): string | undefined {
  const condition = status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
  if (condition?.status !== 'True' || condition.reason !== 'FailedCreate') return undefined;
  return denialIn(condition.message) ? (condition.lastTransitionTime ?? '') : undefined;
}

/** By uid: since when the owners were stuck that were nudged already. */
export type Nudged = ReadonlyMap<string, string>;

export interface NudgePlan {
  readonly nudge: readonly StuckOwner[];
  /** Those nudged before that are still stuck and still admitted. */
  readonly nudged: Nudged;
}

/**
 * Whom to nudge: each once per refusal.
 *
 * | would be admitted | nudged since it is stuck | then                                     |
 * | ----------------- | ------------------------ | ---------------------------------------- |
 * | no                | any                      | forgotten: the refusal's end is to come  |
 * | yes               | no                       | nudged                                   |
 * | yes               | yes                      | remembered: something else holds it back |
 */
export function planNudges(
  stuck: readonly StuckOwner[],
  nudged: Nudged,
  wouldAdmit: (pod: Pod, namespace: string) => boolean,
): NudgePlan {
  const admitted = stuck.filter(({ pod, namespace }) => wouldAdmit(pod, namespace));
  const isNudged = ({ uid, since }: StuckOwner) => nudged.get(uid) === since;
  return {
    nudge: admitted.filter((owner) => !isNudged(owner)),
    nudged: new Map(admitted.filter(isNudged).map(({ uid, since }) => [uid, since])),
  };
}
