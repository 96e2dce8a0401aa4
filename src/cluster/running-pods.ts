import type { WatchedResource } from './watched-resource.ts';

/**
 * Pods with a node that have not ended. One that ends leaves: the API server tells a watch with this selector of it as of a
 * deletion. Whole pods, since no shorter form has their requests; who follows them keeps what it needs.
 */
export const RUNNING_PODS: WatchedResource<undefined> = {
  name: 'pods',
  path: '/api/v1/pods',
  content: 'full',
  fieldSelector: 'spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed',
  project: () => undefined,
  differs: () => false,
};
