import { LRUCache } from 'lru-cache';
import type { RegionView, Snapshot } from '../regions/snapshot.ts';
import type { NodeFacts, Topology } from '../regions/topology.ts';
import { isEmptyTerm, type NodeSelectorTerm, type Requirement, satisfies } from './node-selector.ts';
import { withoutOwn } from './own-requirement.ts';
import { type Pod, requiredTerms } from './pod.ts';
import { createMemory, remember } from './remember.ts';

export const ZONE_LABEL = 'topology.kubernetes.io/zone';
const HOSTNAME_LABEL = 'kubernetes.io/hostname';
const NODE_NAME_FIELD = 'metadata.name';

/**
 * A pod may have thousands of terms, a cluster thousands of nodes. Beyond this many looks, a term is taken by its region
 * requirements alone: then more regions count as within reach, and those refused are kept out all the same.
 */
const MOST_NODES_ASKED = 200_000;

/** Where a pod can run before any policy. `all`: nothing of its own says where. One object for equal reaches of a snapshot. */
export interface Reach {
  readonly all: boolean;
  readonly regions: readonly RegionView[];
}

/** One way to satisfy a pod: the requirements of one term and of the node selector together. */
interface Alternative {
  readonly region: readonly Requirement[];
  /** On zone, host name or node name: only nodes can tell which regions satisfy these. */
  readonly node: readonly Requirement[];
}

/**
 * The regions that `nodeName`, a target region, the node selector and the required terms leave (DESIGN 5.2).
 * `asIs` also counts requirements that gridgate added: for a final pod, which nothing can steer any more.
 */
export function reachableRegions(
  pod: Pod,
  snapshot: Snapshot,
  { target, asIs = false }: { target?: string | undefined; asIs?: boolean } = {},
): Reach {
  if (pod.spec?.nodeName) return reachOfNode(pod.spec.nodeName, snapshot);
  if (target === undefined && !pod.spec?.nodeSelector && !pod.spec?.affinity?.nodeAffinity) {
    return wholeReach(snapshot);
  }
  const alternatives = alternativesOf(pod, snapshot.regionLabel, asIs);
  if (target === undefined && alternatives.some(isFree)) return wholeReach(snapshot);
  const budget = { nodesLeft: MOST_NODES_ASKED };
  const names = new Set(alternatives.flatMap((alternative) => regionsOf(alternative, snapshot, budget)));
  if (target !== undefined) return reachOf(snapshot, names.has(target) ? regionsNamed([target], snapshot) : []);
  const few = names.size <= FEW_REGIONS;
  return reachOf(
    snapshot,
    few ? regionsNamed([...names].sort(), snapshot) : snapshot.regions.filter(({ name }) => names.has(name)),
  );
}

function regionsNamed(names: readonly string[], { byName }: Snapshot): readonly RegionView[] {
  return names.flatMap((name) => byName.get(name) ?? []);
}

/** Pods of a cluster share few reaches, most of them the whole one: what was judged for one serves the next. */
const whole = createMemory<Snapshot, Reach>();
const parts = createMemory<Snapshot, LRUCache<string, Reach>>();
const MOST_PARTS = 500;
/** So many are cheaper to sort than all regions to walk. */
const FEW_REGIONS = 8;

function wholeReach(snapshot: Snapshot): Reach {
  return remember(whole, snapshot, () => ({ all: true, regions: snapshot.regions }));
}

function reachOf(snapshot: Snapshot, regions: readonly RegionView[]): Reach {
  const ofSnapshot = remember(parts, snapshot, () => new LRUCache<string, Reach>({ max: MOST_PARTS }));
  const key = regions.map(({ name }) => name).join();
  let reach = ofSnapshot.get(key);
  if (!reach) {
    reach = { all: false, regions };
    ofSnapshot.set(key, reach);
  }
  return reach;
}

/** No scheduler asks anything of a pod that names its node: whatever else it claims, this is where it runs. */
function reachOfNode(nodeName: string, snapshot: Snapshot): Reach {
  const name = snapshot.topology?.byName.get(nodeName)?.region;
  const region = name === undefined ? undefined : snapshot.byName.get(name);
  return reachOf(snapshot, region ? [region] : []);
}

/** Terms are ORed, expressions ANDed, and the node selector counts in each. */
function alternativesOf(pod: Pod, regionLabel: string, asIs: boolean): readonly Alternative[] {
  const selector = selectorRequirements(pod, regionLabel);
  const written = requiredTerms(pod);
  const terms = written && !asIs ? withoutOwn(written) : written;
  if (!terms) return [sort(selector, regionLabel)];
  return terms
    .filter((term) => !isEmptyTerm(term))
    .map((term) => sort([...selector, ...(term.matchExpressions ?? []), ...nodeNames(term)], regionLabel));
}

function selectorRequirements(pod: Pod, regionLabel: string): Requirement[] {
  const selector = pod.spec?.nodeSelector;
  if (!selector) return [];
  return [regionLabel, ZONE_LABEL, HOSTNAME_LABEL]
    .filter((key) => Object.hasOwn(selector, key))
    .map((key) => ({ key, operator: 'In', values: [String(selector[key])] }));
}

function nodeNames(term: NodeSelectorTerm): Requirement[] {
  return (term.matchFields ?? []).map((field) => ({ ...field, key: NODE_NAME_FIELD }));
}

function sort(requirements: readonly Requirement[], regionLabel: string): Alternative {
  return {
    region: requirements.filter(({ key }) => key === regionLabel),
    node: requirements.filter(({ key }) => key === ZONE_LABEL || key === HOSTNAME_LABEL || key === NODE_NAME_FIELD),
  };
}

function isFree({ region, node }: Alternative): boolean {
  return region.length === 0 && node.length === 0;
}

function regionsOf({ region, node }: Alternative, snapshot: Snapshot, budget: { nodesLeft: number }): string[] {
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

/** One node for every region and zone in which the pod's own terms, as far as region and zone go, let it run. */
export function admittedCells(pod: Pod, snapshot: Snapshot): readonly NodeFacts[] {
  const alternatives = alternativesOf(pod, snapshot.regionLabel, false);
  const cells = snapshot.topology?.cells ?? [];
  return cells.filter(({ region, zone }) =>
    alternatives.some(
      (alternative) =>
        alternative.region.every((requirement) => satisfies(requirement, region)) &&
        alternative.node.every((requirement) => requirement.key !== ZONE_LABEL || satisfies(requirement, zone)),
    ),
  );
}

function satisfiesAll(requirements: readonly Requirement[], value: string): boolean {
  return requirements.every((requirement) => satisfies(requirement, value));
}
