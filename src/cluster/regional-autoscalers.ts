import { isDeepStrictEqual } from 'node:util';
import { type RegionalMaxima, toRegionalMaxima } from '../scaling/regional-maxima.ts';
import {
  type RegionalAutoscaler,
  type RegionalAutoscalerObject,
  toRegionalAutoscaler,
} from '../scaling/regional-record.ts';
import type { WatchedResource } from './watched-resource.ts';

export const REGIONAL_GROUP = '/apis/gridgate.dev/v1alpha1';
export const REGIONAL_AUTOSCALERS_PATH = `${REGIONAL_GROUP}/regionalautoscalers`;

/** RegionalAutoscalers of all namespaces; who writes their status alone is us, and nobody needs to hear of that. */
export const REGIONAL_AUTOSCALERS: WatchedResource<RegionalAutoscaler> = {
  name: 'regionalautoscalers',
  path: REGIONAL_AUTOSCALERS_PATH,
  content: 'full',
  whenMissing:
    'this cluster knows no RegionalAutoscalers (gridgate.dev/v1alpha1): manifests/capacity/regional-autoscaler installs them',
  project: (object, before) => toRegionalAutoscaler(object as RegionalAutoscalerObject, before),
  differs: (before, after) => !isDeepStrictEqual(wishOf(before), wishOf(after)),
};

function wishOf({ uid, generation, annotations, isEnding }: RegionalAutoscaler) {
  return { uid, generation, annotations, isEnding };
}

/** RegionalAutoscalers as far as a budget lowers their maxima; a cluster need not have any. */
export const REGIONAL_MAXIMA: WatchedResource<RegionalMaxima> = {
  name: 'regionalautoscalers',
  path: REGIONAL_AUTOSCALERS_PATH,
  content: 'full',
  whenMissing: 'this cluster knows no RegionalAutoscalers (gridgate.dev/v1alpha1): none is looked after',
  project(object, before) {
    const now = toRegionalMaxima(object);
    return before && isDeepStrictEqual(before, now) ? before : now;
  },
  differs: (before, after) => before !== after,
};
