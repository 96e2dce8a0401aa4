import type { Pod } from '../../src/decision/pod.ts';

/** What differs between reviews; the rest is as the API server sends it. */
export interface ReviewParts {
  readonly uid?: string;
  /** `group/Kind`, or a kind of the core group. */
  readonly kind?: string;
  readonly operation?: string;
  readonly subResource?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly groups?: readonly string[];
  readonly dryRun?: boolean;
  readonly object: unknown;
  readonly oldObject?: unknown;
}

/** A whole AdmissionReview. */
export function toReview({
  uid = 'a1b2c3d4-0000-4000-8000-000000000001',
  kind = 'Pod',
  operation = 'CREATE',
  namespace = 'shop',
  groups = ['system:serviceaccounts', 'system:authenticated'],
  dryRun = false,
  oldObject = null,
  object,
  ...rest
}: ReviewParts) {
  const [group, name] = kind.includes('/') ? kind.split('/') : ['', kind];
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid,
      kind: { group, version: 'v1', kind: name },
      ...rest,
      namespace,
      operation,
      userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller', groups },
      object,
      oldObject,
      dryRun,
    },
  };
}

/** A workload whose pods are like this one; `group/Kind` as in a review. */
export function workloadOf(kind: string, { metadata, spec }: Pod, owner?: { controller: boolean }): object {
  const { annotations = {}, labels } = metadata ?? {};
  const template = { metadata: { annotations, ...(labels && { labels }) }, spec };
  const ownSpec = kind === 'batch/CronJob' ? { jobTemplate: { spec: { template } } } : { template };
  return { metadata: { name: 'web', ...(owner && { ownerReferences: [owner] }) }, spec: ownSpec };
}

/** A binding of a pod to a node, as the scheduler creates it. */
export function bindingReview(pod: string, node: string, rest: Partial<ReviewParts> = {}): ReviewParts {
  const object = { metadata: { name: pod, namespace: 'shop' }, target: { kind: 'Node', name: node } };
  return { kind: 'Binding', subResource: 'binding', name: pod, object, ...rest };
}
