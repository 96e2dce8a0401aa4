import { ZONE_LABEL } from '../units/label-names.ts';
import type { NodeFacts } from './node-facts.ts';
import { labelInPools, NODE_POOL_LABEL, type NodePoolFacts, type PoolRequirement } from './node-pool.ts';
import type { RegionOfZone } from './zone-regions.ts';

/** Where the nodes of a NodePool will be, as far as its own words say it. */
export interface PoolPlaces {
  /** Of which it may create nodes; `undefined`: it names none, neither itself nor by zones. */
  readonly regions: readonly string[] | undefined;
  /** `undefined`: it names none. */
  readonly zones: readonly string[] | undefined;
  /** Zones that it names of which nobody knows the region. */
  readonly unknownZones: readonly string[];
}

/** Reads a pool's labels and its requirements on region and zone. */
export function poolPlaces(pool: NodePoolFacts, regionLabel: string, regionOfZone: RegionOfZone): PoolPlaces {
  const zones = valuesLeft(pool, ZONE_LABEL);
  const named = valuesLeft(pool, regionLabel);
  const ofZones = zones?.map(regionOfZone);
  const regions = named ?? ofZones?.filter((region) => region !== undefined);
  return {
    regions: regions && [...new Set(regions)],
    zones,
    unknownZones: zones?.filter((_, index) => ofZones?.[index] === undefined) ?? [],
  };
}

/** Whether a pool says anything of a label, by this name or the one from before. */
export function speaksOf({ labels, requirements }: SaysOfLabels, label: string): boolean {
  const isIt = (key: string) => labelInPools(key) === labelInPools(label);
  return Object.keys(labels).some(isIt) || requirements.some(({ key }) => isIt(key));
}

type SaysOfLabels = Pick<NodePoolFacts, 'labels' | 'requirements'>;

/** The values that a label of the pool's nodes can have, by either name; `undefined` where they are not listed. */
export function valuesLeft({ labels, requirements }: SaysOfLabels, label: string): readonly string[] | undefined {
  const isIt = (key: string) => labelInPools(key) === labelInPools(label);
  const onKey = requirements.filter(({ key }) => isIt(key));
  const given = Object.keys(labels).find(isIt);
  const lists = onKey.filter(({ operator }) => operator === 'In').map(({ values = [] }) => values);
  const [first, ...others] = given === undefined ? lists : [[labels[given] ?? ''], ...lists];
  const isOut = (value: string) => onKey.some((one) => one.operator === 'NotIn' && hasValue(one, value));
  return first?.filter((value) => others.every((list) => list.includes(value)) && !isOut(value));
}

function hasValue({ values = [] }: PoolRequirement, value: string): boolean {
  return values.includes(value);
}

/** The regions in which a NodePool has nodes, by its name. */
export function regionsOfPools(
  nodes: Iterable<Pick<NodeFacts, 'region' | 'labels'>>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const regions = new Map<string, Set<string>>();
  for (const { region, labels } of nodes) {
    const pool = labels[NODE_POOL_LABEL];
    if (pool && region !== undefined) regions.set(pool, (regions.get(pool) ?? new Set()).add(region));
  }
  return regions;
}
