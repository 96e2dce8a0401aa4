import { isDeepStrictEqual } from 'node:util';
import { type HorizontalAutoscaler, toHorizontalAutoscaler } from '../scaling/horizontal-autoscaler.ts';
import { type ScaledPod, toScaledPod } from '../scaling/scaled-pod.ts';
import { type ScaledKind, type ScaledWorkload, toScaledWorkload } from '../scaling/scaled-workload.ts';
import type { KubeObject } from './kube-object.ts';
import { RUNNING_PODS } from './running-pods.ts';
import type { WatchedResource } from './watched-resource.ts';

/** Pods with a node that have not ended, as far as whoever counts and scales replicas reads them. */
export const SCALED_PODS = following<ScaledPod>({ ...RUNNING_PODS, name: 'scaled-pods', read: toScaledPod });

export const DEPLOYMENTS = ofKind('Deployment', { name: 'deployments', path: '/apis/apps/v1/deployments' });
export const STATEFUL_SETS = ofKind('StatefulSet', { name: 'statefulsets', path: '/apis/apps/v1/statefulsets' });

export const HORIZONTAL_AUTOSCALERS = following<HorizontalAutoscaler>({
  name: 'horizontalpodautoscalers',
  path: '/apis/autoscaling/v2/horizontalpodautoscalers',
  content: 'full',
  read: toHorizontalAutoscaler,
});

function ofKind(kind: ScaledKind, where: Pick<WatchedResource<unknown>, 'name' | 'path'>) {
  return following<ScaledWorkload>({
    ...where,
    content: 'full',
    read: (object) => toScaledWorkload(kind, object),
  });
}

type Parts<T> = Omit<WatchedResource<T>, 'project' | 'differs'> & { readonly read: (object: KubeObject) => T };

/** The same projection while nothing of it changes: their status changes all the time. */
function following<T extends object>({ read, ...where }: Parts<T>): WatchedResource<T> {
  return {
    name: where.name,
    path: where.path,
    content: where.content,
    ...(where.fieldSelector !== undefined && { fieldSelector: where.fieldSelector }),
    project(object, before) {
      const now = read(object);
      return before && isDeepStrictEqual(before, now) ? before : now;
    },
    differs: (before, after) => before !== after,
  };
}
