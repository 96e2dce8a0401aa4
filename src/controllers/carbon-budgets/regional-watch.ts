import { isDeepStrictEqual } from 'node:util';
import type { WatchedResource } from '../../cluster/watched-resource.ts';
import { type RegionalMaxima, toRegionalMaxima } from '../../scaling/regional-maxima.ts';

/** RegionalAutoscalers as far as a budget lowers their maxima; a cluster need not have any. */
export const REGIONAL_MAXIMA: WatchedResource<RegionalMaxima> = {
  name: 'regionalautoscalers',
  path: '/apis/gridgate.dev/v1alpha1/regionalautoscalers',
  content: 'full',
  whenMissing: 'this cluster knows no RegionalAutoscalers (gridgate.dev/v1alpha1): none is looked after',
  project(object, before) {
    const now = toRegionalMaxima(object);
    return before && isDeepStrictEqual(before, now) ? before : now;
  },
  differs: (before, after) => before !== after,
};
