import { CARBON_KEY, HOSTNAME_LABEL } from '../units/label-names.ts';
import { isPlaceLabel, type NodeFacts, type Taint } from './node-facts.ts';

/** Nodes that no pod can tell apart but by what is each node's own. */
export interface NodeClass {
  readonly region?: string;
  /** Of one of its nodes: they agree in all labels but the individual ones. */
  readonly labels: NodeFacts['labels'];
  /** Those that keep pods away. */
  readonly taints: readonly Taint[];
  /** The least and the most that one of its nodes offers, by resource; absent where nothing is said of them. */
  readonly least?: Readonly<Record<string, number>>;
  readonly most?: Readonly<Record<string, number>>;
  readonly nodes: readonly NodeFacts[];
  /** Its region, and what its labels say of places, as text. */
  readonly place: string;
  /** The values of the carbon taint that some of its nodes carry, whatever its effect. */
  readonly carbonTaints: readonly string[];
}

/** The nodes of one region, or those without one. The same object as before for as long as none of them changes. */
export interface RegionNodes {
  readonly region?: string;
  readonly classes: readonly NodeClass[];
  /** Every taint that keeps pods away from some of them. */
  readonly taints: readonly Taint[];
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
  /** One object for a topology and all that were built after it: answers of regions that stay the same are kept with it. */
  readonly lineage: object;
  /** Labels that tell single nodes apart: classes say nothing of them. */
  readonly individual: ReadonlySet<string>;
  /** The regions that have nodes; like the next three the same object as before while they stay the same. */
  readonly regions: ReadonlySet<string>;
  /** Regions of which a node belongs to a group that an autoscaler may grow. */
  readonly grouped: ReadonlySet<string>;
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

interface Fold {
  readonly classes: ReadonlyMap<string, NodeClass>;
  readonly individual: ReadonlySet<string>;
  /** With more classes than this, labels that tell single nodes apart are looked for. */
  readonly mostClasses: number;
}

/** Labels that autoscalers put on the nodes of the groups that they grow. */
const GROUP_LABELS = [
  'karpenter.sh/nodepool',
  'eks.amazonaws.com/nodegroup',
  'cloud.google.com/gke-nodepool',
  'kubernetes.azure.com/agentpool',
];
/** With more classes than this, labels that tell single nodes apart are looked for; again when there are half as many more. */
const MANY_CLASSES = 100;
/** A label with more values than this tells single nodes apart. */
const MANY_VALUES = 50;
/** Steps a factor of two: allocatable memory of equal machines differs by some pages. */
const SIZE_STEPS = 8;
const ONLY_HOSTNAME: ReadonlySet<string> = new Set([HOSTNAME_LABEL]);

/** Folds nodes into classes. Of nodes that were the same objects in `previous` nothing is read, nor are their classes folded. */
export function buildTopology(nodes: Iterable<NodeFacts>, previous?: Topology): Topology {
  const all = [...nodes];
  const fold = (previous && foldChanges(all, previous)) ?? foldAll(all, previous);
  const classes = [...fold.classes.values()];
  const byRegion = [...Map.groupBy(classes, ({ region }) => region)].sort(byFirst).map(([region, ofRegion]) =>
    toRegionNodes(
      region,
      ofRegion,
      previous?.byRegion.find((one) => one.region === region),
    ),
  );
  const places = new Set(classes.map(({ place }) => place));
  let byName: Topology['byName'] | undefined;
  let byHostname: Topology['byHostname'] | undefined;
  return {
    nodes: all,
    get byName() {
      byName ??= new Map(all.map((node) => [node.name, node]));
      return byName;
    },
    get byHostname() {
      byHostname ??= indexHostnames(all);
      return byHostname;
    },
    classes,
    byRegion: previous && isSameList(previous.byRegion, byRegion) ? previous.byRegion : byRegion,
    lineage: previous?.lineage ?? {},
    individual: fold.individual,
    regions: unlessSame(previous?.regions, new Set(byRegion.flatMap(({ region }) => region ?? []))),
    grouped: unlessSame(previous?.grouped, groupedRegions(classes)),
    places: unlessSame([...fold.individual].some(isPlaceLabel) ? undefined : previous?.places, places),
    carbonTaints: unlessSame(previous?.carbonTaints, new Set(classes.flatMap(({ carbonTaints }) => carbonTaints))),
    taints: distinct(byRegion.flatMap(({ taints }) => taints)),
    ...smallestOf(classes),
    fold,
  };
}

function foldAll(all: readonly NodeFacts[], previous: Topology | undefined): Fold {
  let individual = previous?.individual ?? ONLY_HOSTNAME;
  let mostClasses = previous?.fold.mostClasses ?? MANY_CLASSES;
  let groups = Map.groupBy(all, (node) => keyOf(node, individual));
  if (groups.size > mostClasses) {
    individual = individualLabels(all);
    groups = Map.groupBy(all, (node) => keyOf(node, individual));
    mostClasses = Math.max(1.5 * groups.size, MANY_CLASSES);
  }
  const classes = [...groups].map(
    ([key, members]) => [key, toClass(members, individual, previous?.fold.classes.get(key))] as const,
  );
  return { classes: new Map(classes), individual, mostClasses };
}

/** Only the classes of nodes that came, changed or went; `undefined` where labels that tell nodes apart must be looked for. */
function foldChanges(all: readonly NodeFacts[], previous: Topology): Fold | undefined {
  const { individual, mostClasses } = previous.fold;
  const { gone, come } = differences(previous.nodes, all);
  const members = new Map<string, readonly NodeFacts[]>();
  const membersOf = (key: string) => members.get(key) ?? previous.fold.classes.get(key)?.nodes ?? [];
  for (const node of gone) {
    const key = keyOf(node, individual);
    members.set(
      key,
      membersOf(key).filter((one) => one !== node),
    );
  }
  for (const node of come) {
    const key = keyOf(node, individual);
    members.set(key, [...membersOf(key), node]);
  }
  const classes = new Map(previous.fold.classes);
  for (const [key, nodes] of members) {
    if (nodes.length === 0) classes.delete(key);
    else classes.set(key, toClass(nodes, individual, previous.fold.classes.get(key)));
  }
  return classes.size > mostClasses ? undefined : { classes, individual, mostClasses };
}

/** By identity. In the order of a map: one that changes keeps its place, one that is new comes last. */
function differences(before: readonly NodeFacts[], after: readonly NodeFacts[]) {
  const gone: NodeFacts[] = [];
  const come: NodeFacts[] = [];
  let at = 0;
  for (const node of before) {
    const now = after[at];
    if (now === node) at++;
    else {
      gone.push(node);
      if (now?.name === node.name) {
        come.push(now);
        at++;
      }
    }
  }
  return { gone, come: [...come, ...after.slice(at)] };
}

function toRegionNodes(
  region: string | undefined,
  classes: readonly NodeClass[],
  before: RegionNodes | undefined,
): RegionNodes {
  if (before && isSameList(before.classes, classes)) return before;
  return {
    ...(region !== undefined && { region }),
    classes,
    taints: distinct(classes.flatMap(({ taints }) => taints)),
  };
}

function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}

