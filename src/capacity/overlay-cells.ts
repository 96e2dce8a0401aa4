import type { NodeOverlayFacts } from '../regions/node-overlay.ts';
import { labelInPools } from '../regions/node-pool.ts';
import { CAPACITY_TYPE_LABEL, type OfferedType, type Offering } from '../regions/offered-type.ts';

/** NodePools in which everything has the same price. */
export interface PoolClass {
  /** `undefined`: all of them, also those to come. */
  readonly names: readonly string[] | undefined;
}

/** What an instance type can be had as. */
export interface Spot {
  readonly type: OfferedType;
  readonly offering: Offering;
}

/** What has one price: an offering of an instance type, in NodePools in which it costs the same. */
export interface Cell extends Spot {
  readonly pools: PoolClass;
}

/** Those that Karpenter has; a cluster does not say which of them its types come with. */
const CAPACITY_TYPES = ['on-demand', 'reserved', 'spot'];

/** Everything that can be had, as finely as overlays tell it apart; in the order of the types. */
export function spotsOf(
  types: readonly OfferedType[],
  overlays: readonly Pick<NodeOverlayFacts, 'requirements'>[],
): readonly Spot[] {
  const isByCapacityType = overlays.some(({ requirements }) =>
    requirements.some((one) => labelInPools(one.key) === CAPACITY_TYPE_LABEL),
  );
  return types.flatMap((type) => {
    const offerings = isByCapacityType ? type.offerings.flatMap(byCapacityType) : type.offerings;
    return distinct(offerings).map((offering) => ({ type, offering }));
  });
}

/** One for each zone and capacity type, the first; one without a capacity type says nothing where others of its zone name theirs. */
function distinct(offerings: readonly Offering[]): readonly Offering[] {
  const named = new Set(offerings.flatMap(({ zone, capacityType }) => (capacityType === undefined ? [] : [zone])));
  const meant = offerings.filter(({ zone, capacityType }) => capacityType !== undefined || !named.has(zone));
  const byPlace = Map.groupBy(meant, ({ zone, capacityType = '' }) => `${zone} ${capacityType}`);
  return [...byPlace.values()].flatMap(([first]) => first ?? []);
}

function byCapacityType(offering: Offering): readonly Offering[] {
  if (offering.capacityType !== undefined) return [offering];
  return CAPACITY_TYPES.map((capacityType) => ({ ...offering, capacityType }));
}
