import type { KubeObject } from '../../src/cluster/kube-object.ts';
import type { WatchedResource } from '../../src/cluster/watched-resource.ts';

/** A resource of which one label is kept. */
export function labelResource(): WatchedResource<string> {
  return {
    name: 'nodes',
    path: '/api/v1/nodes',
    content: 'metadata',
    project: ({ metadata }) => metadata.labels?.['label'] ?? '',
    differs: (before, after) => before !== after,
  };
}

export function withLabel(name: string, label: string, resourceVersion = '1'): KubeObject {
  return { metadata: { name, resourceVersion, labels: { label } } };
}
