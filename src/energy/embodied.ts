import { type Basis, worstBasis } from './basis.ts';
import { SERVER_LIFE_HOURS } from './coefficients.ts';
import { MACHINE_MAKING, RACK_SERVER, SERVER_PARTS } from './machine-making.ts';
import { type KnownNode, knowNode, type NodeShape } from './node-shape.ts';
import type { PodRequests } from './pod-requests.ts';
import type { PowerTable } from './power-table.ts';

/** Of the making of machines: what falls to a node's share of one, or to one vCPU that a pod reserves. */
interface Embodied {
  /** gCO2e, spread over the machine's life. */
  readonly gramsPerHour: number;
  /** `looked-up` where the type of every machine is in a table. */
  readonly basis: Basis;
  /** In words: 'own table', 'embedded table', '4 vCPU of a rack server', 'default'; several between commas. */
  readonly how: string;
}

export type EmbodiedPerVcpu = Embodied;

/** What a machine is made for; without `machineVcpus` the instance is all of it. */
interface Making {
  readonly manufacturingKg: number;
  readonly machineVcpus?: number | undefined;
}

/** vCPUs of a node that says nothing; idle, they draw about the 15 W of UNKNOWN_IDLE_WATTS. */
const UNKNOWN_VCPUS = 4;

/**
 * Grams of CO2e an hour of having made a share (0 to 1) of a machine: kg * 1000 / 35,040 h * share
 * (Software Carbon Intensity, ISO/IEC 21031: M = TE * TiR/EL * RR/ToR). For what uses a part of a node, times that part.
 */
export function embodiedGramsPerHour(manufacturingKg: number, share: number): number {
  return ((manufacturingKg * 1_000) / SERVER_LIFE_HOURS.value) * share;
}

/**
 * Embodied emissions of a node, by the first that is known: its instance type in an own table, its family in the
 * embedded one, its share of a rack server by vCPUs, four vCPUs of that. Total emissions are these and the operational. Of a
 * node whose memory is known, that share is made up of its parts: vCPUs, memory and accelerators.
 */
export function embodiedOf(node: NodeShape, table: PowerTable): Embodied {
  const known = knowNode(node, table);
  const { manufacturingKg, machineVcpus } = table.instances.get(node.instanceType ?? '') ?? {};
  const own = manufacturingKg === undefined ? undefined : spread({ manufacturingKg, machineVcpus }, known);
  if (own !== undefined) return { gramsPerHour: own, basis: 'looked-up', how: 'own table' };
  const machine = MACHINE_MAKING.get(known.family ?? '');
  const embedded = machine && spread(machine, known);
  if (embedded !== undefined) return { gramsPerHour: embedded, basis: 'looked-up', how: 'embedded table' };
  const { memoryGb, accelerators = 0 } = node;
  if (known.vcpus === undefined || memoryGb === undefined) return estimate(known.vcpus);
  return estimateByParts({ vcpus: known.vcpus, memoryGb, accelerators });
}

/**
 * What one vCPU of these nodes has of their making: grams an hour of all nodes over vCPUs of all. Where there is no node,
 * one that says nothing stands for it: 16.8 kg a vCPU, 0.479 g an hour.
 */
export function embodiedPerVcpu(nodes: readonly NodeShape[], table: PowerTable): EmbodiedPerVcpu {
  const some = nodes.length > 0 ? nodes : [{}];
  return meanEmbodied(some.map((node) => perVcpu(node, table)));
}

/** The mean by weight, as good as the worst of its parts; of vCPUs that weigh nothing it is 0. */
export function meanEmbodied(parts: Iterable<readonly [EmbodiedPerVcpu, weight: number]>): EmbodiedPerVcpu {
  const all = [...parts];
  const weights = all.reduce((sum, [, weight]) => sum + weight, 0);
  const grams = all.reduce((sum, [{ gramsPerHour }, weight]) => sum + gramsPerHour * weight, 0);
  return {
    gramsPerHour: weights > 0 ? grams / weights : 0,
    basis: worstBasis(all.map(([{ basis }]) => basis)),
    how: [...new Set(all.map(([{ how }]) => how))].join(', '),
  };
}

/**
 * Embodied grams of CO2e an hour of a pod: the vCPUs that it requests times what one of its machine's has, as Cloud Carbon
 * Footprint shares a machine out (cloudcarbonfootprint.org/docs/embodied-emissions, 2023). They hang on the machine alone, not
 * on the electricity: the operational ones (`podGramsPerHour`) come on top.
 */
export function podEmbodiedGramsPerHour({ vcpu }: Pick<PodRequests, 'vcpu'>, perVcpu: EmbodiedPerVcpu): number {
  return vcpu * perVcpu.gramsPerHour;
}

function perVcpu(node: NodeShape, table: PowerTable): readonly [EmbodiedPerVcpu, vcpus: number] {
  const { vcpus } = knowNode(node, table);
  const { gramsPerHour, basis, how } = embodiedOf(node, table);
  // Into how many parts an own machine is divided must be assumed then.
  if (vcpus === undefined)
    return [{ gramsPerHour: gramsPerHour / UNKNOWN_VCPUS, basis: 'estimated', how }, UNKNOWN_VCPUS];
  return [{ gramsPerHour: gramsPerHour / vcpus, basis, how }, vcpus];
}

/** Not known where neither the node nor its type tells the vCPUs of a part. */
function spread({ manufacturingKg, machineVcpus }: Making, { vcpus }: KnownNode): number | undefined {
  if (machineVcpus === undefined) return embodiedGramsPerHour(manufacturingKg, 1);
  return vcpus === undefined ? undefined : embodiedGramsPerHour(manufacturingKg, Math.min(1, vcpus / machineVcpus));
}

function estimate(vcpus: number | undefined): Embodied {
  const { manufacturingKg, machineVcpus } = RACK_SERVER;
  // More vCPUs than the server has are more of it.
  const gramsPerHour = embodiedGramsPerHour(manufacturingKg, (vcpus ?? UNKNOWN_VCPUS) / machineVcpus);
  const how = vcpus === undefined ? 'default' : `${rounded(vcpus)} vCPU of a rack server`;
  return { gramsPerHour, basis: 'estimated', how };
}

/** With 4 GiB a vCPU and no accelerator it comes to what `estimate` says. */
function estimateByParts(parts: Readonly<Record<'vcpus' | 'memoryGb' | 'accelerators', number>>): Embodied {
  const { baseKg, includedGib, secondProcessorKg, kgPerGib, acceleratorKg } = SERVER_PARTS;
  const { vcpus, memoryGb, accelerators } = parts;
  const kgPerVcpu = (baseKg + secondProcessorKg - includedGib * kgPerGib) / RACK_SERVER.machineVcpus;
  const gib = (memoryGb * 1e9) / 2 ** 30;
  const kg = vcpus * kgPerVcpu + gib * kgPerGib + accelerators * acceleratorKg;
  const told = [
    `${rounded(vcpus)} vCPU`,
    `${rounded(memoryGb)} GB`,
    ...(accelerators > 0 ? [`${accelerators} accelerators`] : []),
  ];
  return { gramsPerHour: embodiedGramsPerHour(kg, 1), basis: 'estimated', how: `${told.join(', ')} of a rack server` };
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}
