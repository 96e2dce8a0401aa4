import { isDeepStrictEqual } from 'node:util';
import { type NodePoolFacts, toNodePoolFacts } from '../regions/node-pool.ts';
import type { KubeObject } from './kube-object.ts';
import type { WatchedResource } from './watched-resource.ts';

export const NODE_POOLS_PATH = '/apis/karpenter.sh/v1/nodepools';
export const NO_KARPENTER = 'this cluster knows no NodePools (karpenter.sh/v1): there is no Karpenter';

/** NodePools as far as they say what nodes may come. */
export const NODE_POOLS: WatchedResource<NodePoolFacts> = {
  name: 'nodepools',
  path: NODE_POOLS_PATH,
  content: 'full',
  whenMissing: NO_KARPENTER,
  project: toSameFacts,
  differs: (before, after) => before !== after,
};

/** For those who do without where there are none. */
export const OPTIONAL_NODE_POOLS: WatchedResource<NodePoolFacts> = { ...NODE_POOLS, isOptional: true };

/** The same object while nothing of it changes: Karpenter writes the status of NodePools with every node. */
function toSameFacts(object: KubeObject, before?: NodePoolFacts): NodePoolFacts {
  const facts = toNodePoolFacts(object);
  return before && isDeepStrictEqual(before, facts) ? before : facts;
}
