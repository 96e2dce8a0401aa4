import { type IdlePool, labelInPools, NODE_POOL_LABEL } from '../regions/node-pool.ts';
import type { PlaceOfPool, PoolOffer } from '../regions/pool-offers.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import { GROUP_LABELS } from '../regions/topology.ts';
import { type RegionOfZone, zoneRegions } from '../regions/zone-regions.ts';
import { HOSTNAME_LABEL, ZONE_LABEL } from '../units/label-names.ts';
import { type Alternative, type Asks, NODE_NAME, requirementsOf } from './asks.ts';
import { haveCommon, isAdmitted, type LabelValues, listOf, valuesOf } from './label-values.ts';
import { isCarried, isElsewhere, isPlaceAskedBy } from './new-nodes.ts';
import { requirementsCount, toleratesAll } from './node-match.ts';
import { isEmptyTerm } from './node-selector.ts';
import { createMemory, remember } from './remember.ts';

/** What NodePools may bring a pod. */
export interface Coming {
  readonly regions: ReadonlySet<string>;
  /** Names of the NodePools that may create a node for it. */
  readonly pools: readonly string[];
}

const NOTHING: Coming = { regions: new Set(), pools: [] };
/** Beyond so many comparisons every NodePool counts as fitting whose taints a pod tolerates, as beyond so many requirements. */
const MOST_LOOKS = 100_000;
const MOST_REQUIREMENTS = 20_000;

/**
 * Where NodePools may create a node that has what a pod asks for: their labels and requirements are labels to come, compared as
 * Karpenter does (`Compatible` in its pkg/scheduling), their taints keep pods away. Size never counts: of instance types nobody here knows.
 */
export function comingFor(asks: Asks, snapshot: Snapshot): Coming {
  return comingOfOffers(asks, snapshot, snapshot.supply?.offers);
}

/** The same of NodePools that create no nodes now, or of which nobody knows where they do. */
export function comingLater(asks: Asks, snapshot: Snapshot): Coming {
  return comingOfOffers(asks, snapshot, snapshot.supply?.later);
}

/**
 * The NodePools that create no nodes now, and would for a pod in some of these regions; none where one that creates nodes nobody knows
 * where may do.
 */
export function idleFor(
  asks: Asks,
  snapshot: Snapshot,
  regions: readonly { readonly name: string }[],
): readonly IdlePool[] {
  const { later, idle } = snapshot.supply ?? { later: [], idle: [] };
  const names = new Set(regions.map(({ name }) => name));
  const single = later.flatMap((offer) => {
    const places = offer.places.filter(({ region }) => names.has(region));
    return offer.pools.map((pool) => ({ ...offer, pools: [pool], places }));
  });
  const pools = new Set(comingOfOffers(asks, snapshot, single).pools);
  const found = idle.filter(({ name }) => pools.has(name));
  return found.length === pools.size ? found : [];
}

function comingOfOffers(asks: Asks, snapshot: Snapshot, offers: readonly PoolOffer[] = []): Coming {
  if (offers.length === 0) return NOTHING;
  const tolerated = offers.filter(({ taints }) => toleratesAll(asks.tolerations, taints));
  const isSmall = requirementsCount(asks) <= MOST_REQUIREMENTS;
  return (isSmall && comparedWith(wantedBy(asks), tolerated, snapshot)) || comingOf(tolerated);
}

/** `undefined` where that takes too long. */
function comparedWith(wanted: Wanted, offers: readonly PoolOffer[], snapshot: Snapshot): Coming | undefined {
  const looks = { left: MOST_LOOKS };
  const open: PoolOffer[] = [];
  for (const offer of offers) {
    const places = offer.places.filter((place) => isOpen(wanted, { offer, place, snapshot, looks }));
    if (looks.left < 0) return undefined;
    if (places.length > 0) open.push({ ...offer, places });
  }
  return comingOf(open);
}

function comingOf(offers: readonly PoolOffer[]): Coming {
  return {
    regions: new Set(offers.flatMap(({ places }) => places.map(({ region }) => region))),
    pools: offers.flatMap(({ pools }) => pools),
  };
}

/** What is asked of one label, under the name that NodePools have for it. */
interface WantedOfLabel {
  readonly label: string;
  readonly values: LabelValues;
}

/** What a pod asks, by label: requirements on one label must hold of one value. */
interface Wanted {
  readonly alternatives: readonly (readonly WantedOfLabel[])[];
  /** Of each volume, its alternatives. */
  readonly volumes: readonly (readonly (readonly WantedOfLabel[])[])[];
}

const wantedByTerms = createMemory<readonly Alternative[], Wanted['alternatives']>();

function wantedBy({ alternatives, volumes }: Asks): Wanted {
  return {
    alternatives: remember(wantedByTerms, alternatives, () => alternatives.map(wantedOfTerm)),
    volumes: volumes.map(({ terms }) =>
      terms
        .filter((term) => !isEmptyTerm(term))
        .map(requirementsOf)
        .map(wantedOfTerm),
    ),
  };
}

