/** Coefficients of the Cloud Carbon Footprint project (Apache-2.0); each with its source and year. */

export type Provider = 'aws' | 'azure' | 'gcp';

export interface Coefficient {
  readonly value: number;
  readonly source: string;
  readonly year: number;
}

export interface VcpuWatts {
  readonly min: number;
  readonly max: number;
}

const CCF = 'Cloud Carbon Footprint, cloudcarbonfootprint.org/docs/methodology, Apache-2.0';

/** Watts of one vCPU, idle and at full load: the average over AWS's fleet, which stands for the others too (DESIGN 11). */
export const VCPU_WATTS: VcpuWatts & { readonly source: string; readonly year: number } = {
  min: 0.74,
  max: 3.5,
  source: CCF,
  year: 2023,
};

/** Watts of one GB of memory. */
export const MEMORY_WATTS_PER_GB: Coefficient = { value: 0.392, source: CCF, year: 2023 };

/** Energy of the whole data centre for one of its servers. */
export const PUE: Readonly<Record<Provider, Coefficient>> = {
  aws: { value: 1.135, source: CCF, year: 2023 },
  azure: { value: 1.185, source: CCF, year: 2023 },
  gcp: { value: 1.1, source: CCF, year: 2023 },
};

/** How busy a vCPU is that nobody measured. */
export const ASSUMED_UTILISATION = 0.5;
