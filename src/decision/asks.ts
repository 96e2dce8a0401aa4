import type { Snapshot } from '../regions/snapshot.ts';
import type { Topology } from '../regions/topology.ts';
import type { Amounts } from '../units/requested-amounts.ts';
import { isEmptyTerm, type NodeSelectorTerm, type Requirement } from './node-selector.ts';
import { withoutOwn } from './own-requirement.ts';
import { type Pod, requiredTerms, type Toleration } from './pod.ts';
import { requestsOf } from './requests.ts';
import type { VolumeTerms } from './volume-terms.ts';

/** What a pod asks of a node, before any policy. */
export interface Asks {
  /** ORed; all requirements of one must hold. An alternative without requirements fits any node. */
  readonly alternatives: readonly Alternative[];
  /** The pod's own, those that gridgate would add, and those for taints that keep nothing away. */
  readonly tolerations: readonly Toleration[];
  /** Only amounts that some node lacks; empty for a pod that fits every node. */
  readonly requests: Amounts;
  /** The pod must be where each of its bound volumes is. */
  readonly volumes: readonly VolumeTerms[];
}

export type Alternative = readonly Requirement[];

/**
 * The key of a requirement on the node name. The colon keeps it apart from labels, one of which may be called
 * `metadata.name`.
 */
export const NODE_NAME = 'field:metadata.name';
/** Labels that decide whether an image runs at all. They are needs, as size is; all other labels are wishes. */
const NEEDED_LABELS: ReadonlySet<string> = new Set([
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
]);
const ANYWHERE: readonly Alternative[] = [[]];
const NOTHING: Amounts = {};
const NO_VOLUMES: readonly VolumeTerms[] = [];
const NO_TOLERATIONS: readonly Toleration[] = [];

interface AsksOptions {
  /** Also counts requirements that gridgate added: for a final pod, which nothing can steer any more. */
  readonly asIs: boolean;
  readonly volumes: readonly VolumeTerms[] | undefined;
  /** Those that gridgate would add. */
  readonly tolerations: readonly Toleration[];
}

/** What a pod asks of the nodes of a snapshot. Without a view of nodes, size and tolerations are left out. */
export function asksOf(pod: Pod, { topology, supply, startupTaints = [] }: Snapshot, options: AsksOptions): Asks {
  const { volumes = NO_VOLUMES, asIs } = options;
  const alternatives = alternativesOf(pod, asIs);
  const isTainted = topology !== undefined && topology.taints.length + (supply?.taints.length ?? 0) > 0;
  if (!isTainted && !topology?.smallest)
    return { alternatives, tolerations: NO_TOLERATIONS, requests: NOTHING, volumes };
  const requests = requestsOf(pod);
  return {
    alternatives,
    tolerations: isTainted ? tolerationsOf(pod, requests, options.tolerations, startupTaints) : NO_TOLERATIONS,
    requests: uncommon(requests, topology),
    volumes,
  };
}

/**
 * A taint named like a requested resource counts as tolerated: the ExtendedResourceToleration plugin adds that
 * toleration.
 */
function tolerationsOf(
  { spec }: Pod,
  requests: Amounts,
  ours: readonly Toleration[],
  startupTaints: readonly string[],
): readonly Toleration[] {
  const extended = Object.keys(requests).filter((resource) => resource.includes('/'));
  const passed = [...extended, ...startupTaints].map((key) => ({ key, operator: 'Exists' }));
  return [...(spec?.tolerations ?? []), ...ours, ...passed];
}

/** Whether any node will do, as far as the pod says. */
export function asksNothing({ alternatives, requests, volumes }: Asks): boolean {
  return alternatives.some(({ length }) => length === 0) && volumes.length === 0 && requests === NOTHING;
}

export function isNeededLabel(label: string): boolean {
  return NEEDED_LABELS.has(label);
}

/** The asks without what the pod only wishes for. */
export function needsOf(asks: Asks): Asks {
  const needed = asks.alternatives.map((alternative) => alternative.filter(({ key }) => isNeededLabel(key)));
  return { ...asks, alternatives: needed.some(({ length }) => length === 0) ? ANYWHERE : needed };
}

/** Terms are ORed, their requirements ANDed, and the node selector counts in each. */
export function alternativesOf(pod: Pod, asIs: boolean): readonly Alternative[] {
  const nodeSelector = pod.spec?.nodeSelector;
  const written = requiredTerms(pod);
  if (!nodeSelector && !written) return ANYWHERE;
  const selector = Object.entries(nodeSelector ?? {}).map(([key, value]) => ({
    key,
    operator: 'In',
    values: [String(value)],
  }));
  const terms = written && !asIs ? withoutOwn(written) : written;
  if (!terms) return [selector];
  return terms.filter((term) => !isEmptyTerm(term)).map((term) => [...selector, ...requirementsOf(term)]);
}

/** All that a term asks for; node names are asked for in fields. */
export function requirementsOf(term: NodeSelectorTerm): readonly Requirement[] {
  const { matchExpressions, matchFields } = term;
  if (!matchFields?.length) return matchExpressions ?? [];
  return [...(matchExpressions ?? []), ...matchFields.map((field) => ({ ...field, key: NODE_NAME }))];
}

/** Asks that any node meets, whatever taints it has. */
export const ANY_NODE: Asks = {
  alternatives: ANYWHERE,
  tolerations: [{ operator: 'Exists' }],
  requests: NOTHING,
  volumes: NO_VOLUMES,
};

/** Whether all requirements hold of one of the pod's alternatives and of one term of each of its volumes. */
export function areMet(
  { alternatives, volumes }: Asks,
  holds: (requirement: Requirement, ofVolume: boolean) => boolean,
): boolean {
  return (
    alternatives.some((alternative) => alternative.every((one) => holds(one, false))) &&
    volumes.every(({ terms }) =>
      terms.some((term) => !isEmptyTerm(term) && requirementsOf(term).every((one) => holds(one, true))),
    )
  );
}

/** Most pods fit every node: what they request then says nothing. */
function uncommon(requests: Amounts, { smallest }: Topology): Amounts {
  if (!smallest) return NOTHING;
  const isCommon = (resource: string) => (requests[resource] ?? 0) <= (smallest[resource] ?? Number.NaN);
  const some = Object.keys(requests).filter((resource) => !isCommon(resource));
  return some.length === 0 ? NOTHING : Object.fromEntries(some.map((resource) => [resource, requests[resource] ?? 0]));
}
