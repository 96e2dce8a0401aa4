import type { Taint } from './node-facts.ts';

/** A requirement of a NodePool or NodeOverlay of Karpenter: a label that nodes will have. */
export interface PoolRequirement {
  readonly key: string;
  /** In, NotIn, Exists, DoesNotExist, Gt, Lt, Gte, Lte. */
  readonly operator: string;
  readonly values?: readonly string[];
  /** How many of the values Karpenter must be able to choose among. */
  readonly minValues?: number;
}

/** What the nodes that a NodePool (`karpenter.sh/v1`) may create will be like. */
export interface NodePoolFacts {
  readonly name: string;
  /** Of its template: every node has them. */
  readonly labels: Readonly<Record<string, string>>;
  readonly requirements: readonly PoolRequirement[];
  /** Lasting ones; its start-up taints go by themselves. */
  readonly taints: readonly Taint[];
  /** Resources of which it may have none at all (a limit of 0): it creates no node. */
  readonly isPaused: boolean;
  /** A fixed number of nodes: pods that wait bring none. */
  readonly isStatic: boolean;
  /** It is being deleted, or Karpenter says that it cannot be used, as where its NodeClass is missing. */
  readonly isUnready: boolean;
}

interface NodePoolObject {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec?: {
    readonly limits?: Readonly<Record<string, unknown>> | null;
    readonly replicas?: number | null;
    readonly template?: {
      readonly metadata?: { readonly labels?: Readonly<Record<string, string>> | null } | null;
      readonly spec?: {
        readonly requirements?: readonly PoolRequirement[] | null;
        readonly taints?: readonly Taint[] | null;
      } | null;
    } | null;
  } | null;
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[] | null;
  } | null;
}

/** The label that Karpenter gives every node of a pool. */
export const NODE_POOL_LABEL = 'karpenter.sh/nodepool';

/** Reads a NodePool as the API server sends it. */
export function toNodePoolFacts({ metadata, spec, status }: NodePoolObject): NodePoolFacts {
  const { name } = metadata;
  const template = spec?.template;
  const isRefused = status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'False') ?? false;
  return {
    name,
    labels: { ...template?.metadata?.labels, [NODE_POOL_LABEL]: name },
    requirements: template?.spec?.requirements ?? [],
    taints: template?.spec?.taints ?? [],
    isPaused: Object.values(spec?.limits ?? {}).some((limit) => Number.parseFloat(String(limit)) === 0),
    isStatic: typeof spec?.replicas === 'number',
    isUnready: isRefused || metadata.deletionTimestamp !== undefined,
  };
}

/** Whether a pod that waits may bring a node of it. */
export function mayCreateNodes({ isPaused, isStatic, isUnready }: NodePoolFacts): boolean {
  return !isPaused && !isStatic && !isUnready;
}
