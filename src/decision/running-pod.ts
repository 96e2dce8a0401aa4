import { type Decision, type DecisionInput, decide, leaveAlone } from './decide.ts';
import { NEVER_MANAGED } from './managed-label.ts';
import type { Owner } from './owner.ts';
import { controllerOf, type Pod } from './pod.ts';
import type { Policy } from './policy.ts';

const KUBELET = { groups: ['system:nodes'] };

/** A running pod as it would be made again: before the scheduler bound it, and called as its owner calls its pods. */
export function asMadeAgain({ metadata = {}, spec = {} }: Pod, owner: Owner | undefined): Pod {
  const { nodeName, ...rest } = spec;
  const { name, generateName, ...others } = metadata;
  const called = owner ? { generateName: `${owner.name}-` } : name !== undefined && { name };
  return { metadata: { ...others, ...called }, spec: rest };
}

/** Whether pods of this kind belong to one node each, as nothing but the kind's name tells: DaemonSets of other groups do, too. */
export function isDaemonKind(kind: string, { daemonOwners = [] }: Policy): boolean {
  return /DaemonSet(?:ReplicaSet)?$/.test(kind) || daemonOwners.some((owner) => owner.endsWith(`/${kind}`));
}

/** What `decide` says of the pods of a workload of this kind, when one is made again. */
export function decideForKind(namespace: string, kind: string, input: DecisionInput): Decision {
  if (NEVER_MANAGED.has(namespace)) return leaveAlone('mode_off');
  if (isDaemonKind(kind, input.policy)) {
    const decision = decide({ ...input, isOfDaemonSet: true });
    // What is added to its pods says where they may be, not where they go.
    return decision.decision === 'deny' ? decision : leaveAlone('daemonset_pod');
  }
  const isStatic = controllerOf(input.pod)?.kind === 'Node';
  return decide({ ...input, ...(isStatic && { requester: KUBELET }) });
}