function unlessSame<T>(before: ReadonlySet<T> | undefined, after: ReadonlySet<T>): ReadonlySet<T> {
  return before?.size === after.size && [...before].every((one) => after.has(one)) ? before : after;
}

function groupedRegions(classes: readonly NodeClass[]): ReadonlySet<string> {
  const isGrouped = ({ labels }: NodeClass) => GROUP_LABELS.some((label) => labels[label]);
  return new Set(classes.flatMap((one) => (one.region !== undefined && isGrouped(one) ? one.region : [])));
}

function carbonTaintsOf(nodes: readonly NodeFacts[]): readonly string[] {
  const values = nodes.flatMap(({ taints }) =>
    taints.flatMap(({ key, value }) => (key === CARBON_KEY && value ? value : [])),
  );
  return [...new Set(values)];
}

function keyOf(node: NodeFacts, individual: ReadonlySet<string>): string {
  const labels = Object.entries(node.labels).filter(([label]) => !individual.has(label));
  const sizes = Object.entries(node.allocatable ?? {}).map(([resource, amount]) => [resource, sizeStep(amount)]);
  return JSON.stringify([
    node.region,
    labels.sort(byFirst),
    keepingAway(node),
    node.allocatable && sizes.sort(byFirst),
  ]);
}

function byFirst([a = '']: readonly unknown[], [b = '']: readonly unknown[]): number {
  return String(a) < String(b) ? -1 : 1;
}

function sizeStep(amount: number): number {
  return amount <= 0 ? 0 : Math.round(Math.log2(amount) * SIZE_STEPS) + 1_000;
}

/** The taints of a node that keep pods away for as long as it lives. */
export function keepingAway({ taints }: NodeFacts): readonly Taint[] {
  return taints.filter(({ effect }) => effect !== 'PreferNoSchedule');
}

function individualLabels(nodes: readonly NodeFacts[]): ReadonlySet<string> {
  const values = new Map<string, Set<string>>();
  for (const { labels } of nodes) {
    for (const [label, value] of Object.entries(labels)) {
      const seen = values.get(label) ?? new Set<string>();
      if (seen.size <= MANY_VALUES) values.set(label, seen.add(value));
    }
  }
  return new Set([
    HOSTNAME_LABEL,
    ...[...values].filter(([, seen]) => seen.size > MANY_VALUES).map(([label]) => label),
  ]);
}

function toClass(
  nodes: readonly NodeFacts[],
  individual: ReadonlySet<string>,
  before: NodeClass | undefined,
): NodeClass {
  if (before && isSameList(before.nodes, nodes)) return before;
  const [first] = nodes as readonly [NodeFacts];
  const sizes = nodes.flatMap(({ allocatable }) => (allocatable ? [allocatable] : []));
  return {
    ...(first.region !== undefined && { region: first.region }),
    labels: first.labels,
    taints: keepingAway(first),
    ...(sizes.length > 0 && { least: foldSizes(sizes, Math.min), most: foldSizes(sizes, Math.max) }),
    nodes,
    place: before?.place ?? placeOf(first, individual),
    carbonTaints: carbonTaintsOf(nodes),
  };
}

function placeOf({ region, labels }: NodeFacts, individual: ReadonlySet<string>): string {
  const ofPlaces = Object.entries(labels).filter(([label]) => isPlaceLabel(label) && !individual.has(label));
  return JSON.stringify([region, ofPlaces.sort(byFirst)]);
}

/** Nodes of one class name the same resources. */
function foldSizes(
  sizes: readonly Readonly<Record<string, number>>[],
  choose: (a: number, b: number) => number,
): Readonly<Record<string, number>> {
  const folded: Record<string, number> = { ...sizes[0] };
  for (const one of sizes) {
    for (const [resource, amount] of Object.entries(one)) folded[resource] = choose(folded[resource] ?? amount, amount);
  }
  return folded;
}

/** A resource that some node lacks has no least amount. */
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

function distinct(taints: readonly Taint[]): readonly Taint[] {
  if (taints.length === 0) return taints;
  return [...new Map(taints.map((taint) => [JSON.stringify(taint), taint]))].sort(byFirst).map(([, taint]) => taint);
}
