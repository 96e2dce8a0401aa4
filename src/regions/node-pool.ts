import { OLD_REGION_LABEL, OLD_ZONE_LABEL, REGION_LABEL, ZONE_LABEL } from '../units/label-names.ts';
import { parseQuantity } from '../units/quantity.ts';
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
  /** It may have nothing at all of what every node has (a limit of 0): it creates no node. */
  readonly isPaused: boolean;
  /** The resource that it may have none of. */
  readonly pausedBy?: string;
  /** It has as much of that as it may have: it creates no node until one goes. */
  readonly isFull: boolean;
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
    readonly resources?: Readonly<Record<string, unknown>> | null;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[] | null;
  } | null;
}

/** Names from before that Karpenter takes for today's (`NormalizedLabels` of its v1 API). */
const NEW_NAMES: Readonly<Record<string, string>> = {
  [OLD_REGION_LABEL]: REGION_LABEL,
  [OLD_ZONE_LABEL]: ZONE_LABEL,
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};

/** A label under the name that NodePools have for it. */
export function labelInPools(label: string): string {
  return Object.hasOwn(NEW_NAMES, label) ? (NEW_NAMES[label] ?? label) : label;
}

/** The label that Karpenter gives every node of a pool. */
export const NODE_POOL_LABEL = 'karpenter.sh/nodepool';

/** What every node has: with none of it left Karpenter creates none. Without another, as GPUs, it only leaves out types that have it. */
const OF_EVERY_NODE = ['cpu', 'memory', 'pods', 'ephemeral-storage', 'nodes'];

/** Reads a NodePool as the API server sends it. */
export function toNodePoolFacts({ metadata, spec, status }: NodePoolObject): NodePoolFacts {
  const { name } = metadata;
  const template = spec?.template;
  const limits = OF_EVERY_NODE.flatMap((resource) => {
    const limit = parseQuantity(spec?.limits?.[resource]);
    return limit === undefined ? [] : [{ resource, limit, used: parseQuantity(status?.resources?.[resource]) ?? 0 }];
  });
  const paused = limits.find(({ limit }) => limit === 0);
  const isRefused = status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'False') ?? false;
  return {
    name,
    labels: { ...template?.metadata?.labels, [NODE_POOL_LABEL]: name },
    requirements: template?.spec?.requirements ?? [],
    taints: template?.spec?.taints ?? [],
    isPaused: paused !== undefined,
    ...(paused && { pausedBy: paused.resource }),
    isFull: limits.some(({ limit, used }) => limit > 0 && used >= limit),
    isStatic: typeof spec?.replicas === 'number',
    isUnready: isRefused || metadata.deletionTimestamp !== undefined,
  };
}

/** Whether a pod that waits may bring a node of it now. */
export function mayCreateNodes({ isPaused, isFull, isStatic, isUnready }: NodePoolFacts): boolean {
  return !isPaused && !isFull && !isStatic && !isUnready;
}

/** A NodePool that creates no nodes now, and why; the first reason that holds. */
export interface IdlePool {
  readonly name: string;
  readonly why: 'paused' | 'static' | 'unready' | 'full';
  /** The resource that a paused one may have none of. */
  readonly pausedBy?: string;
}

/** `undefined` of a pool that may create nodes. */
export function asIdle(pool: NodePoolFacts): IdlePool | undefined {
  const { name, isPaused, pausedBy, isStatic, isUnready } = pool;
  if (mayCreateNodes(pool)) return undefined;
  if (isPaused) return { name, why: 'paused', ...(pausedBy !== undefined && { pausedBy }) };
  if (isStatic) return { name, why: 'static' };
  return { name, why: isUnready ? 'unready' : 'full' };
}
