import type { WorkloadRef } from './scaled-pod.ts';
import { ownOf } from './scaled-workload.ts';

/** What is kept of a HorizontalPodAutoscaler. */
export interface HorizontalAutoscaler {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly target: WorkloadRef;
  readonly min: number;
  readonly max: number;
  /** Those of gridgate. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** As far as a HorizontalAutoscaler is made of it. */
export interface HorizontalAutoscalerObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly annotations?: Readonly<Record<string, string>> | null;
  };
  readonly spec?: {
    readonly scaleTargetRef?: { readonly apiVersion?: string; readonly kind?: string; readonly name?: string };
    readonly minReplicas?: number | null;
    readonly maxReplicas?: number;
  } | null;
}

export function toHorizontalAutoscaler({ metadata, spec }: HorizontalAutoscalerObject): HorizontalAutoscaler {
  const { name, namespace = '', uid = '', annotations } = metadata;
  const { name: target = '' } = spec?.scaleTargetRef ?? {};
  return {
    namespace,
    name,
    uid,
    target: { kind: kindOf(spec?.scaleTargetRef ?? {}), name: target },
    min: spec?.minReplicas ?? 1,
    max: spec?.maxReplicas ?? 1,
    annotations: ownOf(annotations),
  };
}

/** `Deployment` of apps alone: what others call so is `Deployment.their.group`. */
function kindOf({ apiVersion = 'apps/v1', kind = '' }: { readonly apiVersion?: string; readonly kind?: string }) {
  const [group, version] = apiVersion.split('/');
  return group === 'apps' || version === undefined ? kind : `${kind}.${group}`;
}
