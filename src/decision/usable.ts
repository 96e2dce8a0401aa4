import type { Picture, RegionView } from '../regions/snapshot.ts';

/** Whether a region has a node, may scale from none, or a NodePool may create one there; without a view of nodes, every region counts as usable. */
export function isUsable(region: RegionView, snapshot: Picture): boolean {
  const { topology, supply } = snapshot;
  return (
    !topology || region.elastic || topology.regions.has(region.name) || (supply?.regions.has(region.name) ?? false)
  );
}
