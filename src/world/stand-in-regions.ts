import { CLOUD_ZONES } from '../regions/cloud-zones.ts';
import type { ObservedRegion } from '../regions/observed-region.ts';

/** The regions that nodes are in; where no node is known, all regions of the public clouds: with the yearly averages of their zones. */
export function standInRegions(ofNodes: Iterable<string>): {
  readonly regions: readonly ObservedRegion[];
  readonly note: string;
} {
  const names = [...new Set(ofNodes)];
  if (names.length > 0)
    return {
      regions: names.map(named),
      note: 'no Regions are given (--regions): yearly averages of the regions of the nodes stand in',
    };
  const all = [...CLOUD_ZONES.keys()];
  const note = `no Regions are given: the yearly averages of all ${all.length} known regions of public clouds stand in; name yours with --regions`;
  return { regions: all.map(named), note };
}

function named(name: string): ObservedRegion {
  return { metadata: { name }, spec: {} };
}
