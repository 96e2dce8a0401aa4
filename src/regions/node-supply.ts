import { CARBON_KEY } from '../units/label-names.ts';
import { type Autoscaling, autoscalingOf, type GroupFacts } from './autoscaling.ts';
import type { GroupPattern } from './group-regions.ts';
import { isSameList } from './node-classes.ts';
import type { NodeFacts, Taint } from './node-facts.ts';
import { type IdlePool, mayCreateNodes, type NodePoolFacts } from './node-pool.ts';
import { knownOf, type PlacesKnown, type PoolOffer, type PoolOffers, poolOffers } from './pool-offers.ts';
import { buildTopology, distinct } from './topology.ts';

/** What nodes may come to a cluster, and who brings them. Immutable; the same object for as long as nothing of it changes. */
export interface NodeSupply {
  readonly offers: readonly PoolOffer[];
  /** Of NodePools that may create nodes later, or of which nobody knows where: for their sake no pod is denied. */
  readonly later: readonly PoolOffer[];
  /** NodePools that create none now. */
  readonly idle: readonly IdlePool[];
  /** Where some NodePool may create nodes. */
  readonly regions: ReadonlySet<string>;
  /** Where some may do so later. */
  readonly laterRegions: ReadonlySet<string>;
  /** Every taint that keeps pods away from some node of a NodePool. */
  readonly taints: readonly Taint[];
  /** The values of the carbon taint that some node of a NodePool will carry, whatever its effect. */
  readonly carbonTaints: ReadonlySet<string>;
  readonly autoscaling: Autoscaling;
}

export interface SupplyInput extends PlacesKnown {
  /** Absent where NodePools may not be read, or nobody serves them. */
  readonly nodePools: readonly NodePoolFacts[] | undefined;
  /** Those of Cluster Autoscaler, none where it has no status that counts; absent where nobody could look. */
  readonly nodeGroups: readonly GroupFacts[] | undefined;
  /** What the cluster's owner says of them. */
  readonly groupPatterns?: readonly GroupPattern[] | undefined;
}

/** What nodes may come; `undefined` where nobody looked. `before` is the answer to the last question. */
export function nodeSupply(input: SupplyInput, before?: NodeSupply): NodeSupply | undefined {
  const { nodePools, nodeGroups: groups, groupPatterns = [], topology, regions } = input;
  if (!nodePools && !groups && !topology) return undefined;
  const folded = foldPools(nodePools, input, before && foldings.get(before));
  const { offers } = folded;
  const autoscaling = autoscalingOf({ offers, groups, groupPatterns, topology, regions });
  const supply = isSame(before, folded, autoscaling) ? before : supplyOf(folded, autoscaling);
  foldings.set(supply, folded);
  return supply;
}

/** NodePools, what was known of places, and what they came to: as long as these stay, nothing of it is worked out again. */
interface Folded {
  readonly nodePools: readonly NodePoolFacts[] | undefined;
  readonly known: string;
  readonly offers: PoolOffers | undefined;
  readonly carbonTaints: readonly string[];
  /** What they came to, as text. */
  readonly text: string;
}

/** Beside a supply, which stays the same object when others come to the same. */
const foldings = new WeakMap<NodeSupply, Folded>();

function foldPools(nodePools: SupplyInput['nodePools'], places: PlacesKnown, before: Folded | undefined): Folded {
  if (!nodePools) return { nodePools, known: '', offers: undefined, carbonTaints: [], text: '' };
  const known = knownOf(places);
  if (before?.nodePools && before.known === known.text && isSameList(before.nodePools, nodePools)) return before;
  const offers = poolOffers(nodePools, known);
  const live = nodePools.filter(mayCreateNodes);
  const carbonTaints = [...new Set(live.flatMap(({ taints }) => carbonValues(taints)))];
  const text = JSON.stringify([plain(offers.offers), plain(offers.later), offers, carbonTaints]);
  const isSame = before?.text === text;
  return { nodePools, known: known.text, offers: isSame ? before.offers : offers, carbonTaints, text };
}

function plain(offers: readonly PoolOffer[]): readonly object[] {
  return offers.map(({ requirements }) => [...requirements]);
}

function isSame(before: NodeSupply | undefined, folded: Folded, autoscaling: Autoscaling): before is NodeSupply {
  return (
    before !== undefined &&
    foldings.get(before)?.text === folded.text &&
    JSON.stringify(before.autoscaling) === JSON.stringify(autoscaling)
  );
}

function supplyOf({ offers, carbonTaints }: Folded, autoscaling: Autoscaling): NodeSupply {
  const { offers: now, later, idle } = offers ?? { offers: [], later: [], idle: [] };
  return {
    offers: now,
    later,
    idle,
    regions: regionsIn(now),
    laterRegions: regionsIn(later),
    taints: distinct([...now, ...later].flatMap(({ taints }) => taints)),
    carbonTaints: new Set(carbonTaints),
    autoscaling,
  };
}

/** Where some of these NodePools may create nodes, now, and later or nobody knows where. */
export function regionsOfPools(
  nodePools: readonly NodePoolFacts[],
  nodes: Iterable<NodeFacts>,
  known: Pick<PlacesKnown, 'regionLabel' | 'regions'>,
): { readonly now: ReadonlySet<string>; readonly later: ReadonlySet<string> } {
  if (nodePools.length === 0) return { now: new Set(), later: new Set() };
  const { offers, later } = poolOffers(nodePools, knownOf({ ...known, topology: buildTopology(nodes) }));
  return { now: regionsIn(offers), later: regionsIn(later) };
}

function regionsIn(offers: readonly PoolOffer[]): ReadonlySet<string> {
  return new Set(offers.flatMap(({ places }) => places.map(({ region }) => region)));
}

function carbonValues(taints: readonly Taint[]): readonly string[] {
  return taints.flatMap(({ key, value }) => (key === CARBON_KEY && value ? [value] : []));
}
