import { isMapping } from '../units/is-mapping.ts';
import { LONGEST_TARGET_STATUSES } from './budget-status.ts';
import { MOST_REPLICAS, MOST_TARGETS } from './regional-autoscaler.ts';
import { ownOf } from './scaled-workload.ts';

/** What a carbon budget reads of a RegionalAutoscaler, whether its spec makes sense to the autoscaler or not. */
export interface RegionalMaxima {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Those of gridgate. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly targets: readonly RegionalMaximum[];
}

export interface RegionalMaximum {
  readonly deployment: string;
  readonly min?: number;
  /** Absent: the default of the controllers. */
  readonly max?: number;
}

/** As far as RegionalMaxima are made of it. */
export interface RegionalAutoscalerObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly annotations?: Readonly<Record<string, string>> | null;
  };
  readonly spec?: { readonly targets?: unknown } | null;
}

export function toRegionalMaxima({ metadata, spec }: RegionalAutoscalerObject): RegionalMaxima {
  const { name, namespace = '', uid = '', annotations } = metadata;
  const targets = Array.isArray(spec?.targets) ? spec.targets : [];
  return {
    namespace,
    name,
    uid,
    annotations: ownOf(annotations, LONGEST_TARGET_STATUSES),
    targets: targets.slice(0, MOST_TARGETS).flatMap(toMaximum),
  };
}

function toMaximum(target: unknown): readonly RegionalMaximum[] {
  if (!isMapping(target) || typeof target['deployment'] !== 'string') return [];
  const [min, max] = [replicasIn(target['min']), replicasIn(target['max'])];
  return [{ deployment: target['deployment'], ...(min !== undefined && { min }), ...(max !== undefined && { max }) }];
}

function replicasIn(value: unknown): number | undefined {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MOST_REPLICAS ? Number(value) : undefined;
}
