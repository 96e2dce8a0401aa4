import type { RegionView, Snapshot } from '../regions/snapshot.ts';
import type { NodeFacts, Topology } from '../regions/topology.ts';
import { type NodeSelectorTerm, type Requirement, satisfies } from './node-selector.ts';

export const ZONE_LABEL = 'topology.kubernetes.io/zone';
export const HOSTNAME_LABEL = 'kubernetes.io/hostname';
const NODE_NAME_FIELD = 'metadata.name';

/**
 * A pod may have thousands of terms, a cluster thousands of nodes. Beyond this many looks, a term is taken by its region
 * requirements alone: then more regions count as within reach, and those refused are kept out all the same.
 */
export const MOST_NODES_ASKED = 200_000;

/** One way to satisfy a pod or a volume: requirements that must all hold. */
export interface Alternative {
  readonly region: readonly Requirement[];
  /** On zone, host name or node name: only nodes can tell which regions satisfy these. */
  readonly node: readonly Requirement[];
}

/** All that a term asks for; node names are asked for in fields. */
export function requirementsOf(term: NodeSelectorTerm): readonly Requirement[] {
  const names = (term.matchFields ?? []).map((field) => ({ ...field, key: NODE_NAME_FIELD }));
  return [...(term.matchExpressions ?? []), ...names];
}

/** Requirements on other labels than these say nothing of regions. */
export function toAlternative(requirements: readonly Requirement[], regionLabel: string): Alternative {
  return {
    region: requirements.filter(({ key }) => key === regionLabel),
    node: requirements.filter(({ key }) => key === ZONE_LABEL || key === HOSTNAME_LABEL || key === NODE_NAME_FIELD),
  };
}

export function isFree({ region, node }: Alternative): boolean {
  return region.length === 0 && node.length === 0;
}

/** The known regions that an alternative leaves. */
export function regionsOf(
  { region, node }: Alternative,
  snapshot: Snapshot,
  budget: { nodesLeft: number },
): readonly string[] {
  const admitted = regionsToAsk(region, snapshot).filter(({ name }) => satisfiesAll(region, name));
  const { topology } = snapshot;
  if (node.length === 0 || !topology) return admitted.map(({ name }) => name);
  const nodes = nodesToAsk(node, topology);
  budget.nodesLeft -= nodes.length;
  if (budget.nodesLeft < 0) return admitted.map(({ name }) => name);
  const withNode = new Set(
    nodes
      .filter((facts) => node.every((requirement) => satisfies(requirement, factOf(facts, requirement.key))))
      .map((facts) => facts.region),
  );
  // A node that an elastic region has yet to add will have a zone and a name, but nobody knows which.
  const openToNewNodes = node.every(({ operator }) => operator === 'NotIn' || operator === 'Exists');
  return admitted
    .filter(({ name, elastic }) => withNode.has(name) || (elastic && openToNewNodes))
    .map(({ name }) => name);
}

/** As few regions as the requirements allow: most that name any name one or two. */
function regionsToAsk(requirements: readonly Requirement[], snapshot: Snapshot): readonly RegionView[] {
  const named = requirements.find(({ operator }) => operator === 'In')?.values;
  if (!named) return snapshot.regions;
  return named.flatMap((name) => snapshot.byName.get(name) ?? []);
}

/** As few nodes as the requirements allow: 5,000 nodes must not be walked for a pin to one of them. */
function nodesToAsk(requirements: readonly Requirement[], topology: Topology): readonly NodeFacts[] {
  if (requirements.every(({ key }) => key === ZONE_LABEL)) return topology.cells;
  for (const { key, operator, values } of requirements) {
    if (operator !== 'In' || key === ZONE_LABEL) continue;
    if (key === HOSTNAME_LABEL) return (values ?? []).flatMap((value) => topology.byHostname.get(value) ?? []);
    return (values ?? []).flatMap((value) => topology.byName.get(value) ?? []);
  }
  return topology.nodes;
}

function factOf(facts: NodeFacts, key: string): string | undefined {
  if (key === ZONE_LABEL) return facts.zone;
  return key === HOSTNAME_LABEL ? facts.hostname : facts.name;
}

function satisfiesAll(requirements: readonly Requirement[], value: string): boolean {
  return requirements.every((requirement) => satisfies(requirement, value));
}
