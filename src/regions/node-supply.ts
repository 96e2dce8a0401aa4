import { CARBON_KEY } from '../units/label-names.ts';
import { type Autoscaling, autoscalingOf, type GroupFacts } from './autoscaling.ts';
import type { GroupPattern } from './group-regions.ts';
import type { NodeFacts, Taint } from './node-facts.ts';
import { mayCreateNodes, type NodePoolFacts } from './node-pool.ts';
import { type PlacesKnown, type PoolOffer, poolOffers } from './pool-offers.ts';
import { buildTopology, distinct } from './topology.ts';

/** What nodes may come to a cluster, and who brings them. Immutable; the same object for as long as nothing of it changes. */
export interface NodeSupply {
  readonly offers: readonly PoolOffer[];
  /** Where some NodePool may create nodes. */
  readonly regions: ReadonlySet<string>;
  /** Every taint that keeps pods away from some node of a NodePool. */
  readonly taints: readonly Taint[];
  /** The values of the carbon taint that some node of a NodePool will carry, whatever its effect. */
  readonly carbonTaints: ReadonlySet<string>;
  readonly autoscaling: Autoscaling;
  /** How many places all offers have. */
  readonly spots: number;
  /** What it was made of, as text. */
  readonly made: string;
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
  const offers = nodePools && poolOffers(nodePools, input);
  const autoscaling = autoscalingOf({ offers, groups, groupPatterns, topology, regions });
  const all = offers?.offers ?? [];
  const carbonTaints = [
    ...new Set((nodePools ?? []).filter(mayCreateNodes).flatMap(({ taints }) => carbonValues(taints))),
  ];
  const plain = all.map((offer) => ({ ...offer, requirements: [...offer.requirements] }));
  const made = JSON.stringify([plain, carbonTaints, autoscaling]);
  if (before?.made === made) return before;
  return {
    offers: all,
    regions: regionsIn(all),
    taints: distinct(all.flatMap(({ taints }) => taints)),
    carbonTaints: new Set(carbonTaints),
    autoscaling,
    spots: all.reduce((sum, { places }) => sum + places.length, 0),
    made,
  };
}

/** Where some of these NodePools may create nodes. */
export function regionsOfPools(
  nodePools: readonly NodePoolFacts[],
  nodes: Iterable<NodeFacts>,
  known: Pick<PlacesKnown, 'regionLabel' | 'regions'>,
): ReadonlySet<string> {
  if (nodePools.length === 0) return new Set();
  return regionsIn(poolOffers(nodePools, { ...known, topology: buildTopology(nodes) }).offers);
}

function regionsIn(offers: readonly PoolOffer[]): ReadonlySet<string> {
  return new Set(offers.flatMap(({ places }) => places.map(({ region }) => region)));
}

function carbonValues(taints: readonly Taint[]): readonly string[] {
  return taints.flatMap(({ key, value }) => (key === CARBON_KEY && value ? [value] : []));
}
