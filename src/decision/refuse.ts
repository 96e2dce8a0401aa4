import type { Reading } from '../regions/reading.ts';
import type { Picture, RegionView } from '../regions/snapshot.ts';
import type { Refusal } from './reasons.ts';
import type { Treatment } from './treatment.ts';

/** A region's reading of the policy signal; readings of another signal count as unknown. */
export function comparableReading(region: RegionView, snapshot: Picture): Reading | undefined {
  return region.reading?.signal === snapshot.policySignal ? region.reading : undefined;
}

/** Milliseconds from the policy's home region; `undefined` when nobody measured it. */
export function latencyFromHome(region: RegionView, homeRegion: string | undefined): number | undefined {
  if (homeRegion === undefined) return undefined;
  return region.name === homeRegion ? 0 : region.latencyMs.get(homeRegion);
}

/**
 * Why the policy refuses a region; `undefined` when it is acceptable. The first that applies counts:
 *
 * | refusal       | when                                                 | unknown means |
 * | ------------- | ---------------------------------------------------- | ------------- |
 * | `not_allowed` | the namespace's or the pod's `regions` leave it out  | -             |
 * | `too_far`     | latency from home above `max-latency`                | near enough   |
 * | `outage`      | an outage is active                                  | healthy       |
 * | `high_carbon` | measured intensity above the ceiling                 | clean enough  |
 */
export function refusalOf(region: RegionView, treatment: Treatment, snapshot: Picture): Refusal | undefined {
  const { policy } = treatment;
  if (!policy.regions.matches(region.name) || !treatment.podRegions.matches(region.name)) return 'not_allowed';
  if (policy.maxLatencyMs !== undefined) {
    const latencyMs = latencyFromHome(region, policy.homeRegion);
    if (latencyMs !== undefined && latencyMs > policy.maxLatencyMs) return 'too_far';
  }
  if (region.outage?.active) return 'outage';
  if (!treatment.carbonExempt) {
    const reading = comparableReading(region, snapshot);
    // A yearly average says nothing about now: it ranks, it never refuses.
    if (reading && reading.freshness !== 'embedded' && reading.gramsPerKwh > treatment.maxIntensity)
      return 'high_carbon';
  }
  return undefined;
}
