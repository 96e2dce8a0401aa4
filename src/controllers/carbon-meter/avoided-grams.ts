import { comparableReading } from '../../decision/refuse.ts';
import { avoidedGramsPerHour, type Place } from '../../energy/emissions.ts';
import { DEFAULT_POWER_MODEL } from '../../energy/power-model.ts';
import type { Snapshot } from '../../regions/snapshot.ts';

/** What a pod reserved in a region, over a time. */
export interface Usage {
  readonly region: string;
  readonly vcpuHours: number;
  readonly memoryGbHours: number;
  /** gCO2e/kWh at home when the pod would have run, had it not waited; absent where it did not wait, or nobody knows. */
  readonly homeThen?: number | undefined;
}

/**
 * Grams of CO2e that a pod avoided by what it used in a region instead of at home, below 0 what it added;
 * undefined where one of the two has no reading of the policy signal. An estimate from requests.
 *
 * The formula is linear in what a pod requests: with vCPU hours for vCPUs and GB hours for GB it answers grams.
 */
export function avoidedGrams(
  { region, vcpuHours, memoryGbHours, homeThen }: Usage,
  home: string,
  snapshot: Snapshot,
): number | undefined {
  const then = homeThen === undefined ? undefined : { region: home, gramsPerKwh: homeThen };
  const places = { home: then ?? placeOf(home, snapshot), actual: placeOf(region, snapshot) };
  if (!places.home || !places.actual) return undefined;
  const { home: from, actual } = places;
  return avoidedGramsPerHour({ vcpu: vcpuHours, memoryGb: memoryGbHours }, { home: from, actual }, DEFAULT_POWER_MODEL);
}

function placeOf(region: string, snapshot: Snapshot): Place | undefined {
  const view = snapshot.byName.get(region);
  const reading = view && comparableReading(view, snapshot);
  return reading && { region, gramsPerKwh: reading.gramsPerKwh };
}
