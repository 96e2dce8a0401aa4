import type { KubeObject } from '../../cluster/kube-object.ts';
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

/** The fields of a ReplicaSet, StatefulSet or Job that tell whether it lacks pods. */
export interface OwnerObject extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly parallelism?: number;
    readonly completions?: number;
    readonly suspend?: boolean;
  };
  readonly status?: {
    readonly replicas?: number;
    readonly active?: number;
    readonly succeeded?: number;
    readonly conditions?: readonly Condition[];
  };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** The API server's words around a webhook's, and the first of ours (`denyMessage`). */
const DENIAL = /\badmission webhook "[^"]*" denied the request: gridgate refuses /;

export function isOurDenial(message: string | undefined): boolean {
  return message !== undefined && DENIAL.test(message);
}

/** Since when a ReplicaSet shows a denial of ours; its controller keeps the first failure's message until one succeeds. */
export function deniedSince({ status }: OwnerObject): string | undefined {
  const condition = status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
  if (condition?.status !== 'True' || condition.reason !== 'FailedCreate') return undefined;
  return isOurDenial(condition.message) ? (condition.lastTransitionTime ?? '') : undefined;
}

/** Whether its controller has pods to create. */
export function lacksPods(kind: string, { spec = {}, status = {} }: OwnerObject): boolean {
  if (kind !== 'Job') return (status.replicas ?? 0) < (spec.replicas ?? 1);
  const hasEnded = status.conditions?.some(({ type, status }) => ENDED.has(type) && status === 'True') ?? false;
  if (hasEnded || spec.suspend) return false;
  const left = (spec.completions ?? Number.POSITIVE_INFINITY) - (status.succeeded ?? 0);
  return (status.active ?? 0) < Math.min(spec.parallelism ?? 1, left);
}

const ENDED: ReadonlySet<string> = new Set(['Complete', 'Failed', 'SuccessCriteriaMet', 'FailureTarget']);

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
