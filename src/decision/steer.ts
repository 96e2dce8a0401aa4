import type { Band } from '../regions/band.ts';
import type { RegionView, Snapshot } from '../regions/snapshot.ts';
import { isAllowed, isSovereign, type Judgement, type RefusedRegion } from './judge.ts';
import type { RegionRequirement } from './own-requirement.ts';
import { placementOf, usableRanked } from './placement.ts';
import type { Pod } from './pod.ts';
import type { Refusal } from './reasons.ts';
import { refusalOf } from './refuse.ts';
import { breaksSpread } from './spread.ts';
import { bandsToTolerate } from './tolerated-bands.ts';

/** What a pod should carry to follow a judgement. */
export interface Steering {
  readonly requirement?: RegionRequirement;
  readonly preferred: readonly { readonly region: string; readonly weight: number }[];
  readonly arch?: string;
  readonly toleratedBands: readonly Band[];
  readonly priorityClass?: 'gridgate-flexible' | 'gridgate-failover';
  /** Carbon added no requirement, because the pod's own spread could not have been met in the regions that were left. */
  readonly keptSpread: boolean;
  /** Sovereignty, latency or outage leave too few regions for the spread; they never give way. */
  readonly lostSpread?: true;
}

/** A pod that spreads, and the nodes that it spreads over. */
interface Spreading {
  readonly pod: Pod;
  readonly snapshot: Snapshot;
}

const MOST_WEIGHT = 100;
const MOST_TERMS = 5;

/** Derives what to add to pods that are not denied; `spreading`: a pod whose own spread carbon must not break. */
export function steer(judgement: Judgement, spreading?: Spreading): Steering {
  const { treatment, snapshot, candidates } = judgement;
  const left = withoutCarbon(judgement);
  const breaks = (after: readonly RegionView[], before = left) =>
    spreading !== undefined && breaksSpread(spreading.pod, before, after, spreading.snapshot);
  const wanted = placementOf(judgement).best?.map(({ region }) => region);
  const best = wanted && !breaks(wanted) ? wanted : undefined;
  const keptSpread = !best && breaks(candidates);
  const requirement = requirementOf(judgement, best, closedRegions(judgement, keptSpread));
  const arch = archOf(judgement);
  const priorityClass = priorityClassOf(judgement);
  return {
    ...(requirement && { requirement }),
    preferred: preferences(judgement, best, requirement),
    ...(arch !== undefined && { arch }),
    toleratedBands: bandsToTolerate(treatment, snapshot),
    ...(priorityClass && { priorityClass }),
    keptSpread,
    ...(breaks(left, judgement.reach.regions) && { lostSpread: true as const }),
  };
}

/**
 * What pods get that are to wait: sovereignty and latency alone, which no later decision loosens. Outage, ceiling and ranking are for the
 * moment at which they start.
 */
export function steerWaiting(judgement: Judgement): Steering {
  const forbidden = closedRegions(judgement, false).filter(({ refusal }) => isForbidden(refusal));
  const requirement = requirementOf(judgement, undefined, forbidden);
  const priorityClass = priorityClassOf(judgement);
  return {
    ...(requirement && { requirement }),
    preferred: [],
    toleratedBands: [],
    ...(priorityClass && { priorityClass }),
    keptSpread: false,
  };
}

/** Where the pod could run if carbon counted for nothing. */
function withoutCarbon({ candidates, refused }: Judgement): readonly RegionView[] {
  const dirty = refused.filter(({ refusal }) => refusal === 'high_carbon').map(({ region }) => region);
  return [...candidates, ...dirty];
}

/**
 * The one requirement on the region label (first row that holds); none where the pod's own words say as much:
 *
 * | case                                                                 | requirement       |
 * | -------------------------------------------------------------------- | ----------------- |
 * | the pod's author names a target                                      | In target         |
 * | `placement: require`, or `auto` that comes to it                      | In the best       |
 * | the policy says where data may live, or a region that the pod's words admit is too far | In those of them that are acceptable, with nodes or without |
 * | one that its words admit, and its volumes too, is refused by outage or ceiling | NotIn these: nodes without the label stay usable |
 * | one is too far, but only nodes without the label are left to the pod | NotIn it: of theirs nobody knows how far they are |
 *
 * Regions count that have no node for the pod now: one may come while it waits. A claim may be made anew, and elsewhere.
 */
