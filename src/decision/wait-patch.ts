import type { Snapshot } from '../regions/snapshot.ts';
import { gateOperations } from './gate.ts';
import { affinityOperations, annotationOperations, type PatchOperation, priorityOperations } from './patch.ts';
import type { Pod } from './pod.ts';
import type { Steering } from './steer.ts';

/** What a pod gets that is to wait: the requirements that could never be loosened again, its priority, and why it waits. */
export function buildWaitPatch(
  pod: Pod,
  steering: Steering,
  annotations: Readonly<Record<string, string>>,
  snapshot: Pick<Snapshot, 'regionLabel' | 'priorityClasses'>,
): readonly PatchOperation[] {
  return [
    ...gateOperations(pod),
    ...affinityOperations(pod, steering, snapshot.regionLabel),
    ...priorityOperations(pod, steering.priorityClass, snapshot.priorityClasses),
    ...(Object.keys(annotations).length > 0 ? annotationOperations(pod, annotations) : []),
  ];
}
