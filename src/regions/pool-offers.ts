import { OLD_REGION_LABEL, OLD_ZONE_LABEL, REGION_LABEL, ZONE_LABEL } from '../units/label-names.ts';
import { byFirst, keepingAway } from './node-classes.ts';
import { lastingTaints, type Taint } from './node-facts.ts';
import { mayCreateNodes, NODE_POOL_LABEL, type NodePoolFacts, type PoolRequirement } from './node-pool.ts';
import { poolPlaces, valuesLeft } from './pool-places.ts';
import { carriersOf, type Topology } from './topology.ts';
import { type RegionOfZone, zoneRegions } from './zone-regions.ts';

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
  /** Those that may create nodes, by name. */
  readonly pools: readonly string[];
  /** Those among them of which nobody can tell where their nodes come: they count for no region. */
  readonly placeless: readonly string[];
  /** How many more there are, which create none: they are static, paused or not ready. */
  readonly idle: number;
}

export interface PlacesKnown {
  readonly regionLabel: string;
  /** Names of the regions that are known. */
  readonly regions: readonly string[];
  readonly topology: Topology | undefined;
}

interface Known extends PlacesKnown {
  readonly regionOfZone: RegionOfZone;
  /** Of the nodes that there are, by the name of their NodePool. */
  readonly regionsOfNodes: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Names from before that Karpenter takes for today's (`NormalizedLabels` of its v1 API). */
const NEW_NAMES: Readonly<Record<string, string>> = {
  [OLD_REGION_LABEL]: REGION_LABEL,
  [OLD_ZONE_LABEL]: ZONE_LABEL,
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};

/** A label under the name that NodePools have for it. */
export function labelInPools(label: string): string {
  return Object.hasOwn(NEW_NAMES, label) ? (NEW_NAMES[label] ?? label) : label;
}

/** Folds NodePools into what they offer where. */
export function poolOffers(pools: readonly NodePoolFacts[], places: PlacesKnown): PoolOffers {
  const { topology, regions } = places;
  const live = pools.filter(mayCreateNodes);
  const known: Known = {
    ...places,
    regionOfZone: zoneRegions(topology ? carriersOf(ZONE_LABEL, topology) : [], regions),
    regionsOfNodes: regionsOfNodes(topology),
  };
  const folded = new Map<string, PoolOffer>();
  const placeless: string[] = [];
  for (const pool of live) {
    const found = placesOf(pool, known);
    if (!found) placeless.push(pool.name);
    else if (found.length > 0) fold(pool, found);
  }
  return {
    offers: [...folded.values()],
    pools: live.map(({ name }) => name).sort(),
    placeless: placeless.sort(),
    idle: pools.length - live.length,
  };

  function fold(pool: NodePoolFacts, found: readonly PlaceOfPool[]): void {
    const requirements = requirementsByLabel(pool);
    const taints = keepingAway({ taints: lastingTaints(pool.taints) });
    const key = JSON.stringify([[...requirements].sort(byFirst), taints, found]);
    const others = folded.get(key)?.pools ?? [];
    folded.set(key, { pools: [...others, pool.name].sort(), requirements, taints, places: found });
  }
}

/**
 * Where a pool may create nodes; `undefined` where nobody can tell. By the first row that holds:
 *
 * | the pool                                           | its regions                                     |
 * | -------------------------------------------------- | ----------------------------------------------- |
 * | names regions, or zones of known regions           | these, less what other requirements shut out    |
 * | names none of them, and has nodes                  | theirs                                          |
 * | names none; there is one region with nodes, or, without nodes, one region at all | that one          |
 * | any other                                          | not known                                       |
 *
 * Karpenter creates nodes where the NodeClass leads, in a cloud's account: nothing in the cluster says where that is.
 */
function placesOf(pool: NodePoolFacts, known: Known): readonly PlaceOfPool[] | undefined {
  const { regionLabel, regionOfZone, regionsOfNodes } = known;
  const named = poolPlaces(pool, regionLabel, regionOfZone);
  const isElsewhere = named.regions?.length === 0 && named.unknownZones.length > 0;
  const regions = (isElsewhere ? undefined : named.regions) ?? regionsOfNodes.get(pool.name) ?? onlyRegion(known);
  if (!regions) return undefined;
  const among = { key: regionLabel, operator: 'In', values: [...regions] };
  const open = valuesLeft({ ...pool, requirements: [among, ...pool.requirements] }, regionLabel) ?? [];
  return open.toSorted().flatMap((region) => {
    const zones = named.zones?.filter((zone) => (regionOfZone(zone) ?? region) === region);
    if (zones?.length === 0) return [];
    return [{ region, ...(zones && { zones }) }];
  });
}

function regionsOfNodes(topology: Topology | undefined): Known['regionsOfNodes'] {
  const regions = new Map<string, Set<string>>();
  for (const { region, labels } of topology ? carriersOf(NODE_POOL_LABEL, topology) : []) {
    const pool = labels[NODE_POOL_LABEL];
    if (pool && region !== undefined) regions.set(pool, (regions.get(pool) ?? new Set()).add(region));
  }
  return regions;
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
