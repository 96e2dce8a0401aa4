import type { Picture, RegionView } from '../regions/snapshot.ts';
import type { Factor } from './policy.ts';
import { comparableReading, latencyFromHome } from './refuse.ts';
import type { Treatment } from './treatment.ts';

/** A candidate with its score from 0 to 1 and the weight (1 to 100) of the preferred term it would get. */
export interface Ranked {
  readonly region: RegionView;
  readonly score: number;
  readonly termWeight: number;
}

/** Values are floored so that a factor near zero does not decide alone: 1 g/kWh, 1 ms, 1e-6 of a price. */
const FLOORS: Readonly<Record<Factor, number>> = { carbon: 1, cost: 1e-6, latency: 1 };
const FACTORS: readonly Factor[] = ['carbon', 'cost', 'latency'];

/**
 * Ranks candidates, best first, by score = sum(weight_k * best_k / value_k) / sum(weight_k); a value
 * nobody knows scores 0. Empty when nothing is known of any candidate.
 */
export function rank(candidates: readonly RegionView[], treatment: Treatment, snapshot: Picture): readonly Ranked[] {
  const { weights } = treatment.policy;
  // A plain array: a typed one of more than 8 numbers takes memory outside of the heap.
  const scores = candidates.map(() => 0);
  let weightSum = 0;
  for (const factor of FACTORS) {
    const weight = treatment.systemPod && factor === 'carbon' ? 0 : weights[factor];
    if (weight === 0) continue;
    weightSum += weight;
    addFactor(scores, candidates, weight, (region) => flooredValue(region, factor, treatment, snapshot));
  }
  const best = scores.reduce((a, b) => Math.max(a, b), 0);
  if (best === 0) return [];
  return candidates
    .map((region, index) => ({
      region,
      score: (scores[index] ?? 0) / weightSum,
      termWeight: termWeight((scores[index] ?? 0) / best),
    }))
    .sort((a, b) => b.score - a.score || (a.region.name < b.region.name ? -1 : 1));
}

function addFactor(
  scores: number[],
  candidates: readonly RegionView[],
  weight: number,
  value: (region: RegionView) => number | undefined,
): void {
  const values = candidates.map(value);
  const best = values.reduce<number>((a, b) => (b === undefined ? a : Math.min(a, b)), Number.POSITIVE_INFINITY);
  values.forEach((v, index) => {
    if (v !== undefined) scores[index] = (scores[index] ?? 0) + (weight * best) / v;
  });
}

/**
 * The fourth power, because the scheduler adds other scores of its own: seen with 40 pods, weights 100/25 left 12 of
 * them in a region four times dirtier, 100/1 none; near-equal regions stay near-equal.
 */
function termWeight(relativeScore: number): number {
  return Math.max(1, Math.round(100 * relativeScore ** 4));
}

function flooredValue(region: RegionView, factor: Factor, treatment: Treatment, snapshot: Picture): number | undefined {
  const value = rawValue(region, factor, treatment, snapshot);
  return value === undefined ? undefined : Math.max(FLOORS[factor], value);
}

function rawValue(region: RegionView, factor: Factor, treatment: Treatment, snapshot: Picture): number | undefined {
  switch (factor) {
    case 'carbon':
      return comparableReading(region, snapshot)?.gramsPerKwh;
    case 'cost':
      return region.pricePerHour;
    case 'latency':
      return latencyFromHome(region, treatment.policy.homeRegion);
  }
}
