import type { PodRequests } from './pod-requests.ts';
import { type PowerModel, podWatts } from './power-model.ts';
import { providerOf } from './provider.ts';

/** A place for a pod: a region, and the intensity of its electricity in gCO2e/kWh. */
export interface Place {
  readonly region: string;
  readonly gramsPerKwh: number;
}

/** Grams of CO2e that `watts` cause in an hour: kWh * PUE * gCO2e/kWh. */
export function gramsPerHour(watts: number, pue: number, gramsPerKwh: number): number {
  return (watts / 1_000) * pue * gramsPerKwh;
}

/** Operational grams of CO2e an hour of a pod in a region, with the PUE of the region's provider. */
export function podGramsPerHour(
  requests: Pick<PodRequests, 'vcpu' | 'memoryGb'>,
  { region, gramsPerKwh }: Place,
  model: PowerModel,
): number {
  return gramsPerHour(podWatts(requests, model), model.pue(providerOf(region)).value, gramsPerKwh);
}

/**
 * Grams of CO2e an hour that a pod avoids by running where it does instead of at home; below 0 what it adds. With an
 * average signal this attributes; it does not say what the grid would have done otherwise.
 *
 * kWh * (PUE home * intensity home - PUE actual * intensity actual).
 */
export function avoidedGramsPerHour(
  requests: Pick<PodRequests, 'vcpu' | 'memoryGb'>,
  places: { readonly home: Place; readonly actual: Place },
  model: PowerModel,
): number {
  return podGramsPerHour(requests, places.home, model) - podGramsPerHour(requests, places.actual, model);
}
