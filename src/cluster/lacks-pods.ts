import type { KubeObject } from './kube-object.ts';

/** The fields of a ReplicaSet, StatefulSet or Job that tell whether it lacks pods. */
export interface OwnerObject extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly parallelism?: number;
    readonly completions?: number;
    readonly suspend?: boolean;
  };
  readonly status?: {
    readonly replicas?: number;
    readonly active?: number;
    readonly succeeded?: number;
    readonly conditions?: readonly OwnerCondition[];
  };
}

interface OwnerCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

const ENDED: ReadonlySet<string> = new Set(['Complete', 'Failed', 'SuccessCriteriaMet', 'FailureTarget']);

/** Whether its controller has pods to create. */
export function lacksPods(kind: string, { spec = {}, status = {} }: OwnerObject): boolean {
  if (kind !== 'Job') return (status.replicas ?? 0) < (spec.replicas ?? 1);
  const hasEnded = status.conditions?.some(({ type, status }) => ENDED.has(type) && status === 'True') ?? false;
  if (hasEnded || spec.suspend) return false;
  const left = (spec.completions ?? Number.POSITIVE_INFINITY) - (status.succeeded ?? 0);
  return (status.active ?? 0) < Math.min(spec.parallelism ?? 1, left);
}
