import type { KubeObject } from './kube-object.ts';
import type { WatchedResource } from './watched-resource.ts';

/**
 * Pods with a node that have not ended; `project` answers undefined for those that nobody keeps. One that ends leaves: the
 * API server tells a watch with this selector of it as of a deletion. Whole pods, since no shorter form has their requests.
 */
export function runningPods<T>(project: (pod: KubeObject) => T): WatchedResource<T> {
  return {
    name: 'pods',
    path: '/api/v1/pods',
    content: 'full',
    fieldSelector: 'spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed',
    project,
    differs: () => false, // counted as they come, never announced
  };
}
