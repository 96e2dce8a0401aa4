import { parseQuantity } from '../units/quantity.ts';

/** A taint of a node, as in `v1.Taint`. */
export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export interface NodeFacts {
  readonly name: string;
  readonly uid?: string;
  /** The value of the region label; absent where the node has none. */
  readonly region?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** All but those that come and go. */
  readonly taints: readonly Taint[];
  /** Cores, bytes or pieces by resource; absent where nothing is said of them. */
  readonly allocatable?: Readonly<Record<string, number>>;
  /** IP addresses and host names; absent where it has none. */
  readonly addresses?: readonly string[];
}

interface NodeObject {
  readonly metadata: {
    readonly name: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>> | null;
  };
  readonly spec?: { readonly taints?: readonly Taint[] | null } | null;
  readonly status?: {
    readonly allocatable?: Readonly<Record<string, unknown>> | null;
    readonly addresses?: readonly { readonly address?: string }[] | null;
  } | null;
}

const NO_LABELS: NodeFacts['labels'] = Object.freeze({});
const NO_TAINTS: NodeFacts['taints'] = Object.freeze([]);

/** Taints that Kubernetes, cloud providers and autoscalers put on a node for a while: they say nothing of where a pod can run. */
const PASSING_PREFIXES = [
  'node.kubernetes.io/',
  'node.cloudprovider.kubernetes.io/',
  'karpenter.sh/',
  'cluster-autoscaler.kubernetes.io/',
];
const PASSING = new Set(['ToBeDeletedByClusterAutoscaler', 'DeletionCandidateOfClusterAutoscaler']);
const PASSING_SUFFIX = '/agent-not-ready';

/** Reads a Node; an empty region label says nothing. */
export function toNodeFacts({ metadata, spec, status }: NodeObject, regionLabel: string): NodeFacts {
  const { name, uid } = metadata;
  const labels = metadata.labels ?? NO_LABELS;
  const region = labels[regionLabel];
  const allocatable = status?.allocatable;
  const addresses = (status?.addresses ?? []).flatMap(({ address }) => address || []);
  return {
    name,
    ...(uid && { uid }),
    ...(region && { region }),
    labels,
    taints: lastingTaints(spec?.taints),
    ...(allocatable && { allocatable: amountsOf(allocatable) }),
    ...(addresses.length > 0 && { addresses }),
  };
}

/** Labels that name a place, by the words of Kubernetes, clouds, storage drivers and data centres. */
const PLACE_LABEL = /^(topology\.|failure-domain\.)|(^|\/)(region|zone|location|datacenter|fault-domain|rack)$/;

/** Whether a label says where a node is. */
export function isPlaceLabel(label: string): boolean {
  return PLACE_LABEL.test(label);
}

/** The value of a label; pods may ask for one that is named like what every object inherits. */
export function labelOf(labels: NodeFacts['labels'], label: string): string | undefined {
  return Object.hasOwn(labels, label) ? labels[label] : undefined;
}

/** Without those that come and go. */
export function lastingTaints(taints: readonly Taint[] | null | undefined): NodeFacts['taints'] {
  const lasting = (taints ?? []).filter(({ key }) => !isPassing(key));
  if (lasting.length === 0) return NO_TAINTS;
  return lasting.map(({ key, value, effect }) => ({ key, ...(value && { value }), effect }));
}

function isPassing(key: string): boolean {
  return PASSING.has(key) || key.endsWith(PASSING_SUFFIX) || PASSING_PREFIXES.some((prefix) => key.startsWith(prefix));
}

function amountsOf(quantities: Readonly<Record<string, unknown>>): Readonly<Record<string, number>> {
  const amounts: Record<string, number> = {};
  for (const [resource, quantity] of Object.entries(quantities)) {
    const amount = parseQuantity(quantity);
    if (amount !== undefined) amounts[resource] = amount;
  }
  return amounts;
}
