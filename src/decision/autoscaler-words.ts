import type { Autoscaler, Autoscaling } from '../regions/autoscaling.ts';
import { itself, nameFew } from '../units/tell-few.ts';
import { ANNOTATION_PREFIX } from './namespace-record.ts';
import type { Policy } from './policy.ts';
import type { Steering } from './steer.ts';

const MOST_NAMED = 3;
const NO_AUTOSCALER = 'no autoscaler was seen: only nodes that are there count';
const FOLLOWS =
  'takes a preference for a requirement first, the heaviest before lighter ones, and gives it up only where it can create no node for it';
const IGNORES =
  'ignores preferences when it picks a node group: a preference counts among nodes that are there, it brings none';

/**
 * What a preference does in this cluster, in words; `undefined` where nobody could look. `placement`: what the policy asks for, where it
 * is one policy.
 */
export function tellPreference(autoscaling: Autoscaling, placement?: Policy['placement']): string | undefined {
  const { autoscaler } = autoscaling;
  const advice = placement === 'auto' ? '' : '; placement: auto requires instead, for flexible pods';
  switch (autoscaler) {
    case 'karpenter':
      return `${nameKarpenter(autoscaling)} ${FOLLOWS}`;
    case 'cluster-autoscaler':
      return `${nameClusterAutoscaler(autoscaling)} ${IGNORES}${advice}`;
    case 'both':
      return `${nameKarpenter(autoscaling)} ${FOLLOWS}; ${nameClusterAutoscaler(autoscaling)}, which is here too, ${IGNORES}: a pod goes to whichever has a place for it first`;
    case 'none':
      return `${NO_AUTOSCALER}${tellIdle(autoscaling)}`;
    case 'unknown':
      return undefined;
  }
}

/** What the steering of a pod will bring, in words; `undefined` where it asks for no region. */
export function tellWhatComes(
  { requirement, preferred }: Pick<Steering, 'requirement' | 'preferred'>,
  autoscaling: Autoscaling,
  placement: Policy['placement'],
): string | undefined {
  if (preferred.length > 0) return tellPreference(autoscaling, placement);
  if (!requirement || autoscaling.autoscaler === 'unknown') return undefined;
  const who = nameAll(autoscaling);
  return who.length === 0
    ? `${NO_AUTOSCALER}${tellIdle(autoscaling)}`
    : `${who.join(' and ')} ${who.length > 1 ? 'keep' : 'keeps'} to requirements: nodes for it come only where they lead`;
}

/** What whoever writes a placement should know of it in this cluster; `undefined` where it does what one would think. */
export function adviceOnPlacement(placement: Policy['placement'], { autoscaler }: Autoscaling): string | undefined {
  if (placement === 'prefer' && autoscaler === 'cluster-autoscaler')
    return `${PLACEMENT_KEY}: prefer brings no node here: Cluster Autoscaler ignores preferences when it picks a node group; auto requires, for flexible pods`;
  const why = placement === 'auto' ? WHY_AUTO_PREFERS[autoscaler] : undefined;
  return why && `${PLACEMENT_KEY}: auto only prefers here: ${why}`;
}

export const PLACEMENT_KEY = `${ANNOTATION_PREFIX}placement`;

const WHY_AUTO_PREFERS: Readonly<Partial<Record<Autoscaler, string>>> = {
  karpenter: 'Karpenter follows preferences when it creates nodes',
  both: 'Karpenter follows preferences, and is here beside Cluster Autoscaler',
  none: 'no autoscaler was seen',
};

function nameAll(autoscaling: Autoscaling): readonly string[] {
  const { autoscaler } = autoscaling;
  return [
    ...(autoscaler === 'karpenter' || autoscaler === 'both' ? [nameKarpenter(autoscaling)] : []),
    ...(autoscaler === 'cluster-autoscaler' || autoscaler === 'both' ? [nameClusterAutoscaler(autoscaling)] : []),
  ];
}

function nameKarpenter({ nodePools }: Autoscaling): string {
  if (nodePools.length === 0) return 'Karpenter (by the labels of nodes)';
  return `Karpenter (NodePool${nodePools.length > 1 ? 's' : ''} ${nameFew(nodePools, MOST_NAMED, itself)})`;
}

function nameClusterAutoscaler({ nodeGroups }: Autoscaling): string {
  if (nodeGroups === 0) return 'Cluster Autoscaler (by the labels of nodes)';
  return `Cluster Autoscaler (${nodeGroups} node group${nodeGroups > 1 ? 's' : ''})`;
}

/** NodePools that are there and bring nothing. */
function tellIdle({ idleNodePools: idle }: Autoscaling): string {
  if (idle === 0) return '';
  return `; ${idle === 1 ? 'the NodePool that is there is' : `the ${idle} NodePools that are there are all`} static, paused, full or not ready`;
}
