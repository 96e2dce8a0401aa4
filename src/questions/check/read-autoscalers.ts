import type { KubeObject } from '../../cluster/kube-object.ts';
import { REGIONAL_AUTOSCALERS_PATH } from '../../cluster/regional-autoscalers.ts';
import type { WatchedResource } from '../../cluster/watched-resource.ts';
import { shellCommand } from '../../units/shell-command.ts';
import type { AutoscalersFacts, HeldScale, TroubledAutoscaler } from './facts.ts';
import { heldTargets } from './read-scaled.ts';

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

interface CheckedAutoscaler {
  readonly trouble: TroubledAutoscaler | undefined;
  readonly held: HeldScale | undefined;
}

export const CHECKED_AUTOSCALERS: WatchedResource<CheckedAutoscaler> = {
  name: 'regionalautoscalers',
  path: REGIONAL_AUTOSCALERS_PATH,
  content: 'full',
  project: (object) => ({ trouble: troubleOf(object), held: heldTargets(object) }),
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

export function autoscalersFacts(all: readonly CheckedAutoscaler[]): AutoscalersFacts {
  return { count: all.length, troubled: all.flatMap(({ trouble }) => trouble ?? []) };
}
