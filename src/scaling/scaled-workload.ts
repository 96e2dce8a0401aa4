import { ANNOTATION_PREFIX } from '../decision/namespace-record.ts';

/** The kinds whose replicas gridgate moves, each through its `scale` subresource. */
export const SCALED_KINDS = ['Deployment', 'StatefulSet'] as const;
export type ScaledKind = (typeof SCALED_KINDS)[number];

/** What owns a pod is what the pod says: of other kinds nothing is asked. */
export function isScaledKind(kind: string): kind is ScaledKind {
  return SCALED_KINDS.some((one) => one === kind);
}

/** What is kept of a Deployment or StatefulSet. */
export interface ScaledWorkload {
  readonly kind: ScaledKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Another one with each change of the spec; the status and annotations change it not. */
  readonly generation: number;
  readonly replicas: number;
  readonly readyReplicas: number;
  /** Those of gridgate, on the workload itself. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Those of gridgate, in its pod template. */
  readonly podAnnotations: Readonly<Record<string, string>>;
}

/** As far as a ScaledWorkload is made of it. */
export interface ScaledWorkloadObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly generation?: number;
    readonly annotations?: Readonly<Record<string, string>> | null;
  };
  readonly spec?: {
    readonly replicas?: number | null;
    readonly template?: {
      readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> | null } | null;
    } | null;
  } | null;
  readonly status?: { readonly readyReplicas?: number } | null;
}

export function toScaledWorkload(kind: ScaledKind, { metadata, spec, status }: ScaledWorkloadObject): ScaledWorkload {
  const { name, namespace = '', uid = '', generation = 0, annotations } = metadata;
  return {
    kind,
    namespace,
    name,
    uid,
    generation,
    replicas: spec?.replicas ?? 1,
    readyReplicas: status?.readyReplicas ?? 0,
    annotations: ownOf(annotations),
    podAnnotations: ownOf(spec?.template?.metadata?.annotations),
  };
}

/** The annotations of gridgate alone: what else people write may be long. */
export function ownOf(annotations: Readonly<Record<string, string>> | null | undefined) {
  const own = Object.entries(annotations ?? {}).filter(([key]) => key.startsWith(ANNOTATION_PREFIX));
  return Object.fromEntries(own);
}
