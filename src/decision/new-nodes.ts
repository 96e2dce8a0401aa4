import { isPlaceLabel, labelOf } from '../regions/node-facts.ts';
import { NODE_POOL_LABEL } from '../regions/node-pool.ts';
import type { NodeSupply } from '../regions/node-supply.ts';
import type { RegionView, Snapshot } from '../regions/snapshot.ts';
import { carriersOf, type Topology } from '../regions/topology.ts';
import { HOSTNAME_LABEL } from '../units/label-names.ts';
import { type Asks, areMet, isNeededLabel, NODE_NAME } from './asks.ts';
import type { Places } from './node-match.ts';
import { type Requirement, satisfies } from './node-selector.ts';
import type { RegionRequirement } from './own-requirement.ts';
import { createMemory, remember, rememberByName } from './remember.ts';

/**
 * Whether a node that an elastic region adds could have what a pod asks for:
 *
 * | asked of a new node                                          | may it come |
 * | ------------------------------------------------------------ | ----------- |
 * | a region label that this region's name does not satisfy      | no          |
 * | one of some named hosts or nodes                             | no          |
 * | a place (zone, whatever a volume is bound to) that only other regions' nodes carry | no |
 * | some NodePools, of which none is known to create nodes in this region now; where no NodePool is known at all, yes | no |
 * | anything else: instance types, devices, size, taints         | yes         |
 */
export function mayCome(asks: Asks, region: RegionView, snapshot: Snapshot): boolean {
  return areMet(asks, (one, ofVolume) => isOpen(one, region, snapshot, isPlaceAskedBy(one.key, ofVolume)));
}

/** Whether a label says where a pod must be, asked by itself or by a volume, of which drivers name places as they like. */
export function isPlaceAskedBy(label: string, ofVolume: boolean): boolean {
  return ofVolume ? !isNeededLabel(label) : isPlaceLabel(label);
}

function isOpen(requirement: Requirement, region: RegionView, snapshot: Snapshot, ofPlace: boolean): boolean {
  const { key, operator, values } = requirement;
  if (key === snapshot.regionLabel) return satisfies(requirement, region.name);
  if (operator !== 'In') return true;
  if (key === NODE_NAME || key === HOSTNAME_LABEL) return false;
  if (key === NODE_POOL_LABEL) return createsNodes(values ?? [], region.name, snapshot.supply);
  if (!ofPlace) return true;
  return (values ?? []).some((value) => !isElsewhere(key, value, region.name, snapshot.topology));
}

/** Whether one of some NodePools may create nodes in a region now. Where nobody knows where a pool does, the region's owner knows. */
function createsNodes(pools: readonly string[], region: string, supply: NodeSupply | undefined): boolean {
  if (!supply || !knowsPools(supply)) return true;
  const regions = remember(regionsByPool, supply, () => byPool(supply));
  return pools.some((pool) => regions.has(pool) && (regions.get(pool)?.has(region) ?? true));
}

function knowsPools({ autoscaling }: NodeSupply): boolean {
  return autoscaling.nodePools.length + autoscaling.idleNodePools > 0;
}

/** Of the NodePools that create nodes now; `undefined` where nobody knows in which. */
type RegionsByPool = ReadonlyMap<string, ReadonlySet<string> | undefined>;
const regionsByPool = createMemory<NodeSupply, RegionsByPool>();

function byPool({ offers, autoscaling }: NodeSupply): RegionsByPool {
  const placed = offers.flatMap(({ pools, places }) => {
    const regions = new Set(places.map(({ region }) => region));
    return pools.map((pool) => [pool, regions] as const);
  });
  return new Map([...autoscaling.placelessNodePools.map((pool) => [pool, undefined] as const), ...placed]);
}

/** Whether nodes carry this value of a label, and none of them in this region. */
export function isElsewhere(label: string, value: string, region: string, topology: Topology | undefined): boolean {
  const regions = topology && regionsByValue(label, topology).get(value);
  return regions !== undefined && !regions.has(region);
}

/** Whether some node has this value of a label. */
export function isCarried(label: string, value: string, topology: Topology | undefined): boolean {
  return topology !== undefined && regionsByValue(label, topology).has(value);
}

/** Whether a requirement of ours leaves the pod one of the places where a node for it was found. */
export function isThere({ regions, unlabelled }: Places, requirement: RegionRequirement | undefined): boolean {
  if (!requirement) return unlabelled || regions.size > 0;
  const { operator, values } = requirement;
  if (unlabelled && operator === 'NotIn') return true;
  for (const name of regions) if (values.includes(name) === (operator === 'In')) return true;
  return false;
}

type RegionsByValue = ReadonlyMap<string, ReadonlySet<string | undefined>>;
const remembered = createMemory<Topology, Map<string, RegionsByValue>>();
/** How many labels are remembered: authors of pods may make up any number. */
const MOST_LABELS = 100;
/** The longest label key that the API server accepts: reviews come before its validation. */
const LONGEST_LABEL = 317;

function regionsByValue(label: string, topology: Topology): RegionsByValue {
  const ofTopology = remember(remembered, topology, () => new Map<string, RegionsByValue>());
  return rememberByName(ofTopology, label, { most: MOST_LABELS, longest: LONGEST_LABEL }, () => {
    const regions = new Map<string, Set<string | undefined>>();
    for (const { labels, region } of carriersOf(label, topology)) {
      const value = labelOf(labels, label);
      if (value !== undefined) regions.set(value, (regions.get(value) ?? new Set()).add(region));
    }
    return regions;
  });
}
