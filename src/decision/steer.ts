import { BANDS, type Band } from '../regions/band.ts';
import type { RegionView, Snapshot } from '../regions/snapshot.ts';
import type { Judgement } from './judge.ts';
import type { RegionRequirement } from './own-requirement.ts';
import type { Pod } from './pod.ts';
import type { Ranked } from './rank.ts';
import type { Refusal } from './reasons.ts';
import { refusalOf } from './refuse.ts';
import { ANY_REGION } from './region-patterns.ts';
import { breaksSpread } from './spread.ts';
import type { Treatment } from './treatment.ts';
import { isUsable } from './usable.ts';

/** What a pod should carry to follow a judgement (DESIGN 5.6). */
export interface Steering {
  readonly requirement?: RegionRequirement;
  readonly preferred: readonly { readonly region: string; readonly weight: number }[];
  readonly arch?: string;
  readonly toleratedBands: readonly Band[];
  readonly priorityClass?: 'gridgate-flexible' | 'gridgate-failover';
  /** Carbon added no requirement, since the pod's own spread could not be met on what remained. */
  readonly keptSpread: boolean;
}

/** `require` accepts a region within 10% of the best score. */
const CLOSE_TO_BEST = 0.9;
const MOST_TERMS = 5;

/** Derives what to add to pods that are not denied; `spreading`: a pod whose own spread carbon must not break. */
export function steer(judgement: Judgement, spreading?: Pod): Steering {
  const { treatment, snapshot, candidates } = judgement;
  const breaks = (after: readonly RegionView[]) =>
    spreading !== undefined && breaksSpread(spreading, withoutCarbon(judgement), after, snapshot);
  const wanted = requiredBest(judgement);
  const best = wanted && !breaks(wanted) ? wanted : undefined;
  const keptSpread = !best && breaks(candidates);
  const requirement = requirementOf(judgement, best, keptSpread);
  const arch = archOf(judgement);
  const priorityClass = priorityClassOf(judgement);
  return {
    ...(requirement && { requirement }),
    preferred: preferences(judgement, best, requirement),
    ...(arch !== undefined && { arch }),
    toleratedBands: toleratedBands(treatment),
    ...(priorityClass && { priorityClass }),
    keptSpread,
  };
}

/** The regions that `placement: require` leaves; `undefined` where only preferences are due. */
function requiredBest({ treatment, snapshot, ranked }: Judgement): readonly RegionView[] | undefined {
  if (treatment.policy.placement !== 'require' || treatment.carbonExempt) return undefined;
  const usable = ranked.filter(({ region }) => isUsable(region, snapshot));
  const limit = (usable[0]?.score ?? 0) * CLOSE_TO_BEST;
  const best = usable.filter(({ score }) => score > 0 && score >= limit).map(({ region }) => region);
  return best.length > 0 ? best : undefined;
}

/** Where the pod could run if carbon counted for nothing. */
function withoutCarbon({ candidates, refused }: Judgement): readonly RegionView[] {
  const dirty = refused.filter(({ refusal }) => refusal === 'high_carbon').map(({ region }) => region);
  return [...candidates, ...dirty];
}

/**
 * The one requirement on the region label (first row that holds):
 *
 * | case                                  | requirement      |
 * | ------------------------------------- | ---------------- |
 * | the pod's author names a target       | In target        |
 * | `placement: require`                  | In the best      |
 * | refused by sovereignty or latency     | In candidates    |
 * | held by a volume, any region so refused | In candidates: its claim may be made anew, and elsewhere |
 * | refused by outage or ceiling only     | NotIn refused: nodes without the label stay usable |
 */
function requirementOf(
  { treatment, snapshot, reach, refused, candidates }: Judgement,
  best: readonly RegionView[] | undefined,
  keptSpread: boolean,
): RegionRequirement | undefined {
  if (treatment.target !== undefined) return { operator: 'In', values: [treatment.target] };
  if (best) return { operator: 'In', values: names(best) };
  const binding = refused.filter(({ refusal }) => !(keptSpread && refusal === 'high_carbon'));
  if (
    isForeignWithin(treatment, snapshot) ||
    (reach.heldTo && snapshot.regions.some((region) => isForbidden(refusalOf(region, treatment, snapshot)))) ||
    binding.some(({ refusal }) => isForbidden(refusal))
  ) {
    if (candidates.length === 0) return undefined;
    const dirty = refused.filter((entry) => !binding.includes(entry)).map(({ region }) => region);
    return { operator: 'In', values: names([...candidates, ...dirty]) };
  }
  return binding.length === 0 ? undefined : { operator: 'NotIn', values: names(binding.map(({ region }) => region)) };
}

function isForbidden(refusal: Refusal | undefined): boolean {
  return refusal === 'not_allowed' || refusal === 'too_far';
}

/** Where data may live is said by name: nodes of a region that has no Region resource may be outside as well. */
function isForeignWithin({ policy, podRegions }: Treatment, { topology, byName }: Snapshot): boolean {
  if (policy.regions === ANY_REGION && podRegions === ANY_REGION) return false;
  const isForeign = (name: string) => !byName.has(name) && !(policy.regions.matches(name) && podRegions.matches(name));
  return [...(topology?.zonesByRegion.keys() ?? [])].some(isForeign);
}

function names(regions: readonly RegionView[]): readonly string[] {
  return regions.map(({ name }) => name).sort();
}

function preferences(
  { treatment, ranked, reach }: Judgement,
  best: readonly RegionView[] | undefined,
  requirement: RegionRequirement | undefined,
): Steering['preferred'] {
  const settled = requirement?.operator === 'In' && requirement.values.length === 1;
  if (treatment.policy.placement === 'none' || settled || reach.regions.length === 1) return [];
  const terms = best ? ranked.filter(({ region }) => best.includes(region)) : ranked;
  return terms
    .slice(0, MOST_TERMS)
    .map(({ region, termWeight }: Ranked) => ({ region: region.name, weight: termWeight }));
}

/** While home's electricity is not clean, the frugal architecture is preferred. */
function archOf({ treatment, snapshot }: Judgement): string | undefined {
  const { preferArch, homeRegion } = treatment.policy;
  if (preferArch === undefined || homeRegion === undefined) return undefined;
  const band = snapshot.byName.get(homeRegion)?.band;
  return band !== undefined && band !== 'low' ? preferArch : undefined;
}

function toleratedBands({ policy, podClass }: Treatment): readonly Band[] {
  const ofClass = podClass === 'flexible' ? BANDS.filter((band) => band !== 'high') : BANDS;
  const { tolerate } = policy;
  return tolerate ? ofClass.filter((band) => tolerate.includes(band)) : ofClass;
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
