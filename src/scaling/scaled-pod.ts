import { type PodRequests, requestsOf } from '../energy/pod-requests.ts';
import { type RequestingSpec, sumRequests } from '../units/requested-amounts.ts';

/** Whose replicas pods are: a Deployment rather than its ReplicaSet, and whatever else controls them as it is. */
export interface WorkloadRef {
  readonly kind: string;
  readonly name: string;
}

/** What is kept of a pod that has a node and has not ended. */
export interface ScaledPod {
  readonly namespace: string;
  readonly name: string;
  /** Absent: a bare pod. */
  readonly workload?: WorkloadRef;
  readonly node: string;
  readonly isReady: boolean;
  /** It is being deleted. */
  readonly isEnding: boolean;
  /** It is bound, and no kubelet has taken it on. */
  readonly isUnstarted?: true;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly requests: PodRequests;
  /** What it says itself of its CPU; absent: nothing. `requests` assumes something then. */
  readonly requestedVcpu?: number;
}

/** As far as a ScaledPod is made of it. */
export interface ScaledPodObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>> | null;
    readonly ownerReferences?:
      | readonly { readonly kind?: string; readonly name?: string; readonly controller?: boolean }[]
      | null;
  };
  readonly spec?: (RequestingSpec & { readonly nodeName?: string }) | null;
  readonly status?: {
    readonly phase?: string;
    readonly startTime?: string | null;
    readonly conditions?: readonly { readonly type?: string; readonly status?: string }[] | null;
  } | null;
}

/** The label with which a Deployment tells the pods of its ReplicaSets apart; the end of their names, too. */
const TEMPLATE_HASH = 'pod-template-hash';

export function toScaledPod({ metadata, spec, status }: ScaledPodObject): ScaledPod {
  const { name, namespace = '', creationTimestamp = '', deletionTimestamp } = metadata;
  const workload = workloadOf(metadata);
  const { cpu: requestedVcpu } = sumRequests(spec ?? {});
  return {
    namespace,
    name,
    ...(workload && { workload }),
    node: spec?.nodeName ?? '',
    isReady: status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    isEnding: deletionTimestamp !== undefined,
    ...(isUnstarted(status) && { isUnstarted: true }),
    createdAt: Date.parse(creationTimestamp) || 0,
    requests: requestsOf(spec ?? {}),
    ...(requestedVcpu !== undefined && { requestedVcpu }),
  };
}

function isUnstarted(status: ScaledPodObject['status']): boolean {
  return status?.phase === 'Pending' && !status.startTime;
}

/** The owner that people scale, by the pod's own words: no ReplicaSet is read for it. */
export function workloadOf({ labels, ownerReferences }: ScaledPodObject['metadata']): WorkloadRef | undefined {
  const controller = ownerReferences?.find((one) => one.controller === true);
  if (!controller) return undefined;
  const { kind = '', name = '' } = controller;
  const ending = `-${labels?.[TEMPLATE_HASH]}`;
  const isOfDeployment = kind === 'ReplicaSet' && name.endsWith(ending) && name.length > ending.length;
  return isOfDeployment ? { kind: 'Deployment', name: name.slice(0, -ending.length) } : { kind, name };
}
