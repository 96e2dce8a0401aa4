import { LONGEST_TARGET_STATUSES } from './budget-status.ts';
import { parseRegionalSpec } from './regional-autoscaler.ts';
import { parseState, type RegionalState } from './regional-state.ts';
import { parseStatus, type RegionalStatus } from './regional-status.ts';
import { ownOf } from './scaled-workload.ts';

/** What is kept of a RegionalAutoscaler. */
export interface RegionalAutoscaler {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Those of gridgate. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly isEnding: boolean;
  /** What it asks for, or why that cannot be read, in sentences. */
  readonly wish: ReturnType<typeof parseRegionalSpec>;
  readonly state: RegionalState;
  /** What was told last; absent: nothing. */
  readonly status?: RegionalStatus | undefined;
}

/** As far as a RegionalAutoscaler is made of it. */
export interface RegionalAutoscalerObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly annotations?: Readonly<Record<string, string>> | null;
  };
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** `before`: of the same name until now. */
export function toRegionalAutoscaler(
  { metadata, spec, status }: RegionalAutoscalerObject,
  before?: RegionalAutoscaler,
): RegionalAutoscaler {
  const { name, namespace = '', uid = '', resourceVersion = '', generation = 0, annotations } = metadata;
  const isSame = before?.uid === uid && before.generation === generation;
  return {
    namespace,
    name,
    uid,
    resourceVersion,
    generation,
    createdAt: Date.parse(metadata.creationTimestamp ?? '') || 0,
    annotations: ownOf(annotations, LONGEST_TARGET_STATUSES),
    isEnding: metadata.deletionTimestamp !== undefined,
    wish: isSame ? before.wish : parseRegionalSpec(spec),
    state: parseState(status),
    status: parseStatus(status),
  };
}
