import type { Source } from './coefficients.ts';

interface MachineMaking extends Source {
  /** kgCO2e of the whole machine. */
  readonly manufacturingKg: number;
  /** Those of the largest instance of the family; of burstable ones, of the family nearest to them. */
  readonly machineVcpus: number;
}

type Row = readonly [manufacturingKg: number, machineVcpus: number, families: string];

/** cloud-carbon-footprint/cloud-carbon-coefficients, output/coefficients-aws-embodied.csv: Teads' data set of 2021. */
const AWS: readonly Row[] = [
  [1022.21, 16, 'a1'],
  [1161.07, 36, 'c4'],
  [1344.29, 96, 'c5 inf1'],
  [1344.29, 72, 'c5n'],
  [1244.29, 96, 'c5a'],
  [1155.46, 64, 'c6g c6gn'],
  [1355.46, 64, 'c6gd'],
  [1433.12, 64, 'm4'],
  [1610.79, 96, 'm5 m5a m5n t3 t3a'],
  [2010.79, 96, 'm5d m5ad m5dn'],
  [1333.12, 64, 'm6g t4g'],
  [1533.12, 64, 'm6gd'],
  [1788.46, 128, 'm6i'],
  [1755.15, 64, 'r4'],
  [2143.79, 96, 'r5 r5a r5b r5n'],
  [2543.79, 96, 'r5d r5ad r5dn'],
  [1688.46, 64, 'r6g'],
  [1888.46, 64, 'r6gd'],
  [1477.54, 48, 't2'],
  [2588.46, 72, 'i3'],
  [2943.79, 96, 'i3en'],
  [3010.79, 96, 'g4dn'],
  [3543.79, 64, 'p3'],
  [4676.79, 96, 'p4d'],
];

/** @cloud-carbon-footprint/aws 0.15.0, AWSInstanceTypes: families that came later. */
const AWS_LATER: readonly Row[] = [
  [1332.9, 96, 'c6i'],
  [1510.4, 192, 'c6a'],
  [2042.9, 192, 'm6a'],
  [3434, 192, 'g5'],
];

/** @cloud-carbon-footprint/azure 1.8.0, VirtualMachineTypes; series whose sizes all have the same figure. */
const AZURE: readonly Row[] = [
  [1238.8, 20, 'Bs Bms Bls'],
  [1560.4, 96, 'Da_v4 Das_v4'],
  [1482.9, 64, 'Dd_v4'],
  [1532.9, 64, 'Dds_v4'],
  [1432.9, 64, 'D_v4'],
  [1510.4, 96, 'D_v5 Ds_v5 Das_v5'],
  [1610.4, 96, 'Dd_v5 Dds_v5 Dads_v5'],
  [1959.8, 96, 'Ea_v4'],
  [2009.8, 96, 'Eas_v4 Eads_v5'],
  [1909.8, 96, 'Eas_v5'],
  [1909.8, 104, 'E_v5 Es_v5'],
  [2009.8, 104, 'Ed_v5 Eds_v5'],
  [2349.1, 24, 'NCs_v3'],
  [2015.4, 80, 'Ls_v2'],
];

/** cloud-carbon-footprint/cloud-carbon-coefficients, output/coefficients-gcp-embodied-mean.csv. */
const GOOGLE: readonly Row[] = [
  [1230.46, 32, 'e2-standard e2-highmem'],
  [1097.21, 32, 'e2-highcpu'],
  [1888.46, 128, 'n2-standard'],
  [2377.04, 128, 'n2-highmem'],
  [1311.04, 96, 'n2-highcpu'],
  [2321.46, 224, 'n2d-standard'],
  [2143.79, 96, 'n2d-highmem'],
  [1388.71, 224, 'n2d-highcpu'],
  [1310.92, 60, 't2d-standard'],
  [1677.48, 96, 'n1-standard'],
  [2043.92, 96, 'n1-highmem'],
  [1297.72, 96, 'n1-highcpu'],
  [1510.92, 60, 'c2-standard'],
];

const CCF = 'Cloud Carbon Footprint, Apache-2.0';

/** Making of machines by family, after Teads' "Building an AWS EC2 Carbon Emissions Dataset" (2021), part 5. */
export const MACHINE_MAKING: ReadonlyMap<string, MachineMaking> = new Map([
  ...rows(AWS, { source: `${CCF}: coefficients-aws-embodied.csv`, year: 2021 }),
  ...rows(AWS_LATER, { source: `${CCF}: @cloud-carbon-footprint/aws 0.15.0`, year: 2023 }),
  ...rows(AZURE, { source: `${CCF}: @cloud-carbon-footprint/azure 1.8.0`, year: 2023 }),
  ...rows(GOOGLE, { source: `${CCF}: coefficients-gcp-embodied-mean.csv`, year: 2023 }),
]);

/**
 * A rack server as Teads builds it up: 1,000 kg with one processor and 16 GB, 100 kg for the second processor, and
 * 510.79 kg for 368 GB more of memory; the machine of m5. At 16.8 kg a vCPU it is like most general-purpose ones above,
 * which have 14 to 24.
 */
export const RACK_SERVER: MachineMaking = {
  manufacturingKg: 1610.79,
  machineVcpus: 96,
  source: 'Teads, "Building an AWS EC2 Carbon Emissions Dataset", part 5',
  year: 2021,
};

/**
 * What the parts of such a server are made for, kgCO2e: one processor and 16 GiB of memory are in the base, and per GiB count the
 * 533 kg of the 384 GiB in Dell's life cycle assessment of the PowerEdge R740. The rack server above is 96 vCPUs and 384 GiB of these.
 */
export const SERVER_PARTS = {
  baseKg: 1_000,
  includedGib: 16,
  secondProcessorKg: 100,
  kgPerGib: 533 / 384,
  acceleratorKg: 150,
  source: `${CCF}: cloud-carbon-coefficients, ccfcoef/constants.py, after Teads, part 5`,
  year: 2023,
} as const satisfies Source & Readonly<Record<string, unknown>>;

function rows(table: readonly Row[], source: Source): [string, MachineMaking][] {
  return table.flatMap(([manufacturingKg, machineVcpus, families]) =>
    families
      .split(' ')
      .map((family): [string, MachineMaking] => [family, { manufacturingKg, machineVcpus, ...source }]),
  );
}
