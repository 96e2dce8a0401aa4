import { isDeepStrictEqual } from 'node:util';
import {
  type RegionalAutoscaler,
  type RegionalAutoscalerObject,
  toRegionalAutoscaler,
} from '../scaling/regional-record.ts';
import type { WatchedResource } from './watched-resource.ts';

export const REGIONAL_GROUP = '/apis/gridgate.dev/v1alpha1';

/** RegionalAutoscalers of all namespaces; who writes their status alone is us, and nobody needs to hear of that. */
export const REGIONAL_AUTOSCALERS: WatchedResource<RegionalAutoscaler> = {
  name: 'regionalautoscalers',
  path: `${REGIONAL_GROUP}/regionalautoscalers`,
  content: 'full',
  whenMissing:
    'this cluster knows no RegionalAutoscalers (gridgate.dev/v1alpha1): manifests/capacity/regional-autoscaler installs them',
  project: (object, before) => toRegionalAutoscaler(object as RegionalAutoscalerObject, before),
  differs: (before, after) => !isDeepStrictEqual(wishOf(before), wishOf(after)),
};

function wishOf({ uid, generation, annotations, isEnding }: RegionalAutoscaler) {
  return { uid, generation, annotations, isEnding };
}
