import type { RegionView, Snapshot } from '../regions/snapshot.ts';
import { type Ranked, rank } from './rank.ts';
import type { Reach } from './reachable.ts';
import { firstRefusal, type Reason, type Refusal } from './reasons.ts';
import { comparableReading, refusalOf } from './refuse.ts';
import { remember } from './remember.ts';
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

/** Judgements of pods without constraints of their own: most pods, so remembered for as long as their snapshot lives. */
const remembered = new WeakMap<Snapshot, WeakMap<Treatment, Judgement>>();

/** Judges all regions within reach. Pure: remembering only saves work. */
export function judge(treatment: Treatment, snapshot: Snapshot, reach: Reach): Judgement {
  if (!reach.all) return judgeAfresh(treatment, snapshot, reach);
  const ofSnapshot = remember(remembered, snapshot, () => new WeakMap<Treatment, Judgement>());
  return remember(ofSnapshot, treatment, () => judgeAfresh(treatment, snapshot, reach));
}

function judgeAfresh(treatment: Treatment, snapshot: Snapshot, reach: Reach): Judgement {
  const base = { treatment, snapshot, reach };
  const nothing = { refused: [], candidates: [], ranked: [] };
  if (reach.regions.length === 0) return { ...base, ...nothing, denied: false, reason: 'unreachable' };
  const { refused, acceptable } = split(reach.regions, treatment, snapshot);
  if (acceptable.length > 0) {
    const ranked = rank(acceptable, treatment, snapshot);
    const reason = reasonToPlace(acceptable, treatment, snapshot);
    return { ...base, denied: false, reason, refused, candidates: acceptable, ranked };
  }
  if (isDenied(refused, treatment, snapshot, reach)) {
    const reason = firstRefusal(refused.map(({ refusal }) => refusal)) ?? 'high_carbon';
    return { ...base, denied: true, reason, refused, candidates: [], ranked: [] };
  }
  const kept = cleanest(onlyForCarbon(refused), snapshot);
  const candidates = kept ? [kept] : [];
  return {
    ...base,
    denied: false,
    reason: 'all_dirty',
    refused: refused.filter(({ region }) => region !== kept),
    candidates,
    ranked: rank(candidates, treatment, snapshot),
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

function reasonToPlace(acceptable: readonly RegionView[], treatment: Treatment, snapshot: Snapshot): Reason {
  const blind = !treatment.systemPod && acceptable.every((region) => !comparableReading(region, snapshot));
  return blind ? 'no_data' : 'acceptable';
}

/**
 * Nothing within reach is acceptable. Denied (first row that holds), or is there nowhere cleaner to go?
 *
 * | every region refused for more than carbon | acceptable elsewhere, out of the pod's own reach | `when-all-dirty` | denied |
 * | ----------------------------------------- | ------------------------------------------------ | ---------------- | ------ |
 * | yes                                       | any                                              | any              | yes    |
 * | no                                        | yes                                              | any              | yes    |
 * | no                                        | no                                               | `deny`           | yes    |
 * | no                                        | no                                               | `cleanest`       | no     |
 */
function isDenied(refused: readonly RefusedRegion[], treatment: Treatment, snapshot: Snapshot, reach: Reach): boolean {
  if (onlyForCarbon(refused).length === 0) return true;
  if (treatment.policy.whenAllDirty === 'deny') return true;
  return !reach.all && alternatives(treatment, snapshot).length > 0;
}

function onlyForCarbon(refused: readonly RefusedRegion[]): readonly RegionView[] {
  return refused.filter(({ refusal }) => refusal === 'high_carbon').map(({ region }) => region);
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
