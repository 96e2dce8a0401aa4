import { HOSTNAME_LABEL } from '../units/label-names.ts';
import { byFirst, type Fold, foldNodes, isSameList, type NodeClass } from './node-classes.ts';
import { isPlaceLabel, type NodeFacts, type Taint } from './node-facts.ts';
import { NODE_POOL_LABEL } from './node-pool.ts';

/** The nodes of one region, or those without one. The same object as before for as long as none of them changes. */
export interface RegionNodes {
  readonly region?: string;
  readonly classes: readonly NodeClass[];
  /** Every taint that keeps pods away from some of them. */
  readonly taints: readonly Taint[];
  readonly version: RegionVersion;
}

/** As much the same as the nodes of its region, and holds none of them: what outlives them keeps this. */
export interface RegionVersion {
  readonly region?: string;
}

/** The nodes of a cluster, folded into classes for the questions that pods ask. Immutable. */
export interface Topology {
  readonly nodes: readonly NodeFacts[];
  /** These two are made when they are first asked for: few pods name a node. */
  readonly byName: ReadonlyMap<string, NodeFacts>;
  readonly byHostname: ReadonlyMap<string, readonly NodeFacts[]>;
  readonly classes: readonly NodeClass[];
  /** By name. The same list as before while nothing changes. */
  readonly byRegion: readonly RegionNodes[];
  /** Of `byRegion`, and as much the same. */
  readonly versions: readonly RegionVersion[];
  /** One object for a topology and all that were built after it: answers of regions that stay the same are kept with it. */
  readonly lineage: object;
  /** Labels that tell single nodes apart: classes say nothing of them. */
  readonly individual: ReadonlySet<string>;
  /** The regions that have nodes; like the next four the same object as before while they stay the same. */
  readonly regions: ReadonlySet<string>;
  /** Regions of which a node belongs to a group that an autoscaler may grow. */
  readonly grouped: ReadonlySet<string>;
  /** Those of `grouped` of which only NodePools of Karpenter tell: where these can be read, they say what may come. */
  readonly pooled: ReadonlySet<string>;
  /** What labels of places nodes carry where; of labels that tell single nodes apart nothing is said to stay the same. */
  readonly places: ReadonlySet<string>;
  /** The values of the carbon taint that some node carries, whatever its effect. */
  readonly carbonTaints: ReadonlySet<string>;
  /** Every taint that keeps pods away from some node, in an order of their own: which node was first says nothing. */
  readonly taints: readonly Taint[];
  /** What every node offers at least, by resource; absent where no node says what it offers. */
  readonly smallest?: Readonly<Record<string, number>>;
  /** As it was built, so that the next one folds only what changed. */
  readonly fold: Fold;
}

/** Labels on the nodes of groups that something else than Karpenter may grow. */
export const GROUP_LABELS: readonly string[] = [
  'eks.amazonaws.com/nodegroup',
  'cloud.google.com/gke-nodepool',
  'kubernetes.azure.com/agentpool',
];

/** What stays as it was in `previous` is the same object as there: what was found out about it still holds. */
export function buildTopology(nodes: Iterable<NodeFacts>, previous?: Topology): Topology {
  const all = [...nodes];
  const fold = foldNodes(all, previous);
  const classes = [...fold.classes.values()];
  const built = [...Map.groupBy(classes, ({ region }) => region)].sort(byFirst).map(([region, ofRegion]) =>
    toRegionNodes(
      region,
      ofRegion,
      previous?.byRegion.find((one) => one.region === region),
    ),
  );
  const isSame = previous && isSameList(previous.byRegion, built);
  const byRegion = isSame ? previous.byRegion : built;
  const places = new Set(classes.map(({ place }) => place));
  const ofGroups = regionsLabelled(classes, GROUP_LABELS);
  const ofPools = regionsLabelled(classes, [NODE_POOL_LABEL]);
  return withIndexes({
    nodes: all,
    classes,
    byRegion,
    versions: isSame ? previous.versions : byRegion.map(({ version }) => version),
    lineage: previous?.lineage ?? {},
    individual: fold.individual,
    regions: unlessSame(previous?.regions, new Set(byRegion.flatMap(({ region }) => region ?? []))),
    grouped: unlessSame(previous?.grouped, new Set([...ofGroups, ...ofPools])),
    pooled: unlessSame(previous?.pooled, new Set([...ofPools].filter((region) => !ofGroups.has(region)))),
    places: unlessSame([...fold.individual].some(isPlaceLabel) ? undefined : previous?.places, places),
    carbonTaints: unlessSame(previous?.carbonTaints, new Set(classes.flatMap(({ carbonTaints }) => carbonTaints))),
    taints: distinct(byRegion.flatMap(({ taints }) => taints)),
    ...smallestOf(classes),
    fold,
  });
}

