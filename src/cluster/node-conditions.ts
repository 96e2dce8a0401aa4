import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from './kube-object.ts';
import { NODES_PATH } from './nodes.ts';
import type { WatchedResource } from './watched-resource.ts';

/** Whole nodes, for those who must know how they are; `read` picks what is kept. */
export function nodeConditions<T>(read: (node: KubeObject) => T): WatchedResource<T> {
  return {
    name: 'nodes',
    path: NODES_PATH,
    content: 'full',
    project: read,
    differs: (before, after) => !isDeepStrictEqual(before, after),
  };
}
