import type { NodeFacts } from '../../regions/node-facts.ts';
import { poolPlaces, regionsOfPools } from '../../regions/pool-places.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import { type RegionOfZone, rememberZones, zoneRegions } from '../../regions/zone-regions.ts';
import type { CarbonPool } from './carbon-pool.ts';

/** Where the nodes of NodePools are, or would be, as far as a cluster tells. */
export interface Places {
  readonly regionOfZone: RegionOfZone;
  /** The regions of a pool; `undefined`: nothing tells. */
  regionsOf(pool: Pick<CarbonPool, 'name' | 'facts' | 'status'>): readonly string[] | undefined;
}

/**
 * The regions of a pool, by the first that tells: its own words; the nodes that it has; where it was judged before, so that a
 * pool does not lose its place with its last node; the only region that there is.
 */
export function findPlaces(nodes: readonly NodeFacts[], { regions, regionLabel }: Snapshot): Places {
  const names = regions.map(({ name }) => name);
  const regionOfZone = rememberZones(zoneRegions(nodes, names));
  const ofNodes = regionsOfPools(nodes);
  return {
    regionOfZone,
    regionsOf({ name, facts, status }) {
      const { regions: own = [], unknownZones } = poolPlaces(facts, regionLabel, regionOfZone);
      const before = Object.keys(status?.readings ?? {});
      // A zone of which nobody knows the region any more may be in one where the pool was judged before.
      const named = own.length > 0 && unknownZones.length > 0 ? [...new Set([...own, ...before])] : own;
      const only = names.length === 1 ? names : [];
      return [named, [...(ofNodes.get(name) ?? [])].sort(), before, only].find((one) => one.length > 0);
    },
  };
}
