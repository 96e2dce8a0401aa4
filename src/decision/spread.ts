import type { RegionView, Snapshot } from '../regions/snapshot.ts';
import type { Pod, SpreadConstraint } from './pod.ts';
import { admittedCells } from './reachable.ts';
import { ZONE_LABEL } from './term-regions.ts';

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
  const counted = new Map<unknown, readonly [before: number, after: number]>();
  /** Once a key: counting asks every term of the pod about every zone. */
  const domainsOf = ({ topologyKey }: SpreadConstraint) => {
    const known = counted.get(topologyKey);
    if (known) return known;
    const key = topologyKey === ZONE_LABEL ? 'zone' : 'region';
    const counts = [countDomains(before, key, pod, snapshot), countDomains(after, key, pod, snapshot)] as const;
    counted.set(topologyKey, counts);
    return counts;
  };
  return constraints.some(
    (constraint) =>
      isStrict(constraint, snapshot) &&
      (constraint.nodeAffinityPolicy === 'Ignore' || tooFewDomains(constraint, domainsOf(constraint))),
  );
}

function isStrict({ whenUnsatisfiable, topologyKey }: SpreadConstraint, snapshot: Snapshot): boolean {
  const overPlaces = topologyKey === snapshot.regionLabel || topologyKey === ZONE_LABEL;
  return overPlaces && whenUnsatisfiable === 'DoNotSchedule';
}

function tooFewDomains({ minDomains = 1 }: SpreadConstraint, [before, after]: readonly [number, number]): boolean {
  return after < minDomains && minDomains <= before;
}

/**
 * Domains that the pod's own terms admit and that have a node. Without a view of nodes a region counts as one domain:
 * rather a preference too many than a pod that never runs.
 */
function countDomains(regions: readonly RegionView[], key: 'zone' | 'region', pod: Pod, snapshot: Snapshot): number {
  if (!snapshot.topology) return regions.length;
  const names = new Set(regions.map(({ name }) => name));
  const cells = admittedCells(pod, snapshot).filter(({ region }) => region !== undefined && names.has(region));
  return new Set(cells.map((cell) => cell[key]).filter((domain) => domain !== undefined)).size;
}
