import type { Picture, RegionView } from '../regions/snapshot.ts';

/** Whether a region has a node, may scale from none, or a NodePool may create one there; without a view of nodes, every region counts as usable. */
export function isUsable(region: RegionView, snapshot: Picture): boolean {
  const { topology, supply } = snapshot;
  if (!topology || region.elastic || topology.regions.has(region.name)) return true;
  return !region.isClosed && (supply?.regions.has(region.name) ?? false);
}
