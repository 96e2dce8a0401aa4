import { REGION_LABEL, ZONE_LABEL } from '../units/label-names.ts';
import { byFirst, keepingAway } from './node-classes.ts';
import { lastingTaints, type Taint } from './node-facts.ts';
import {
  asIdle,
  type IdlePool,
  labelInPools,
  mayCreateNodes,
  NODE_POOL_LABEL,
  type NodePoolFacts,
  type PoolRequirement,
} from './node-pool.ts';
import { poolPlaces, regionsOfPools, speaksOf, valuesLeft } from './pool-places.ts';
import { carriersOf, type Topology } from './topology.ts';
import { type RegionOfZone, zoneRegions, zonesOf } from './zone-regions.ts';

/** A region in which a NodePool may create nodes; `zones`: the only ones of it, where the pool names some. */
export interface PlaceOfPool {
  readonly region: string;
  readonly zones?: readonly string[];
}

/** Nodes to come. NodePools whose nodes pods cannot tell apart but by the pool's name are one offer. */
export interface PoolOffer {
  /** Names of the NodePools. */
  readonly pools: readonly string[];
  /** What the pools say of each label that they speak of, a label of their template as `In` its one value. */
  readonly requirements: ReadonlyMap<string, readonly PoolRequirement[]>;
  /** Those that keep pods away. */
  readonly taints: readonly Taint[];
  readonly places: readonly PlaceOfPool[];
}

/** What nodes may come from NodePools. */
export interface PoolOffers {
  readonly offers: readonly PoolOffer[];
  /** Of those that create none now and may do so again, and, in every region that is known, of those that are placeless. */
  readonly later: readonly PoolOffer[];
  /** Those that may create nodes, by name. */
  readonly pools: readonly string[];
  /** Those among them of which nobody can tell where their nodes come: they count for no region. */
  readonly placeless: readonly string[];
  /** The others, which create none: they are static, paused, full or not ready. */
  readonly idle: readonly IdlePool[];
}

export interface PlacesKnown {
  readonly regionLabel: string;
  /** Names of the regions that are known. */
  readonly regions: readonly string[];
  readonly topology: Topology | undefined;
}

/** What beside their own words tells where the nodes of NodePools come. */
export interface Known extends PlacesKnown {
  readonly regionOfZone: RegionOfZone;
  /** Of the nodes that there are, by the name of their NodePool. */
  readonly regionsOfNodes: ReadonlyMap<string, ReadonlySet<string>>;
  /** All of it, as text. */
  readonly text: string;
}

export function knownOf(places: PlacesKnown): Known {
  const { regionLabel, topology, regions } = places;
  const zoned = topology ? carriersOf(ZONE_LABEL, topology) : [];
  const ofNodes = regionsOfPools(topology ? carriersOf(NODE_POOL_LABEL, topology) : []);
  const plain = [...ofNodes].map(([pool, some]) => [pool, ...[...some].sort()]).sort(byFirst);
  return {
    ...places,
    regionOfZone: zoneRegions(zoned, regions),
    regionsOfNodes: ofNodes,
    text: JSON.stringify([regionLabel, regions, [...zonesOf(zoned)].sort(byFirst), plain, onlyRegion(places)]),
  };
}

/** Folds NodePools into what they offer where. */
export function poolOffers(pools: readonly NodePoolFacts[], known: Known): PoolOffers {
  const live = pools.filter(mayCreateNodes);
  const offers = new Map<string, PoolOffer>();
  const later = new Map<string, PoolOffer>();
  const placeless: string[] = [];
  for (const pool of pools) {
    const isLive = mayCreateNodes(pool);
    const found = placesOf(pool, known);
    if (found) foldInto(isLive ? offers : later, pool, found);
    else foldInto(later, pool, placesIn(known.regions, pool, known));
    if (isLive && !found) placeless.push(pool.name);
  }
  return {
    offers: [...offers.values()],
    later: [...later.values()],
    pools: live.map(({ name }) => name).sort(),
    placeless: placeless.sort(),
    idle: pools.map(asIdle).filter((pool) => pool !== undefined),
  };
}