function requirementOf(
  judgement: Judgement,
  best: readonly RegionView[] | undefined,
  closed: readonly RefusedRegion[],
): RegionRequirement | undefined {
  const { treatment, snapshot, reach, candidates } = judgement;
  if (treatment.target !== undefined) return { operator: 'In', values: [treatment.target] };
  if (best) return { operator: 'In', values: names(best) };
  const isOnlyUnlabelled = candidates.length === 0 && reach.unlabelled;
  if (isSovereign(treatment) || (closed.some(({ refusal }) => isForbidden(refusal)) && !isOnlyUnlabelled)) {
    const shut = new Set(closed.map(({ region }) => region));
    const open = names(reach.possible.filter((region) => !shut.has(region)));
    const unknown = (reach.named ?? []).filter((name) => !snapshot.byName.has(name) && isAllowed(name, treatment));
    const values = [...open, ...unknown].sort();
    const saysNothing = values.length === 0 || reach.named?.every((name) => values.includes(name));
    return saysNothing ? undefined : { operator: 'In', values };
  }
  const { heldTo } = reach;
  const refused = closed.map(({ region }) => region).filter((region) => heldTo?.includes(region) ?? true);
  return refused.length > 0 ? { operator: 'NotIn', values: names(refused) } : undefined;
}

/** The refused regions that the pod's own words admit, without those that it may go to all the same. */
function closedRegions(
  { treatment, snapshot, reach, candidates, refused, reason }: Judgement,
  keptSpread: boolean,
): readonly RefusedRegion[] {
  const all = reach.possible === reach.regions ? refused : refusedAmong(reach.possible);
  const gives = (refusal: Refusal) => reason === 'unreachable' || (keptSpread && refusal === 'high_carbon');
  return all.filter(({ refusal }) => isForbidden(refusal) || !gives(refusal));

  function refusedAmong(regions: readonly RegionView[]): readonly RefusedRegion[] {
    const stays = new Set(candidates);
    return regions.flatMap((region) => {
      const refusal = stays.has(region) ? undefined : refusalOf(region, treatment, snapshot);
      return refusal ? [{ region, refusal }] : [];
    });
  }
}

function isForbidden(refusal: Refusal): boolean {
  return refusal === 'not_allowed' || refusal === 'too_far';
}

function names(regions: readonly RegionView[]): readonly string[] {
  return regions.map(({ name }) => name).sort();
}

function preferences(
  judgement: Judgement,
  best: readonly RegionView[] | undefined,
  requirement: RegionRequirement | undefined,
): Steering['preferred'] {
  const { treatment, ranked, reach } = judgement;
  const settled = requirement?.operator === 'In' && requirement.values.length === 1;
  if (treatment.policy.placement === 'none' || settled || reach.regions.length === 1) return [];
  const terms = best ? ranked.filter(({ region }) => best.includes(region)) : ranked;
  const equals = usableRanked(judgement).slice(0, treatment.policy.spread ?? 0);
  return terms
    .slice(0, MOST_TERMS)
    .map((one) => ({ region: one.region.name, weight: equals.includes(one) ? MOST_WEIGHT : one.termWeight }));
}

/** While home's electricity is not clean, the frugal architecture is preferred. */
function archOf({ treatment, snapshot }: Judgement): string | undefined {
  const { preferArch, homeRegion } = treatment.policy;
  if (preferArch === undefined || homeRegion === undefined) return undefined;
  const band = snapshot.byName.get(homeRegion)?.band;
  return band !== undefined && band !== 'low' ? preferArch : undefined;
}

function priorityClassOf({ treatment, refused, candidates }: Judgement): Steering['priorityClass'] | undefined {
  const { policy, podClass, systemPod } = treatment;
  if (policy.priority === 'none' || systemPod) return undefined;
  if (podClass === 'flexible') return 'gridgate-flexible';
  const failover = podClass === 'critical' && policy.priority === 'failover';
  // A region in outage stays where a volume holds the pod: what is left of it goes to who needs it most.
  const isDown = candidates.some(({ outage }) => outage?.active) || refused.some(({ refusal }) => refusal === 'outage');
  return failover && isDown ? 'gridgate-failover' : undefined;
}
