import { ZONE_LABEL } from '../units/label-names.ts';
import type { NodeFacts } from './node-facts.ts';

/** Which region a zone lies in; `undefined` where nothing tells. */
export type RegionOfZone = (zone: string) => string | undefined;

/** What clouds put behind a region's name: `a` (AWS), `-b` (Google), `-1` (Azure), `-bos-1a` (AWS Local Zones). */
const REST_OF_ZONE = /^(?:[a-z]|-[a-z0-9-]+)$/;

/**
 * By the first that tells: a node that carries both labels; the longest known region of whose name the zone's is made, as AWS, Google
 * and Azure name them.
 */
export function zoneRegions(
  nodes: Iterable<Pick<NodeFacts, 'region' | 'labels'>>,
  regions: Iterable<string>,
): RegionOfZone {
  const seen = zonesOf(nodes);
  const longestFirst = [...regions].sort((a, b) => b.length - a.length);
  return (zone) =>
    seen.get(zone) ?? longestFirst.find((name) => zone.startsWith(name) && REST_OF_ZONE.test(zone.slice(name.length)));
}

/** The zones that nodes with both labels carry, and the region of each. */
export function zonesOf(nodes: Iterable<Pick<NodeFacts, 'region' | 'labels'>>): ReadonlyMap<string, string> {
  const seen = new Map<string, string>();
  for (const { region, labels } of nodes) {
    const zone = labels[ZONE_LABEL];
    if (zone !== undefined && region !== undefined) seen.set(zone, region);
  }
  return seen;
}

/** The same, looked up once for each zone: thousands of offerings and pools are in a few. For zones that no pod's author names. */
export function rememberZones(regionOfZone: RegionOfZone): RegionOfZone {
  const known = new Map<string, string | undefined>();
  return (zone) => {
    if (!known.has(zone)) known.set(zone, regionOfZone(zone));
    return known.get(zone);
  };
}