function wantedOfTerm(requirements: Alternative): readonly WantedOfLabel[] {
  const byLabel = Map.groupBy(requirements, ({ key }) => labelInPools(key));
  return [...byLabel].map(([label, all]) => ({ label, values: valuesOf(all) }));
}

interface Spot {
  readonly offer: PoolOffer;
  readonly place: PlaceOfPool;
  readonly snapshot: Snapshot;
  /** How many comparisons more may be made. */
  readonly looks: { left: number };
}

function isOpen({ alternatives, volumes }: Wanted, spot: Spot): boolean {
  return (
    alternatives.some((labels) => labels.every((one) => mayCarry(one, spot, false))) &&
    volumes.every((terms) => terms.some((labels) => labels.every((one) => mayCarry(one, spot, true))))
  );
}

/**
 * Whether a new node may carry a label as it is asked for:
 *
 * | the label                                    | its value                                                              |
 * | -------------------------------------------- | ---------------------------------------------------------------------- |
 * | region                                       | the region's name                                                      |
 * | host, name                                   | none that anybody knows                                                |
 * | NodePool                                     | the names of the pools                                                 |
 * | one that the pool speaks of                  | what its labels and requirements leave                                 |
 * | another that instance types carry, or that a volume is bound to | any                                                 |
 * | any other                                    | none: it will not be there                                             |
 *
 * Of places none that only other regions' nodes carry, and no zone whose name tells another region.
 */
function mayCarry({ label, values }: WantedOfLabel, spot: Spot, ofVolume: boolean): boolean {
  const { offer, place, snapshot, looks } = spot;
  if (--looks.left < 0) return true;
  if (label === labelInPools(snapshot.regionLabel)) return isAdmitted(values, place.region);
  if (label === NODE_NAME || label === HOSTNAME_LABEL) return values.listed === undefined;
  if (label === NODE_POOL_LABEL) return offer.pools.some((pool) => isAdmitted(values, pool));
  const said = saidOf(label, offer, place);
  const isPlace = isPlaceAskedBy(label, ofVolume);
  const isHere = (value: string) => --looks.left < 0 || !isPlace || !isOfOthers(label, value, spot);
  if (said) return (said.mayLack && values.mayLack) || haveCommon(values, said, isHere);
  if (!ofVolume && !isOfInstanceTypes(label)) return values.mayLack;
  return (values.mayLack && !ALWAYS_THERE.has(label)) || haveCommon(values, undefined, isHere);
}

/** Whether a place is another region's. */
function isOfOthers(label: string, value: string, { place, snapshot }: Spot): boolean {
  const { topology } = snapshot;
  if (label !== ZONE_LABEL || isCarried(label, value, topology))
    return isElsewhere(label, value, place.region, topology);
  const region = remember(regionsByName, snapshot.byName, () => zoneRegions([], snapshot.byName.keys()))(value);
  return region !== undefined && region !== place.region;
}

const regionsByName = createMemory<Snapshot['byName'], RegionOfZone>();
const saidByOffers = createMemory<PoolOffer['requirements'], ReadonlyMap<string, LabelValues>>();
const zonesOfPlaces = createMemory<readonly string[], LabelValues>();

/** What a pool says of a label; of zones, those in this region are left. */
function saidOf(label: string, { requirements }: PoolOffer, { zones }: PlaceOfPool): LabelValues | undefined {
  if (label === ZONE_LABEL && zones) return remember(zonesOfPlaces, zones, () => listOf(zones));
  const said = remember(
    saidByOffers,
    requirements,
    () => new Map([...requirements].map(([key, all]) => [key, valuesOf(all)])),
  );
  return said.get(label);
}

/** Every node of Karpenter has them. */
const ALWAYS_THERE: ReadonlySet<string> = new Set([
  'karpenter.sh/capacity-type',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'node.kubernetes.io/instance-type',
  ZONE_LABEL,
]);

/**
 * Labels that Karpenter's core and its providers know of instance types (`WellKnownLabels`): karpenter.k8s.aws/instance-cpu,
 * karpenter.azure.com/sku-family, eks.amazonaws.com/instance-category of EKS Auto Mode and the like. Of its core's own prefix,
 * `karpenter.sh/`, it takes no other labels than those that it knows.
 */
const OF_INSTANCE_TYPES =
  /^(karpenter\.(?!sh\/)[^/]+|topology\.kubernetes\.io|topology\.k8s\.aws|topology\.gke\.io|eks\.amazonaws\.com|kubernetes\.azure\.com|cloud\.google\.com)\//;

/** Groups of nodes that something else makes are none of Karpenter's. */
function isOfInstanceTypes(label: string): boolean {
  if (GROUP_LABELS.includes(label)) return false;
  return ALWAYS_THERE.has(label) || label === 'node.kubernetes.io/windows-build' || OF_INSTANCE_TYPES.test(label);
}