function foldInto(folded: Map<string, PoolOffer>, pool: NodePoolFacts, places: readonly PlaceOfPool[]): void {
  if (places.length === 0) return;
  const requirements = requirementsByLabel(pool);
  const taints = keepingAway({ taints: lastingTaints(pool.taints) });
  const key = JSON.stringify([[...requirements].sort(byFirst), taints, places]);
  const others = folded.get(key)?.pools ?? [];
  folded.set(key, { pools: [...others, pool.name].sort(), requirements, taints, places });
}

/**
 * Where a pool may create nodes; `undefined` where nobody can tell. By the first row that holds:
 *
 * | the pool                                           | its regions                                     |
 * | -------------------------------------------------- | ----------------------------------------------- |
 * | says nothing of the region label, which is the owner's own | none: its nodes will not carry it        |
 * | names regions, or zones of known regions           | these, less what other requirements shut out    |
 * | names none of them, and has nodes                  | theirs                                          |
 * | names none; there is one region with nodes, or, without nodes, one region at all | that one          |
 * | any other                                          | not known                                       |
 *
 * Karpenter creates nodes where the NodeClass leads, in a cloud's account: nothing in the cluster says where that is. A pod that requires
 * a label of the owner's own it refuses where the pool does not define it.
 */
function placesOf(pool: NodePoolFacts, known: Known): readonly PlaceOfPool[] | undefined {
  const { regionLabel, regionOfZone, regionsOfNodes } = known;
  if (labelInPools(regionLabel) !== REGION_LABEL && !speaksOf(pool, regionLabel)) return undefined;
  const named = poolPlaces(pool, regionLabel, regionOfZone);
  const isElsewhere = named.regions?.length === 0 && named.unknownZones.length > 0;
  const regions = (isElsewhere ? undefined : named.regions) ?? regionsOfNodes.get(pool.name) ?? onlyRegion(known);
  return regions && placesIn(regions, pool, known);
}

/** Those of some regions, with the zones in them, that a pool's requirements leave. */
function placesIn(
  regions: Iterable<string>,
  pool: NodePoolFacts,
  { regionLabel, regionOfZone }: Known,
): readonly PlaceOfPool[] {
  const among = { key: regionLabel, operator: 'In', values: [...regions] };
  const open = valuesLeft({ ...pool, requirements: [among, ...pool.requirements] }, regionLabel) ?? [];
  const named = valuesLeft(pool, ZONE_LABEL);
  return open.toSorted().flatMap((region) => {
    const zones = named?.filter((zone) => (regionOfZone(zone) ?? region) === region);
    if (zones?.length === 0) return [];
    return [{ region, ...(zones && { zones }) }];
  });
}

function onlyRegion({ regions, topology }: PlacesKnown): readonly string[] | undefined {
  const names = topology && topology.regions.size > 0 ? [...topology.regions] : regions;
  return names.length === 1 ? names : undefined;
}

/** Without the pool's own name, which its offer has. */
function requirementsByLabel({ labels, requirements }: NodePoolFacts): PoolOffer['requirements'] {
  const ofLabels = Object.entries(labels).map(([key, value]) => ({ key, operator: 'In', values: [value] }));
  const all = [...ofLabels, ...requirements].filter(({ key }) => key !== NODE_POOL_LABEL);
  return Map.groupBy(all.map(asOfPods), ({ key }) => key);
}

/** With the operators that pods have too: `Gte 3` is `Gt 2`. */
function asOfPods({ key, operator, values }: PoolRequirement): PoolRequirement {
  const label = { key: labelInPools(key) };
  const [bound = ''] = values ?? [];
  const isNumber = /^-?\d{1,18}$/.test(bound);
  if (operator === 'Gte' && isNumber) return { ...label, operator: 'Gt', values: [String(BigInt(bound) - 1n)] };
  if (operator === 'Lte' && isNumber) return { ...label, operator: 'Lt', values: [String(BigInt(bound) + 1n)] };
  return { ...label, operator, ...(values && { values }) };
}
