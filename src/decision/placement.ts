import type { Autoscaling } from '../regions/autoscaling.ts';
import type { Judgement } from './judge.ts';
import type { Policy } from './policy.ts';
import type { Ranked } from './rank.ts';
import { isUsable } from './usable.ts';

/** Why `placement: auto` requires, or only prefers. */
export const AUTO_REASONS = {
  not_flexible: 'prefer: only flexible pods are ever required to follow',
  not_seen: 'prefer: what brings nodes could not be looked at, or not be understood',
  no_autoscaler: 'prefer: no autoscaler was seen',
  karpenter: 'prefer: Karpenter follows preferences when it creates nodes',
  both: 'prefer: Karpenter follows preferences, and it is here beside Cluster Autoscaler',
  no_status:
    'prefer: Cluster Autoscaler is told by the labels of nodes alone, without its status nobody knows which node groups have room',
  no_room: 'prefer: no region close to the best is known to have a healthy node group below its maximum',
  nothing_ranked: 'prefer: nothing tells which region is best',
  cluster_autoscaler: 'require: Cluster Autoscaler ignores preferences when it picks a node group',
} as const;

export type AutoReason = keyof typeof AUTO_REASONS;

/** How pods follow the ranking. */
export interface Placement {
  readonly placement: 'prefer' | 'require' | 'none';
  /** Under `auto`: why. */
  readonly auto?: AutoReason;
  /** Under `require`: the only regions, best first. */
  readonly best?: readonly Ranked[];
}

/** The same as reports tell it: what was asked, what that comes to, and under `auto` why. */
export interface PlacementData {
  readonly asked: Policy['placement'];
  readonly counts: Placement['placement'];
  readonly why: AutoReason | null;
}

export function dataOfPlacement(judgement: Judgement): PlacementData {
  const { placement, auto = null } = placementOf(judgement);
  return { asked: judgement.treatment.policy.placement, counts: placement, why: auto };
}

/** `require` accepts a region within 10% of the best score, where no `spread` says how many. */
const CLOSE_TO_BEST = 0.9;

/** What a policy's placement comes to for pods that share a judgement. A region that is required is ranked and can be used. */
export function placementOf(judgement: Judgement): Placement {
  const { policy, carbonExempt } = judgement.treatment;
  if (policy.placement === 'auto') return autoPlacement(judgement);
  if (policy.placement !== 'require' || carbonExempt)
    return { placement: policy.placement === 'none' ? 'none' : 'prefer' };
  const best = closeToBest(judgement);
  return best.length > 0 ? { placement: 'require', best } : { placement: 'prefer' };
}

/**
 * `auto`, by the first row that holds:
 *
 * | class         | who brings nodes                  | regions close to the best             | counts as |
 * | ------------- | --------------------------------- | ------------------------------------- | --------- |
 * | not flexible  | any                               | any                                   | `prefer`  |
 * | flexible      | not known, none, Karpenter, both  | any                                   | `prefer`  |
 * | flexible      | Cluster Autoscaler without a status | any                                 | `prefer`  |
 * | flexible      | Cluster Autoscaler                | some have room for new nodes          | `require`, of those |
 * | flexible      | Cluster Autoscaler                | none has, or nothing ranks them       | `prefer`  |
 *
 * A region has room with a healthy node group below its maximum. Where no group is known there is none, whatever nodes it has.
 */
function autoPlacement(judgement: Judgement): Placement {
  const { treatment, snapshot } = judgement;
  const prefer = (auto: AutoReason): Placement => ({ placement: 'prefer', auto });
  if (treatment.podClass !== 'flexible') return prefer('not_flexible');
  const { supply } = snapshot;
  const { autoscaler, nodeGroups, roomIn } = supply?.autoscaling ?? NOT_SEEN;
  if (autoscaler === 'unknown' || !snapshot.topology) return prefer('not_seen');
  if (autoscaler === 'none') return prefer('no_autoscaler');
  if (autoscaler !== 'cluster-autoscaler') return prefer(autoscaler);
  if (nodeGroups === 0) return prefer('no_status');
  const close = closeToBest(judgement);
  if (close.length === 0) return prefer('nothing_ranked');
  const best = close.filter(({ region }) => roomIn.includes(region.name) && !region.isClosed);
  return best.length > 0 ? { placement: 'require', auto: 'cluster_autoscaler', best } : prefer('no_room');
}

const NOT_SEEN: Pick<Autoscaling, 'autoscaler' | 'nodeGroups' | 'roomIn'> = {
  autoscaler: 'unknown',
  nodeGroups: 0,
  roomIn: [],
};

function closeToBest(judgement: Judgement): readonly Ranked[] {
  const { spread } = judgement.treatment.policy;
  const usable = usableRanked(judgement);
  const limit = (usable[0]?.score ?? 0) * CLOSE_TO_BEST;
  return spread ? usable.slice(0, spread) : usable.filter(({ score }) => score >= limit);
}

/** The ranked regions that have a score and can be used, best first. */
export function usableRanked({ snapshot, ranked }: Judgement): readonly Ranked[] {
  return ranked.filter(({ region, score }) => score > 0 && isUsable(region, snapshot));
}
