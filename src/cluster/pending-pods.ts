import { ANNOTATION_PREFIX } from '../decision/namespace-record.ts';
import type { Pod, PodSpec } from '../decision/pod.ts';
import { claimNamesOf } from '../decision/volume-terms.ts';
import type { KubeObject } from './kube-object.ts';
import type { WatchedResource } from './watched-resource.ts';

/** What is kept of a pod without a node: what judging its binding reads. */
export type PendingPod = Pod & {
  readonly metadata: KubeObject['metadata'];
  /** Since when this process has seen it without a scheduling gate, on its clock; absent while it has one. */
  readonly freeSince?: number;
};

type WholeSpec = PodSpec & { readonly schedulingGates?: readonly unknown[] | null };

/** Annotations of others that a decision reads: a static pod's mark, and another spelling of the target region. */
const FOREIGN_ANNOTATIONS = new Set(['kubernetes.io/config.mirror', 'cloud.google.com/region']);

export function toPendingPod(object: KubeObject): PendingPod {
  const { metadata, spec } = object as PendingPod;
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([key]) => key.startsWith(ANNOTATION_PREFIX) || FOREIGN_ANNOTATIONS.has(key),
  );
  const nodeAffinity = spec?.affinity?.nodeAffinity;
  const claims = claimNamesOf({ spec: spec ?? {} });
  return {
    metadata: {
      ...pick(metadata, ['name', 'namespace', 'uid', 'ownerReferences']),
      ...(annotations.length > 0 && { annotations: Object.fromEntries(annotations) }),
    },
    spec: {
      ...pick(spec ?? {}, [
        'nodeSelector',
        'tolerations',
        'topologySpreadConstraints',
        'priorityClassName',
        'priority',
      ]),
      ...sizeOf(wholeSpec(object)),
      ...(nodeAffinity && { affinity: { nodeAffinity } }),
      ...(claims.length > 0 && { volumes: claims.map((claimName) => ({ persistentVolumeClaim: { claimName } })) }),
    },
  };
}

/**
 * | the pod                             | free since                 |
 * | ----------------------------------- | -------------------------- |
 * | has a scheduling gate, or a node    | -                          |
 * | was free when it was last seen      | then: lists change nothing |
 * | is another of the same name, or new | now                        |
 */
function freeSince(object: KubeObject, before: PendingPod | undefined, now: number): number | undefined {
  const { schedulingGates, nodeName } = wholeSpec(object);
  if (nodeName || (schedulingGates?.length ?? 0) > 0) return undefined;
  const isSame = before !== undefined && before.metadata.uid === object.metadata.uid;
  return (isSame ? before.freeSince : undefined) ?? now;
}

function wholeSpec(object: KubeObject): WholeSpec {
  return (object as { readonly spec?: WholeSpec }).spec ?? {};
}

/** What its containers request, without the containers. */
function sizeOf({ containers, initContainers, ...spec }: PodSpec): PodSpec {
  const [some, first] = [containers, initContainers].map((list) =>
    (list ?? []).flatMap(({ resources, restartPolicy }) =>
      resources && Object.keys(resources).length > 0 ? [{ resources, ...(restartPolicy && { restartPolicy }) }] : [],
    ),
  );
  return {
    ...(some?.length && { containers: some }),
    ...(first?.length && { initContainers: first }),
    ...pick(spec, ['overhead', 'resources']),
  };
}

function pick<T extends object, K extends keyof T>(object: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.filter((key) => key in object).map((key) => [key, object[key]])) as Pick<T, K>;
}

/**
 * Pods without a node. A pod that is bound leaves: the API server tells a watch with this selector of it as of a deletion.
 * `clock` is monotonic, in milliseconds, so that setting a date makes no pod wait longer or shorter.
 */
export function pendingPods(clock: () => number): WatchedResource<PendingPod> {
  return {
    name: 'pods',
    path: '/api/v1/pods',
    content: 'full',
    fieldSelector: 'spec.nodeName=',
    project(object, before) {
      const since = freeSince(object, before, clock());
      return { ...toPendingPod(object), ...(since !== undefined && { freeSince: since }) };
    },
    differs: () => false, // looked up when a binding comes, never announced
  };
}
