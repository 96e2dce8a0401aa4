import type { Basis } from './basis.ts';
import {
  ASSUMED_UTILISATION,
  MEMORY_WATTS_PER_GB,
  type Provider,
  PUE,
  VCPU_WATTS,
  type VcpuWatts,
} from './coefficients.ts';
import type { PodRequests } from './pod-requests.ts';

/** What pods draw and data centres add; `DEFAULT_POWER_MODEL`, or what a power table says instead. */
export interface PowerModel {
  readonly vcpuWatts: VcpuWatts;
  readonly memoryWattsPerGb: number;
  /** `undefined` stands for a region of no public cloud. */
  pue(provider: Provider | undefined): { readonly value: number; readonly basis: Basis };
}

/** The PUE of AWS where the provider is not known. */
export const DEFAULT_POWER_MODEL: PowerModel = {
  vcpuWatts: VCPU_WATTS,
  memoryWattsPerGb: MEMORY_WATTS_PER_GB.value,
  pue: (provider) => ({ value: PUE[provider ?? 'aws'].value, basis: provider ? 'looked-up' : 'estimated' }),
};

/** Watts of vCPUs that are busy to a share from 0 to 1: vCPU * (min + utilisation * (max - min)). */
export function cpuWatts(vcpu: number, { min, max }: VcpuWatts, utilisation: number): number {
  return vcpu * (min + utilisation * (max - min));
}

/**
 * Watts that a pod's requests stand for: vCPU * (min + 50% * (max - min)) + memory GB * 0.392
 * (Cloud Carbon Footprint, "Energy Estimate (Watt-Hours)"). An estimate by nature: nobody measured the pod.
 */
export function podWatts({ vcpu, memoryGb }: Pick<PodRequests, 'vcpu' | 'memoryGb'>, model: PowerModel): number {
  return cpuWatts(vcpu, model.vcpuWatts, ASSUMED_UTILISATION.value) + memoryGb * model.memoryWattsPerGb;
}
