import type { Picture, RegionView } from '../regions/snapshot.ts';
import { type Ranked, rank } from './rank.ts';
import type { Reach } from './reachable.ts';
import { firstRefusal, type Reason, type Refusal } from './reasons.ts';
import { comparableReading, refusalOf } from './refuse.ts';
import { ANY_REGION } from './region-patterns.ts';
import type { Treatment } from './treatment.ts';
import { isUsable } from './usable.ts';

export interface RefusedRegion {
  readonly region: RegionView;
  readonly refusal: Refusal;
}

/** What the policy says of every region within a pod's reach. */
export interface Judgement {
  readonly treatment: Treatment;
  readonly snapshot: Picture;
  readonly reach: Reach;
  readonly denied: boolean;
  readonly reason: Reason;
  readonly refused: readonly RefusedRegion[];
  /** Where the pod may run: the acceptable regions; else the cleanest dirty one, or those that a volume holds the pod in. */
  readonly candidates: readonly RegionView[];
  readonly ranked: readonly Ranked[];
  /** Only NodePools that create no nodes now, or nobody knows where, keep it from being denied. */
  readonly awaitsPools?: true;
}

type Situation = Pick<Judgement, 'treatment' | 'snapshot' | 'reach'>;

/** Where a pod may run, best first; empty where it may run in several regions and nothing ranks them. */
export function bestFirst({ ranked, candidates }: Pick<Judgement, 'ranked' | 'candidates'>): readonly RegionView[] {
  if (ranked.length > 0) return ranked.map(({ region }) => region);
  return candidates.length === 1 ? candidates : [];
}

/**
 * Judges all regions within reach, a reach of this snapshot. Nobody is denied to whom a NodePool may bring a node in an acceptable region
 * later, or nobody knows where: these regions then count too, and the pod waits for one.
 */
export function judge(treatment: Treatment, snapshot: Picture, reach: Reach): Judgement {
  const judgement = judgeWithin(treatment, snapshot, reach);
  if (!judgement.denied) return judgement;
  const { later = [], ...now } = reach;
  const open = later.filter((region) => !refusalOf(region, treatment, snapshot));
  if (open.length === 0) return judgement;
  const regions = snapshot.regions.filter((region) => reach.regions.includes(region) || open.includes(region));
  return { ...judgeWithin(treatment, snapshot, { ...now, regions }), awaitsPools: true };
}

function judgeWithin(treatment: Treatment, snapshot: Picture, reach: Reach): Judgement {
  const base = { treatment, snapshot, reach };
  const nothing = { candidates: [], ranked: [] };
  const { refused, acceptable } = split(reach.regions, treatment, snapshot);
  if (isSovereign(treatment) && isOutside(base))
    return { ...base, ...nothing, refused, denied: true, reason: 'not_allowed' };
  if (reach.regions.length === 0) return { ...base, ...nothing, refused, denied: false, reason: 'unreachable' };
  if (acceptable.length > 0) {
    const ranked = rank(acceptable, treatment, snapshot);
    const reason = reasonToPlace(reach, treatment, snapshot);
    return { ...base, denied: false, reason, refused, candidates: acceptable, ranked };
  }
  if (isOpenOutside(refused, base)) return { ...base, ...nothing, refused, denied: false, reason: 'acceptable' };
  const stays = staying(refused, base);
  if (stays.length === 0 || loosens(stays, base)) {
    const reason = firstRefusal(refused.map(({ refusal }) => refusal)) ?? 'high_carbon';
    return { ...base, denied: true, reason, refused, candidates: [], ranked: [] };
  }
  return {
    ...base,
    denied: false,
    reason: stays.some(({ outage }) => outage?.active) ? 'outage' : 'all_dirty',
    refused: refused.filter(({ region }) => !stays.includes(region)),
    candidates: stays,
    ranked: rank(stays, treatment, snapshot),
  };
}

/** Whether the namespace or the pod says where data may live. */
export function isSovereign({ policy, podRegions }: Treatment): boolean {
  return policy.regions !== ANY_REGION || podRegions !== ANY_REGION;
}

/** A node whose region label is empty is in no region. */
export function isAllowed(region: string, { policy, podRegions }: Treatment): boolean {
  return region !== '' && policy.regions.matches(region) && podRegions.matches(region);
}

/**
 * Whether a pod has no allowed place to wait for, under a policy that says where data may live. Names are judged, with
 * Region resources or without:
 *
 * | the pod                                                              | outside |
 * | -------------------------------------------------------------------- | ------- |
 * | names a node of which nobody knows the region                        | yes     |
 * | fits nodes without a region label, and no others                     | yes     |
 * | names regions, none of them allowed                                  | yes     |
 * | names no region, and its own words leave no known one that is allowed | yes     |
 * | any other: it gets `In` the allowed names                            | no      |
 */
function isOutside({ treatment, reach }: Situation): boolean {
  if (reach.onUnknownNode || (reach.regions.length === 0 && reach.unlabelled)) return true;
  const names = reach.named ?? reach.possible.map(({ name }) => name);
  return !names.some((name) => isAllowed(name, treatment));
}

