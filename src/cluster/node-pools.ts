import { isDeepStrictEqual } from 'node:util';
import { type NodePoolFacts, toNodePoolFacts } from '../regions/node-pool.ts';
import type { WatchedResource } from './watched-resource.ts';

export const NODE_POOLS_PATH = '/apis/karpenter.sh/v1/nodepools';
export const NO_KARPENTER = 'this cluster knows no NodePools (karpenter.sh/v1): there is no Karpenter';

/** NodePools as far as they say what nodes may come. */
export const NODE_POOLS: WatchedResource<NodePoolFacts> = {
  name: 'nodepools',
  path: NODE_POOLS_PATH,
  content: 'full',
  whenMissing: NO_KARPENTER,
  project: toNodePoolFacts,
  differs: (before, after) => !isDeepStrictEqual(before, after),
};

/** For those who do without where there are none. */
export const OPTIONAL_NODE_POOLS: WatchedResource<NodePoolFacts> = { ...NODE_POOLS, isOptional: true };