/**
 * Outside of `buildTopology`: a getter keeps every variable alive that some closure beside it uses. There that is `previous`, and
 * with it each topology that there ever was.
 */
function withIndexes(facts: Omit<Topology, 'byName' | 'byHostname'>): Topology {
  let byName: Topology['byName'] | undefined;
  let byHostname: Topology['byHostname'] | undefined;
  return {
    ...facts,
    get byName() {
      byName ??= new Map(facts.nodes.map((node) => [node.name, node]));
      return byName;
    },
    get byHostname() {
      byHostname ??= indexHostnames(facts.nodes);
      return byHostname;
    },
  };
}

function toRegionNodes(
  region: string | undefined,
  classes: readonly NodeClass[],
  before: RegionNodes | undefined,
): RegionNodes {
  if (before && isSameList(before.classes, classes)) return before;
  const version = region === undefined ? {} : { region };
  return { ...version, classes, taints: distinct(classes.flatMap(({ taints }) => taints)), version };
}

function unlessSame<T>(before: ReadonlySet<T> | undefined, after: ReadonlySet<T>): ReadonlySet<T> {
  return before?.size === after.size && [...before].every((one) => after.has(one)) ? before : after;
}

function regionsLabelled(classes: readonly NodeClass[], some: readonly string[]): Set<string> {
  const isLabelled = ({ labels }: NodeClass) => some.some((label) => labels[label]);
  return new Set(classes.flatMap((one) => (one.region !== undefined && isLabelled(one) ? one.region : [])));
}

/** What tells which nodes carry a label: their classes, or, of a label that tells single nodes apart, the nodes. */
export function carriersOf(
  label: string,
  { individual, nodes, classes }: Pick<Topology, 'individual' | 'nodes' | 'classes'>,
): readonly (NodeFacts | NodeClass)[] {
  return individual.has(label) ? nodes : classes;
}

/** Resources that some node lacks are left out. */
function smallestOf(classes: readonly NodeClass[]): Pick<Topology, 'smallest'> {
  const [first, ...others] = classes.flatMap(({ least }) => (least ? [least] : []));
  if (!first) return {};
  const ofAll = Object.keys(first).filter((resource) => others.every((other) => other[resource] !== undefined));
  const leastOf = (resource: string) => Math.min(...[first, ...others].map((one) => one[resource] ?? 0));
  return { smallest: Object.fromEntries(ofAll.map((resource) => [resource, leastOf(resource)])) };
}

function indexHostnames(nodes: readonly NodeFacts[]): ReadonlyMap<string, readonly NodeFacts[]> {
  const index = new Map<string, NodeFacts[]>();
  for (const node of nodes) {
    const hostname = node.labels[HOSTNAME_LABEL];
    if (hostname === undefined) continue;
    const others = index.get(hostname);
    if (others) others.push(node);
    else index.set(hostname, [node]);
  }
  return index;
}

/** Each taint once, in an order of their own. */
export function distinct(taints: readonly Taint[]): readonly Taint[] {
  if (taints.length === 0) return taints;
  return [...new Map(taints.map((taint) => [JSON.stringify(taint), taint]))].sort(byFirst).map(([, taint]) => taint);
}
