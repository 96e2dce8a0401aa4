import { isDeepStrictEqual } from 'node:util';
import { type NodeFacts, toNodeFacts } from '../regions/node-facts.ts';
import type { KubeObject } from './kube-object.ts';
import type { WatchedResource } from './watched-resource.ts';

export const NODES_PATH = '/api/v1/nodes';

/** Whole nodes, since taints and what they offer stand in no metadata; a heartbeat changes nothing of what is kept. */
export function nodes(regionLabel: string): WatchedResource<NodeFacts> {
  return {
    name: 'nodes',
    path: NODES_PATH,
    content: 'full',
    project: (object: KubeObject) => toNodeFacts(object, regionLabel),
    differs: (before, after) => !isDeepStrictEqual(before, after),
  };
}