function split(regions: readonly RegionView[], treatment: Treatment, snapshot: Picture) {
  const refused: RefusedRegion[] = [];
  const acceptable: RegionView[] = [];
  for (const region of regions) {
    const refusal = refusalOf(region, treatment, snapshot);
    if (refusal) refused.push({ region, refusal });
    else acceptable.push(region);
  }
  return { refused, acceptable };
}

function reasonToPlace(reach: Reach, treatment: Treatment, snapshot: Picture): Reason {
  const blind = !treatment.systemPod && reach.regions.every((region) => !comparableReading(region, snapshot));
  return blind ? 'no_data' : 'acceptable';
}

/**
 * Whether nodes without a region label can run the pod and stay open: only `NotIn` requirements leave them open. To a pod that its volumes
 * hold no region is closed for outage or carbon, so it needs no way out.
 */
function isOpenOutside(refused: readonly RefusedRegion[], situation: Situation): boolean {
  const { treatment, reach } = situation;
  const isForbidden = refused.some(({ refusal }) => refusal === 'not_allowed' || refusal === 'too_far');
  return reach.unlabelled && !isSovereign(treatment) && !isForbidden && !isHeld(situation);
}

/**
 * What stays where nothing within reach is acceptable (first row that holds); an empty answer means denied.
 *
 * | held by its volumes | refused only for carbon | `when-all-dirty` | acceptable where its needs alone would lead      | stays              |
 * | ------------------- | ----------------------- | ---------------- | ------------------------------------------------ | ------------------ |
 * | yes                 | some                    | any              | any                                              | the cleanest       |
 * | yes                 | none                    | any              | any                                              | those in outage    |
 * | no                  | none                    | any              | any                                              | -                  |
 * | no                  | some                    | `deny`           | any                                              | -                  |
 * | no                  | some                    | `cleanest`       | yes                                              | -                  |
 * | no                  | some                    | `cleanest`       | no                                               | the cleanest       |
 */
function staying(refused: readonly RefusedRegion[], situation: Situation): readonly RegionView[] {
  const { treatment, snapshot, reach } = situation;
  const dirty = cleanestUsable(refusedFor('high_carbon', refused), snapshot);
  if (isHeld(situation)) return dirty ? [dirty] : refusedFor('outage', refused);
  if (!dirty || treatment.policy.whenAllDirty === 'deny') return [];
  return alternatives(treatment, snapshot, reach.needed).length > 0 ? [] : [dirty];
}

/** Whether volumes alone hold the pod there: they reach no better region that its own constraints exclude. */
function isHeld({ treatment, snapshot, reach }: Situation): boolean {
  const ofNamespace = withoutPodLimits(treatment);
  const leftOut = reach.heldTo?.filter((region) => !reach.regions.includes(region));
  return leftOut?.every((region) => refusalOf(region, ofNamespace, snapshot)) ?? false;
}

/** Whether the pod's own limits, or its target, would open a region that the namespace's policy alone refuses: they may only tighten. */
function loosens(stays: readonly RegionView[], { treatment, snapshot, reach }: Situation): boolean {
  const { policy, podRegions, maxIntensity } = treatment;
  const { untargeted } = reach;
  const everywhere = { treatment, snapshot, reach: { ...reach, ...untargeted } };
  if (untargeted && isOpenOutside(split(untargeted.regions, treatment, snapshot).refused, everywhere)) return true;
  if (podRegions === ANY_REGION && maxIntensity >= policy.maxIntensity) return false;
  const { candidates } = judge(withoutPodLimits(treatment), snapshot, reach);
  return !stays.every((region) => candidates.includes(region));
}

function withoutPodLimits(treatment: Treatment): Treatment {
  const { policy, maxIntensity } = treatment;
  return { ...treatment, podRegions: ANY_REGION, maxIntensity: Math.max(maxIntensity, policy.maxIntensity) };
}

function refusedFor(reason: Refusal, refused: readonly RefusedRegion[]): readonly RegionView[] {
  return refused.filter(({ refusal }) => refusal === reason).map(({ region }) => region);
}

/** A region without nodes is of no use, however clean it is. */
function cleanestUsable(regions: readonly RegionView[], snapshot: Picture): RegionView | undefined {
  const usable = regions.filter((region) => isUsable(region, snapshot));
  return cleanest(usable.length > 0 ? usable : regions, snapshot);
}

/** The region with the lowest comparable reading; regions without one come last. */
export function cleanest(regions: readonly RegionView[], snapshot: Picture): RegionView | undefined {
  const grams = (region: RegionView) => comparableReading(region, snapshot)?.gramsPerKwh ?? Number.POSITIVE_INFINITY;
  let best: RegionView | undefined;
  for (const region of regions) if (!best || grams(region) < grams(best)) best = region;
  return best;
}

/** Those of some regions that the policy accepts and that have, or may get, a node. */
export function alternatives(
  treatment: Treatment,
  snapshot: Picture,
  among: readonly RegionView[] = snapshot.regions,
): readonly RegionView[] {
  return among.filter((region) => isUsable(region, snapshot) && !refusalOf(region, treatment, snapshot));
}
