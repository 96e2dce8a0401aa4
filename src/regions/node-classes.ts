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

/** Nodes in their classes, and what the next folding starts from. */
export interface Fold {
  readonly classes: ReadonlyMap<string, NodeClass>;
  /** Labels that tell single nodes apart: classes say nothing of them. */
  readonly individual: ReadonlySet<string>;
  /** With more classes than this, labels that tell single nodes apart are looked for. */
  readonly mostClasses: number;
}

interface Folded {
  readonly nodes: readonly NodeFacts[];
  readonly fold: Fold;
}

/** With more classes than this, labels that tell single nodes apart are looked for; again when there are half as many more. */
const MANY_CLASSES = 100;
/** A label with more values than this tells single nodes apart. */
const MANY_VALUES = 50;
/** Steps a factor of two: allocatable memory of equal machines differs by some pages. */
const SIZE_STEPS = 8;
const ONLY_HOSTNAME: ReadonlySet<string> = new Set([HOSTNAME_LABEL]);

/** Folds nodes into classes. Of nodes that were the same objects in `previous` nothing is read, nor are their classes folded. */
export function foldNodes(nodes: readonly NodeFacts[], previous?: Folded): Fold {
  return (previous && foldChanges(nodes, previous)) ?? foldAll(nodes, previous);
}

function foldAll(all: readonly NodeFacts[], previous: Folded | undefined): Fold {
  let individual = previous?.fold.individual ?? ONLY_HOSTNAME;
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
function foldChanges(all: readonly NodeFacts[], previous: Folded): Fold | undefined {
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

/** Compares by identity, in the order of a map: a node that changes keeps its place, a new one comes last. */
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

function sizeStep(amount: number): number {
  return amount <= 0 ? 0 : Math.round(Math.log2(amount) * SIZE_STEPS) + 1_000;
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

/** The taints of a node that keep pods away for as long as it lives. */
export function keepingAway({ taints }: Pick<NodeFacts, 'taints'>): readonly Taint[] {
  return taints.filter(({ effect }) => effect !== 'PreferNoSchedule');
}

function placeOf({ region, labels }: NodeFacts, individual: ReadonlySet<string>): string {
  const ofPlaces = Object.entries(labels).filter(([label]) => isPlaceLabel(label) && !individual.has(label));
  return JSON.stringify([region, ofPlaces.sort(byFirst)]);
}

function carbonTaintsOf(nodes: readonly NodeFacts[]): readonly string[] {
  const values = nodes.flatMap(({ taints }) =>
    taints.flatMap(({ key, value }) => (key === CARBON_KEY && value ? value : [])),
  );
  return [...new Set(values)];
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

/** By identity of what is in them. */
export function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}

/** Orders entries by their names, or what else comes first in them. */
export function byFirst([a = '']: readonly unknown[], [b = '']: readonly unknown[]): number {
  return String(a) < String(b) ? -1 : 1;
}
