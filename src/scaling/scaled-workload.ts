import { WORKLOAD_KEYS } from '../decision/carbon-budget.ts';
import { ANNOTATION_PREFIX } from '../decision/namespace-record.ts';
import { BOUNDS_BEFORE, LONGEST_BOUNDS_BEFORE } from './bounds-before.ts';
import { BUDGET_STATUS, LONGEST_BUDGET_STATUS } from './budget-status.ts';

/** The kinds whose replicas gridgate moves, each through its `scale` subresource. */
const SCALED_KINDS = ['Deployment', 'StatefulSet'] as const;
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

const KEYS = [...WORKLOAD_KEYS, 'class'].map((name) => ANNOTATION_PREFIX + name);
/** What people write there are single words and numbers. */
const LONGEST_WORD = 256;
/** In place of a text that nobody would read: it means nothing, and is told as a mistake where those are. */
const TOO_LONG = '(too long)';

/**
 * The annotations of gridgate that are read of what has replicas, as far as they are read: others, and what is longer, would
 * only take memory, and anybody may write them.
 */
export function ownOf(
  annotations: Readonly<Record<string, string>> | null | undefined,
  longestStatus = LONGEST_BUDGET_STATUS,
): Readonly<Record<string, string>> {
  const longest = [
    ...KEYS.map((key) => [key, LONGEST_WORD] as const),
    [BUDGET_STATUS, longestStatus] as const,
    [BOUNDS_BEFORE, LONGEST_BOUNDS_BEFORE] as const,
  ];
  return Object.fromEntries(
    longest.flatMap(([key, most]) => {
      const text = annotations && Object.hasOwn(annotations, key) ? annotations[key] : undefined;
      return text === undefined ? [] : [[key, text.length > most ? TOO_LONG : text]];
    }),
  );
}
