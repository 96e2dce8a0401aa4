import { isGated } from '../decision/gate.ts';
import { ANNOTATION_PREFIX } from '../decision/namespace-record.ts';
import type { Pod } from '../decision/pod.ts';
import { RELEASED } from '../decision/wait-annotations.ts';
import { JOB_SET_LABEL, KUEUE_PREFIX } from '../units/label-names.ts';
import { isEndedPhase, type KubeObject } from './kube-object.ts';
import { toPendingPod } from './pending-pods.ts';
import type { WatchedResource } from './watched-resource.ts';

/** A pod without a node that waits behind our gate, or that was let go; whatever its labels say, since its author writes those. */
export type UnscheduledPod = Pod & { readonly metadata: KubeObject['metadata'] };

/** In place of every pod that is neither. */
const NEITHER: UnscheduledPod = { metadata: { name: '' } };

const READ_LABELS = new Set([JOB_SET_LABEL, 'pod-template-hash']);

export function isWaitingOrReleased(pod: UnscheduledPod): boolean {
  return pod !== NEITHER;
}

/**
 * What deciding about a pod and patching it read. A part that gridgate may add to is there wherever the pod has it, empty if
 * need be: a patch must not put its own in place of what others wrote.
 */
export function toUnscheduledPod(object: KubeObject): UnscheduledPod {
  const { metadata, spec = {}, status } = object as UnscheduledPod & { readonly status?: { readonly phase?: string } };
  const isReleased = metadata.annotations !== undefined && Object.hasOwn(metadata.annotations, RELEASED);
  const isWaiting = isGated({ spec }) && !metadata.deletionTimestamp;
  if ((!isWaiting && !isReleased) || isEndedPhase(status?.phase)) return NEITHER;
  const pod = toPendingPod(object);
  const { resourceVersion = '', creationTimestamp = '', labels = {} } = metadata;
  const { schedulingGates, restartPolicy, schedulingGroup, affinity } = spec;
  return {
    metadata: {
      ...pod.metadata,
      resourceVersion,
      creationTimestamp,
      labels: only(labels, (key) => READ_LABELS.has(key) || key.startsWith(KUEUE_PREFIX)),
      ...(metadata.annotations && { annotations: annotationsOf(metadata.annotations, pod.metadata.annotations) }),
    },
    spec: {
      ...pod.spec,
      ...(affinity && { affinity: pod.spec?.affinity ?? {} }),
      ...(schedulingGates && { schedulingGates }),
      ...(restartPolicy && { restartPolicy }),
      ...(schedulingGroup && { schedulingGroup }),
    },
  };
}

/** Nobody reads the decision of the admission. */
const UNREAD = new Set([`${ANNOTATION_PREFIX}decision`]);

function annotationsOf(all: Readonly<Record<string, string>>, read: Readonly<Record<string, string>> = {}) {
  return { ...only(all, (key) => key.startsWith(KUEUE_PREFIX)), ...only(read, (key) => !UNREAD.has(key)) };
}

function only(map: Readonly<Record<string, string>>, isRead: (key: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(map).filter(([key]) => isRead(key)));
}

/** A pod that is bound leaves: the API server tells a watch with this selector of it as of a deletion. */
export const UNSCHEDULED_PODS: WatchedResource<UnscheduledPod> = {
  name: 'waiting-pods',
  path: '/api/v1/pods',
  content: 'full',
  fieldSelector: 'spec.nodeName=',
  project: toUnscheduledPod,
  differs: (before, after) => before.metadata.resourceVersion !== after.metadata.resourceVersion,
};
