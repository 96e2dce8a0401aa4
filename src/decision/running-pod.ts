import { type Decision, type DecisionInput, decide, leaveAlone } from './decide.ts';
import { NEVER_MANAGED } from './managed-label.ts';
import { controllerOf, type Pod } from './pod.ts';
import type { Policy } from './policy.ts';

/** Who stands for a pod: the Deployment of its ReplicaSet, the CronJob of its Job, any other controller. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
}

const HASH_LABEL = 'pod-template-hash';
/** A CronJob's Job is named for it and the minute that it was due (`pkg/controller/cronjob/utils.go`, Kubernetes 1.35). */
const DUE_MINUTE = /-\d{8,}$/;
const KUBELET = { groups: ['system:nodes'] };

/** The controller that people know; `undefined` for a bare pod, and for a static pod, which its node owns. */
export function ownerOf(pod: Pod): Owner | undefined {
  const owner = controllerOf(pod);
  if (!owner?.kind || !owner.name || owner.kind === 'Node') return undefined;
  const { kind, name } = owner;
  const hash = pod.metadata?.labels?.[HASH_LABEL];
  if (kind === 'ReplicaSet' && hash && name.endsWith(`-${hash}`))
    return { kind: 'Deployment', name: name.slice(0, -hash.length - 1) };
  if (kind === 'Job' && DUE_MINUTE.test(name)) return { kind: 'CronJob', name: name.replace(DUE_MINUTE, '') };
  return { kind, name };
}

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
