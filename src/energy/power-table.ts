import type { Provider, Source, VcpuWatts } from './coefficients.ts';
import type { Arch } from './instance-type.ts';
import { DEFAULT_POWER_MODEL, type PowerModel } from './power-model.ts';

/** What an own table may say of one instance type; what it leaves out is looked up or estimated. */
export interface OwnInstance {
  readonly idleWatts?: number | undefined;
  readonly vcpus?: number | undefined;
  readonly arch?: Arch | undefined;
  /** kgCO2e of making the machine that the instance runs on. */
  readonly manufacturingKg?: number | undefined;
  /** vCPUs of that machine; left out, the instance is the whole machine. */
  readonly machineVcpus?: number | undefined;
}

/** What `--power-table` says, read and checked. */
interface OwnPower {
  readonly vcpuWatts?: VcpuWatts | undefined;
  readonly memoryWattsPerGb?: number | undefined;
  /** `default` counts for regions of no public cloud. */
  readonly pue?: Readonly<Partial<Record<Provider | 'default', number | undefined>>> | undefined;
  readonly instances: ReadonlyMap<string, OwnInstance>;
}

interface InstanceEntry extends OwnInstance {
  /** Whether the idle watts are an own table's; manufacturing always is. */
  readonly isOwn: boolean;
}

/** Coefficients of pods and entries by instance type: the embedded ones, and before them those of an own table. */
export interface PowerTable {
  readonly model: PowerModel;
  /** By instance type; own ones first. */
  readonly instances: ReadonlyMap<string, InstanceEntry>;
}

interface IdleWatts extends Source {
  readonly instanceType: string;
  readonly idleWatts: number;
  readonly vcpus: number;
  readonly arch: Arch;
}

const MEASURED = 'one measured fleet, src/energy/README.md';

/** Idle watts of whole instances, in the fleet that met the spike of the static CPU manager. */
export const IDLE_WATTS: readonly IdleWatts[] = [
  { instanceType: 'm7g.large', idleWatts: 12.5, vcpus: 2, arch: 'arm64', source: MEASURED, year: 2026 },
  { instanceType: 'c7g.2xlarge', idleWatts: 28.3, vcpus: 8, arch: 'arm64', source: MEASURED, year: 2026 },
  { instanceType: 'm6i.xlarge', idleWatts: 21.7, vcpus: 4, arch: 'amd64', source: MEASURED, year: 2026 },
];

/** Idle watts of a node of which not even the vCPUs are known. */
export const UNKNOWN_IDLE_WATTS = 15;

export const DEFAULT_POWER_TABLE: PowerTable = {
  model: DEFAULT_POWER_MODEL,
  instances: new Map(
    IDLE_WATTS.map(({ instanceType, idleWatts, vcpus, arch }) => [
      instanceType,
      { idleWatts, vcpus, arch, isOwn: false },
    ]),
  ),
};

/** The embedded table with an own one before it: field by field, so that who knows one figure loses no other. */
export function createPowerTable(own: OwnPower): PowerTable {
  const embedded = DEFAULT_POWER_TABLE.instances;
  const instances = new Map<string, InstanceEntry>();
  for (const [instanceType, entry] of own.instances) {
    const given = Object.entries(entry).filter(([, value]) => value !== undefined);
    const isOwn = entry.idleWatts !== undefined;
    instances.set(instanceType, { ...embedded.get(instanceType), ...Object.fromEntries(given), isOwn });
  }
  for (const [instanceType, entry] of embedded) if (!instances.has(instanceType)) instances.set(instanceType, entry);
  return { model: createPowerModel(own), instances };
}

function createPowerModel({ vcpuWatts, memoryWattsPerGb, pue = {} }: OwnPower): PowerModel {
  return {
    vcpuWatts: vcpuWatts ?? DEFAULT_POWER_MODEL.vcpuWatts,
    memoryWattsPerGb: memoryWattsPerGb ?? DEFAULT_POWER_MODEL.memoryWattsPerGb,
    pue(provider) {
      const value = pue[provider ?? 'default'];
      return value === undefined ? DEFAULT_POWER_MODEL.pue(provider) : { value, basis: 'looked-up' };
    },
  };
}
