import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from './kube-object.ts';
import type { WatchedResource } from './watched-resource.ts';

/** Whole nodes, for those who must know how they are; `read` picks what is kept. */
export function nodeConditions<T>(read: (node: KubeObject) => T): WatchedResource<T> {
  return {
    name: 'nodes',
    path: '/api/v1/nodes',
    content: 'full',
    project: read,
    differs: (before, after) => !isDeepStrictEqual(before, after),
  };
}
