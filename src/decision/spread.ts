import type { RegionView, Snapshot } from '../regions/snapshot.ts';
import type { Pod, SpreadConstraint } from './pod.ts';
import { ZONE_LABEL } from './reachable.ts';

/**
 * Whether a spread over regions or zones that the pod insists on could be met in `before` but not in `after`, the
 * regions that a requirement of ours would leave. The scheduler counts only domains that the pod's affinity admits,
 * with two exceptions: it wants `minDomains` of them, and `nodeAffinityPolicy: Ignore` counts every domain.
 */
export function breaksSpread(
  pod: Pod,
  before: readonly RegionView[],
  after: readonly RegionView[],
  snapshot: Snapshot,
): boolean {
  if (before.length === after.length) return false;
  const constraints = pod.spec?.topologySpreadConstraints ?? [];
  return constraints.some(
    (constraint) =>
      isStrict(constraint, snapshot) &&
      (constraint.nodeAffinityPolicy === 'Ignore' || tooFewDomains(constraint, before, after, snapshot)),
  );
}

function isStrict({ whenUnsatisfiable, topologyKey }: SpreadConstraint, snapshot: Snapshot): boolean {
  const overPlaces = topologyKey === snapshot.regionLabel || topologyKey === ZONE_LABEL;
  return overPlaces && whenUnsatisfiable === 'DoNotSchedule';
}

function tooFewDomains(
  { minDomains = 1, topologyKey }: SpreadConstraint,
  before: readonly RegionView[],
  after: readonly RegionView[],
  snapshot: Snapshot,
): boolean {
  const domains = (regions: readonly RegionView[]) =>
    topologyKey === ZONE_LABEL ? countZones(regions, snapshot) : regions.length;
  return domains(after) < minDomains && minDomains <= domains(before);
}

/** Without a view of nodes a region counts as one zone: rather a preference too many than a pod that never runs. */
function countZones(regions: readonly RegionView[], { topology }: Snapshot): number {
  return regions.reduce((sum, { name }) => sum + (topology?.zonesByRegion.get(name)?.size ?? 1), 0);
}
