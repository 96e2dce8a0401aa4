/** Coefficients of the Cloud Carbon Footprint project (CCF, Apache-2.0); each with its source and year. */

export type Provider = 'aws' | 'azure' | 'gcp';

/** Where a figure was published, and in which year. */
export interface Source {
  readonly source: string;
  readonly year: number;
}

export interface Coefficient extends Source {
  readonly value: number;
}

export interface VcpuWatts {
  readonly min: number;
  readonly max: number;
}

const CCF = 'Cloud Carbon Footprint, cloudcarbonfootprint.org/docs/methodology, Apache-2.0';

/**
 * Watts of one vCPU, idle and at full load: CCF's average over AWS's processors, which stands for the others too.
 * CCF has pairs for Google (0.71 / 4.26) and Azure (0.78 / 3.76 in its methodology, 0.74 / 3.54 in its code)
 * as well, but one is a median and the other two are averages: two regions must not differ by how a fleet was summed up.
 */
export const VCPU_WATTS: VcpuWatts & Source = { min: 0.74, max: 3.5, source: CCF, year: 2023 };

/** Watts of one GB of memory: the mean of what Crucial (0.375) and Micron (0.4083) say of DDR4. */
export const MEMORY_WATTS_PER_GB: Coefficient = { value: 0.392, source: CCF, year: 2023 };

/** Energy of the whole data centre for one of its servers. */
export const PUE: Readonly<Record<Provider, Coefficient>> = {
  aws: { value: 1.135, source: CCF, year: 2023 },
  azure: { value: 1.185, source: CCF, year: 2023 },
  gcp: { value: 1.1, source: CCF, year: 2023 },
};

/** How busy a vCPU is that nobody measured: servers of large data centres in 2020. */
export const ASSUMED_UTILISATION: Coefficient = {
  value: 0.5,
  source: '2016 US Data Center Energy Usage Report, eta.lbl.gov/publications/united-states-data-center-energy',
  year: 2016,
};

/** Hours that a server is in use: 4 years, after Dell's life cycle assessment of the PowerEdge R740. */
export const SERVER_LIFE_HOURS: Coefficient = {
  value: 35_040,
  source: 'Cloud Carbon Footprint, cloudcarbonfootprint.org/docs/embodied-emissions, Apache-2.0',
  year: 2023,
};
