import { LRUCache } from 'lru-cache';
import type { RegionView, Snapshot } from '../regions/snapshot.ts';
import type { NodeFacts } from '../regions/topology.ts';
import { isEmptyTerm, type Requirement, satisfies } from './node-selector.ts';
import { withoutOwn } from './own-requirement.ts';
import { type Pod, requiredTerms } from './pod.ts';
import { createMemory, remember } from './remember.ts';
import {
  type Alternative,
  HOSTNAME_LABEL,
  isFree,
  MOST_NODES_ASKED,
  regionsOf,
  requirementsOf,
  toAlternative,
  ZONE_LABEL,
} from './term-regions.ts';
import { regionsOfVolumes } from './volume-regions.ts';
import type { VolumeTerms } from './volume-terms.ts';

/** Where a pod can run before any policy. `all`: nothing of its own says where. One object for equal reaches of a snapshot. */
export interface Reach {
  readonly all: boolean;
  readonly regions: readonly RegionView[];
  /** Where the pod's volumes alone let it run; absent where none of them says. */
  readonly heldTo?: readonly RegionView[];
}

interface ReachOptions {
  readonly target?: string | undefined;
  /** Also counts requirements that gridgate added: for a final pod, which nothing can steer any more. */
  readonly asIs?: boolean;
  /** Bound volumes: where each of them is, the pod must be. */
  readonly volumes?: readonly VolumeTerms[] | undefined;
}

/** The regions that `nodeName`, a target region, the node selector, the required terms and bound volumes leave (DESIGN 5.2). */
export function reachableRegions(
  pod: Pod,
  snapshot: Snapshot,
  { target, asIs = false, volumes }: ReachOptions = {},
): Reach {
  const heldTo = volumes && volumes.length > 0 ? regionsOfVolumes(volumes, snapshot) : undefined;
  if (pod.spec?.nodeName) return reachOfNode(pod.spec.nodeName, snapshot, heldTo);
  if (target === undefined && !pod.spec?.nodeSelector && !pod.spec?.affinity?.nodeAffinity) {
    return unconstrainedReach(snapshot, heldTo);
  }
  const alternatives = alternativesOf(pod, snapshot.regionLabel, asIs);
  if (target === undefined && alternatives.some(isFree)) return unconstrainedReach(snapshot, heldTo);
  const budget = { nodesLeft: MOST_NODES_ASKED };
  const names = new Set(alternatives.flatMap((alternative) => regionsOf(alternative, snapshot, budget)));
  const regions = regionsNamed(
    target === undefined ? names : new Set([target].filter((name) => names.has(name))),
    snapshot,
  );
  return reachOf(snapshot, heldTo ? regions.filter((region) => heldTo.includes(region)) : regions, heldTo);
}

/** Sorted by name. */
function regionsNamed(names: ReadonlySet<string>, { byName, regions }: Snapshot): readonly RegionView[] {
  if (names.size > FEW_REGIONS) return regions.filter(({ name }) => names.has(name));
  return [...names].sort().flatMap((name) => byName.get(name) ?? []);
}

/** Pods of a cluster share few reaches, most of them the whole one: what was judged for one serves the next. */
const whole = createMemory<Snapshot, Reach>();
const parts = createMemory<Snapshot, LRUCache<string, Reach>>();
const MOST_PARTS = 500;
/** So many are cheaper to sort than all regions to walk. */
const FEW_REGIONS = 8;

function unconstrainedReach(snapshot: Snapshot, heldTo: Reach['heldTo']): Reach {
  if (heldTo) return reachOf(snapshot, heldTo, heldTo);
  return remember(whole, snapshot, () => ({ all: true, regions: snapshot.regions }));
}

function reachOf(snapshot: Snapshot, regions: readonly RegionView[], heldTo: Reach['heldTo']): Reach {
  const ofSnapshot = remember(parts, snapshot, () => new LRUCache<string, Reach>({ max: MOST_PARTS }));
  const key = heldTo ? `${namesOf(regions)}|${namesOf(heldTo)}` : namesOf(regions);
  let reach = ofSnapshot.get(key);
  if (!reach) {
    reach = { all: false, regions, ...(heldTo && { heldTo }) };
    ofSnapshot.set(key, reach);
  }
  return reach;
}

function namesOf(regions: readonly RegionView[]): string {
  return regions.map(({ name }) => name).join();
}

/**
 * No scheduler asks anything of a pod that names its node: whatever else it claims, this is where it runs. A volume that
 * cannot be reached from there holds nothing.
 */
function reachOfNode(nodeName: string, snapshot: Snapshot, heldTo: Reach['heldTo']): Reach {
  const name = snapshot.topology?.byName.get(nodeName)?.region;
  const region = name === undefined ? undefined : snapshot.byName.get(name);
  if (!region) return reachOf(snapshot, [], undefined);
  return reachOf(snapshot, [region], heldTo?.includes(region) ? heldTo : undefined);
}

/** Terms are ORed, expressions ANDed, and the node selector counts in each. */
function alternativesOf(pod: Pod, regionLabel: string, asIs: boolean): readonly Alternative[] {
  const selector = selectorRequirements(pod, regionLabel);
  const written = requiredTerms(pod);
  const terms = written && !asIs ? withoutOwn(written) : written;
  if (!terms) return [toAlternative(selector, regionLabel)];
  return terms
    .filter((term) => !isEmptyTerm(term))
    .map((term) => toAlternative([...selector, ...requirementsOf(term)], regionLabel));
}

function selectorRequirements(pod: Pod, regionLabel: string): Requirement[] {
  const selector = pod.spec?.nodeSelector;
  if (!selector) return [];
  return [regionLabel, ZONE_LABEL, HOSTNAME_LABEL]
    .filter((key) => Object.hasOwn(selector, key))
    .map((key) => ({ key, operator: 'In', values: [String(selector[key])] }));
}

/** One node for every region and zone in which the pod's own terms, as far as region and zone go, let it run. */
export function admittedCells(pod: Pod, snapshot: Snapshot): readonly NodeFacts[] {
  const alternatives = alternativesOf(pod, snapshot.regionLabel, false);
  const cells = snapshot.topology?.cells ?? [];
  return cells.filter(({ region, zone }) =>
    alternatives.some(
      (alternative) =>
        alternative.region.every((requirement) => satisfies(requirement, region)) &&
        alternative.node.every((requirement) => requirement.key !== ZONE_LABEL || satisfies(requirement, zone)),
    ),
  );
}
