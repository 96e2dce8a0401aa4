import type { KubeObject } from '../../cluster/kube-object.ts';
import type { WatchedResource } from '../../cluster/watched-resource.ts';
import { shellCommand } from '../../units/shell-command.ts';
import type { AutoscalersFacts, TroubledAutoscaler } from './facts.ts';

interface Conditioned extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly {
      readonly type?: string;
      readonly status?: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

/** The first of them that is not so is why. */
const NEEDED = ['Accepted', 'MetricsAvailable'];

export const CHECKED_AUTOSCALERS: WatchedResource<TroubledAutoscaler | undefined> = {
  name: 'regionalautoscalers',
  path: '/apis/gridgate.dev/v1alpha1/regionalautoscalers',
  content: 'full',
  project: troubleOf,
  differs: () => true,
};

export function troubleOf({ metadata, status }: Conditioned): TroubledAutoscaler | undefined {
  const { name, namespace = '' } = metadata;
  const all = status?.conditions ?? [];
  const lacks = NEEDED.map((type) => all.find((one) => one.type === type)).find((one) => one?.status === 'False');
  if (!lacks) return undefined;
  return {
    called: `${namespace}/${name}`,
    why: `${lacks.reason ?? lacks.type}: ${lacks.message ?? 'no reason is told'}`,
    todo: shellCommand`kubectl describe regionalautoscaler -n ${namespace} ${name}`,
  };
}

export function autoscalersFacts(all: readonly (TroubledAutoscaler | undefined)[]): AutoscalersFacts {
  return { count: all.length, troubled: all.flatMap((one) => one ?? []) };
}
