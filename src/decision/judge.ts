import type { RegionView, Snapshot } from '../regions/snapshot.ts';
import { type Ranked, rank } from './rank.ts';
import type { Reach } from './reachable.ts';
import { firstRefusal, type Reason, type Refusal } from './reasons.ts';
import { comparableReading, refusalOf } from './refuse.ts';
import { ANY_REGION } from './region-patterns.ts';
import type { Treatment } from './treatment.ts';

export interface RefusedRegion {
  readonly region: RegionView;
  readonly refusal: Refusal;
}

/** What the policy says of every region within a pod's reach (DESIGN 5.3 to 5.5). */
export interface Judgement {
  readonly treatment: Treatment;
  readonly snapshot: Snapshot;
  readonly reach: Reach;
  readonly denied: boolean;
  readonly reason: Reason;
  readonly refused: readonly RefusedRegion[];
  /** Where the pod may run; one that is refused for carbon alone when all are dirty. */
  readonly candidates: readonly RegionView[];
  readonly ranked: readonly Ranked[];
}

/** Judges all regions within reach, a reach of this snapshot. */
export function judge(treatment: Treatment, snapshot: Snapshot, reach: Reach): Judgement {
  const base = { treatment, snapshot, reach };
  const nothing = { refused: [], candidates: [], ranked: [] };
  if (reach.regions.length === 0) return { ...base, ...nothing, denied: false, reason: 'unreachable' };
  const { refused, acceptable } = split(reach.regions, treatment, snapshot);
  if (acceptable.length > 0) {
    const ranked = rank(acceptable, treatment, snapshot);
    const reason = reasonToPlace(reach, treatment, snapshot);
    return { ...base, denied: false, reason, refused, candidates: acceptable, ranked };
  }
  const kept = cleanestUsable(onlyForCarbon(refused), snapshot);
  if (!kept || isDenied(treatment, snapshot, reach) || loosens(kept, treatment, snapshot, reach)) {
    const reason = firstRefusal(refused.map(({ refusal }) => refusal)) ?? 'high_carbon';
    return { ...base, denied: true, reason, refused, candidates: [], ranked: [] };
  }
  return {
    ...base,
    denied: false,
    reason: 'all_dirty',
    refused: refused.filter(({ region }) => region !== kept),
    candidates: [kept],
    ranked: rank([kept], treatment, snapshot),
  };
}

function split(regions: readonly RegionView[], treatment: Treatment, snapshot: Snapshot) {
  const refused: RefusedRegion[] = [];
  const acceptable: RegionView[] = [];
  for (const region of regions) {
    const refusal = refusalOf(region, treatment, snapshot);
    if (refusal) refused.push({ region, refusal });
    else acceptable.push(region);
  }
  return { refused, acceptable };
}

function reasonToPlace(reach: Reach, treatment: Treatment, snapshot: Snapshot): Reason {
  const blind = !treatment.systemPod && reach.regions.every((region) => !comparableReading(region, snapshot));
  return blind ? 'no_data' : 'acceptable';
}

/**
 * Nothing within reach is acceptable, something only for carbon. Denied (first row that holds), or nowhere cleaner to go?
 *
 * | `when-all-dirty` | acceptable elsewhere, out of the pod's own reach | denied |
 * | ---------------- | ------------------------------------------------ | ------ |
 * | `deny`           | any                                              | yes    |
 * | `cleanest`       | yes                                              | yes    |
 * | `cleanest`       | no                                               | no     |
 */
function isDenied(treatment: Treatment, snapshot: Snapshot, reach: Reach): boolean {
  if (treatment.policy.whenAllDirty === 'deny') return true;
  return !reach.all && alternatives(treatment, snapshot).length > 0;
}

/** Whether the region that stays is one that the namespace alone would not have left: limits of its own loosen nothing. */
function loosens(kept: RegionView, treatment: Treatment, snapshot: Snapshot, reach: Reach): boolean {
  const { policy, podRegions, maxIntensity } = treatment;
  if (podRegions === ANY_REGION && maxIntensity >= policy.maxIntensity) return false;
  const ceiling = Math.max(maxIntensity, policy.maxIntensity);
  const ofNamespace = { ...treatment, podRegions: ANY_REGION, maxIntensity: ceiling };
  return !judge(ofNamespace, snapshot, reach).candidates.includes(kept);
}

function onlyForCarbon(refused: readonly RefusedRegion[]): readonly RegionView[] {
  return refused.filter(({ refusal }) => refusal === 'high_carbon').map(({ region }) => region);
}

/** A region without nodes is nowhere to go, however clean. */
function cleanestUsable(regions: readonly RegionView[], snapshot: Snapshot): RegionView | undefined {
  const usable = regions.filter((region) => isUsable(region, snapshot));
  return cleanest(usable.length > 0 ? usable : regions, snapshot);
}

/** The region with the lowest comparable reading; regions without one come last. */
export function cleanest(regions: readonly RegionView[], snapshot: Snapshot): RegionView | undefined {
  const grams = (region: RegionView) => comparableReading(region, snapshot)?.gramsPerKwh ?? Number.POSITIVE_INFINITY;
  let best: RegionView | undefined;
  for (const region of regions) if (!best || grams(region) < grams(best)) best = region;
  return best;
}

/** Every region that the policy accepts and that has, or may get, a node: where a pod without constraints could go. */
export function alternatives(treatment: Treatment, snapshot: Snapshot): readonly RegionView[] {
  return snapshot.regions.filter((region) => isUsable(region, snapshot) && !refusalOf(region, treatment, snapshot));
}

/** Whether a region has a node or may scale from none; without a view of nodes, every region counts as usable. */
export function isUsable(region: RegionView, snapshot: Snapshot): boolean {
  return !snapshot.topology || region.elastic || snapshot.topology.zonesByRegion.has(region.name);
}
