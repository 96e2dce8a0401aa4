import type { Picture, RegionView } from '../regions/snapshot.ts';

/** Whether a region has a node or may scale from none; without a view of nodes, every region counts as usable. */
export function isUsable(region: RegionView, snapshot: Picture): boolean {
  return !snapshot.topology || region.elastic || snapshot.topology.regions.has(region.name);
}
