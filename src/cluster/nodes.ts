import { isDeepStrictEqual } from 'node:util';
import { type NodeFacts, toNodeFacts } from '../regions/node-facts.ts';
import type { KubeObject } from './kube-object.ts';
import type { WatchedResource } from './watched-resource.ts';

export const NODES_PATH = '/api/v1/nodes';
/** 1 MB of them: memory that a page takes at once stays with the process (250 MB resident with 100 a page, 214 with 50). */
const PAGE_SIZE = 50;

/**
 * Whole nodes, since metadata has neither taints nor what they offer. A heartbeat changes nothing of what is kept: the same
 * object stays, and with it what was worked out for it.
 */
export function nodes(regionLabel: string): WatchedResource<NodeFacts> {
  return {
    name: 'nodes',
    path: NODES_PATH,
    content: 'full',
    pageSize: PAGE_SIZE,
    project(object: KubeObject, before?: NodeFacts) {
      const after = toNodeFacts(object, regionLabel);
      return isDeepStrictEqual(before, after) && before ? before : after;
    },
    differs: (before, after) => before !== after,
  };
}

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
