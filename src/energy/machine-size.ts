import { acceleratorWatts, hasAccelerators } from './accelerators.ts';
import { parseInstanceType } from './instance-type.ts';
import { cpuWatts, type PowerModel } from './power-model.ts';

/** What is told of an instance type; each may be missing. */
export interface ToldSize {
  readonly name: string;
  readonly vcpus?: number | undefined;
  /** GB of 10^9 bytes. */
  readonly memoryGb?: number | undefined;
  readonly accelerators?: number | undefined;
}

/** How large an instance is, as far as watts and making depend on it. */
export interface MachineSize {
  readonly family: string | undefined;
  readonly vcpus: number;
  readonly memoryGb: number;
  readonly accelerators: number;
  /** Nobody told it: what the name's kind usually has. */
  readonly isMemoryAssumed: boolean;
}

/** Why the size of an instance is not known. */
export type UnknownSize = 'vCPUs not known' | 'accelerators not counted';

/** GiB a vCPU where the name says nothing of it. */
const USUAL_GIB_PER_VCPU = 4;
/** GiB a vCPU by what clouds call their kinds: compute, general, memory. */
const GIB_PER_VCPU: readonly (readonly [family: RegExp, gib: number])[] = [
  [/^(?:c\d|F)|-highcpu$/, 2],
  [/^(?:r\d|z1|E)|-highmem$/, 8],
  [/^x\d|^M|-(?:ultra|mega)mem$/, 16],
];

/**
 * The size of an instance, by what is told and else by its name. Of a family that always has accelerators their number must be
 * told: they draw more than all the rest.
 */
export function sizeOf({ name, vcpus: told, memoryGb, accelerators }: ToldSize): MachineSize | UnknownSize {
  const { family, vcpus = told } = parseInstanceType(name) ?? {};
  if (vcpus === undefined) return 'vCPUs not known';
  if (accelerators === undefined && hasAccelerators(family)) return 'accelerators not counted';
  return {
    family,
    // Of constrained sizes the host sets aside more than a node shows.
    vcpus: Math.max(vcpus, told ?? 0),
    memoryGb: memoryGb ?? assumedMemoryGb(family, vcpus),
    accelerators: accelerators ?? 0,
    isMemoryAssumed: memoryGb === undefined,
  };
}

/** Watts of a whole instance whose vCPUs and accelerators are busy to a share from 0 to 1. An estimate by nature. */
export function machineWatts(
  { family, vcpus, memoryGb, accelerators }: MachineSize,
  model: PowerModel,
  utilisation: number,
): number {
  return (
    cpuWatts(vcpus, model.vcpuWatts, utilisation) +
    memoryGb * model.memoryWattsPerGb +
    accelerators * acceleratorWatts(family, utilisation)
  );
}

function assumedMemoryGb(family: string | undefined, vcpus: number): number {
  const gib = GIB_PER_VCPU.find(([kind]) => kind.test(family ?? ''))?.[1] ?? USUAL_GIB_PER_VCPU;
  return (vcpus * gib * 2 ** 30) / 1e9;
}
