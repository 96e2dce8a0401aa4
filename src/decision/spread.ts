import { labelOf, type NodeFacts } from '../regions/node-facts.ts';
import type { RegionView, Snapshot } from '../regions/snapshot.ts';
import type { Topology } from '../regions/topology.ts';
import { ZONE_LABEL } from '../units/label-names.ts';
import { type Alternative, alternativesOf, NODE_NAME } from './asks.ts';
import { satisfies } from './node-selector.ts';
import type { Pod, SpreadConstraint } from './pod.ts';

/** Names from before Kubernetes 1.17. */
const OLD_PLACE_LABELS: ReadonlySet<string> = new Set([
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
]);

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
  /** Counted once a key, since counting compares every term of the pod with every zone. */
  const domainsOf = ({ topologyKey }: SpreadConstraint) => {
    const known = counted.get(topologyKey);
    if (known) return known;
    const count = (regions: readonly RegionView[]) => countDomains(regions, topologyKey ?? '', pod, snapshot);
    const counts = [count(before), count(after)] as const;
    counted.set(topologyKey, counts);
    return counts;
  };
  return constraints.some(
    (constraint) =>
      isStrict(constraint, snapshot) &&
      (constraint.nodeAffinityPolicy === 'Ignore' || tooFewDomains(constraint, domainsOf(constraint))),
  );
}

/**
 * The spread over regions and zones that a pod insists on, as text; empty where it may run unspread. In one view of nodes
 * `breaksSpread` has one answer for pods with equal texts. It is JSON because authors write parts of it: nothing they write
 * may look like another pod's constraints.
 */
export function insistedSpread(pod: Pod, snapshot: Snapshot): string {
  const constraints = pod.spec?.topologySpreadConstraints;
  if (!Array.isArray(constraints)) return '';
  const strict = constraints.filter((constraint) => constraint && isStrict(constraint, snapshot));
  if (strict.length === 0) return '';
  const insisted = strict.map(({ topologyKey, minDomains, nodeAffinityPolicy }: SpreadConstraint) => ({
    topologyKey,
    minDomains,
    nodeAffinityPolicy,
  }));
  return JSON.stringify([insisted, alternativesOf(pod, false)]);
}

function isStrict({ whenUnsatisfiable, topologyKey = '' }: SpreadConstraint, { regionLabel }: Snapshot): boolean {
  const overPlaces = topologyKey === regionLabel || topologyKey === ZONE_LABEL || OLD_PLACE_LABELS.has(topologyKey);
  return overPlaces && whenUnsatisfiable === 'DoNotSchedule';
}

function tooFewDomains({ minDomains = 1 }: SpreadConstraint, [before, after]: readonly [number, number]): boolean {
  return after < minDomains && minDomains <= before;
}

/**
 * Domains that the pod's own terms admit and that have a node. Without a view of nodes a region counts as one domain:
 * rather a preference too many than a pod that never runs.
 */
function countDomains(regions: readonly RegionView[], label: string, pod: Pod, snapshot: Snapshot): number {
  if (!snapshot.topology) return regions.length;
  const names = new Set(regions.map(({ name }) => name));
  const alternatives = alternativesOf(pod, false);
  const isIndividual = snapshot.topology.individual.has(label);
  const domains = snapshot.topology.classes
    .filter(
      ({ region, labels }) =>
        region !== undefined && names.has(region) && mayMatch(alternatives, labels, snapshot.topology),
    )
    .flatMap((one) => (isIndividual ? one.nodes : [one]).map(({ labels }) => labels[label]));
  return new Set(domains.filter((domain) => domain !== undefined)).size;
}

/** Labels that tell single nodes apart, and node names, are not compared. */
function mayMatch(
  alternatives: readonly Alternative[],
  labels: NodeFacts['labels'],
  topology: Topology | undefined,
): boolean {
  return alternatives.some((alternative) =>
    alternative.every(
      (one) => one.key === NODE_NAME || topology?.individual.has(one.key) || satisfies(one, labelOf(labels, one.key)),
    ),
  );
}
