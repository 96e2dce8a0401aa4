import type { Coefficient } from './coefficients.ts';

/** An accelerator as its vendor's data sheet rates its board. */
interface Accelerator {
  readonly model: string;
  /** Thermal design power of one. */
  readonly watts: number;
}

type Row = readonly [model: string, watts: number, families: string];

const DATA_SHEETS: readonly Row[] = [
  ['NVIDIA K80, one of two', 150, 'p2'],
  ['NVIDIA M60, one of two', 150, 'g3 g3s'],
  ['NVIDIA T4', 70, 'g4dn NCas_T4_v3'],
  ['NVIDIA T4G', 70, 'g5g'],
  ['NVIDIA A10G', 300, 'g5'],
  ['NVIDIA L4', 72, 'g6 gr6 g2-standard'],
  ['NVIDIA L40S', 350, 'g6e'],
  ['NVIDIA V100', 300, 'p3 p3dn NCs_v3'],
  ['NVIDIA A100', 400, 'p4d p4de a2-highgpu a2-megagpu a2-ultragpu NDasr_v4'],
  ['NVIDIA H100', 700, 'p5 p5e p5en a3-highgpu a3-megagpu'],
];
/** Whose boards are rated nowhere, or not by themselves. */
const OTHER_FAMILIES = 'g4ad inf1 inf2 trn1 trn1n trn2 dl1 dl2q f1 f2 vt1'.split(' ');

/** By the family of an instance type, as `parseInstanceType` names it. */
const BY_FAMILY: ReadonlyMap<string, Accelerator> = new Map(
  DATA_SHEETS.flatMap(([model, watts, families]) =>
    families.split(' ').map((family): [string, Accelerator] => [family, { model, watts }]),
  ),
);

/** Of one whose model nobody told: what most of those above draw. */
const UNKNOWN_WATTS = 300;

/** What an idle accelerator draws of its rating: 46 of 400 W, as Teads measured it on p4d.24xlarge (371.6 W for eight). */
export const ACCELERATOR_IDLE_SHARE: Coefficient = {
  value: 0.116,
  source: 'Teads, "Building an AWS EC2 Carbon Emissions Dataset", p4d.24xlarge',
  year: 2021,
};

/** Whether every instance of a family has accelerators. */
export function hasAccelerators(family: string | undefined): boolean {
  return family !== undefined && (BY_FAMILY.has(family) || OTHER_FAMILIES.includes(family));
}

/** Watts of one accelerator of a family that is busy to a share from 0 to 1. */
export function acceleratorWatts(family: string | undefined, utilisation: number): number {
  const { watts } = BY_FAMILY.get(family ?? '') ?? { watts: UNKNOWN_WATTS };
  return watts * (ACCELERATOR_IDLE_SHARE.value + utilisation * (1 - ACCELERATOR_IDLE_SHARE.value));
}
