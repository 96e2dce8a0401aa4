import { ANNOTATION_PREFIX } from '../decision/namespace-record.ts';
import type { Pod } from '../decision/pod.ts';
import { claimNamesOf } from '../decision/volume-terms.ts';
import type { KubeObject } from './kube-object.ts';
import type { WatchedResource } from './watched-resource.ts';

/** What is kept of a pod without a node: what judging its binding reads. */
export type PendingPod = Pod & { readonly metadata: KubeObject['metadata'] };

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
      ...pick(spec ?? {}, ['nodeSelector', 'priorityClassName', 'priority']),
      ...(nodeAffinity && { affinity: { nodeAffinity } }),
      ...(claims.length > 0 && { volumes: claims.map((claimName) => ({ persistentVolumeClaim: { claimName } })) }),
    },
  };
}

function pick<T extends object, K extends keyof T>(object: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.filter((key) => key in object).map((key) => [key, object[key]])) as Pick<T, K>;
}

/** A pod leaves with its binding: the API server tells a watch with this selector of it as of a deletion. */
export const PENDING_PODS: WatchedResource<PendingPod> = {
  name: 'pods',
  path: '/api/v1/pods',
  content: 'full',
  fieldSelector: 'spec.nodeName=',
  project: toPendingPod,
  differs: () => false, // looked up when a binding comes, never announced
};
