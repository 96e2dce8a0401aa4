import type { Basis } from './basis.ts';
import { SERVER_LIFE_HOURS } from './coefficients.ts';
import { MACHINE_MAKING, RACK_SERVER } from './machine-making.ts';
import { type KnownNode, knowNode, type NodeShape } from './node-shape.ts';
import type { PowerTable } from './power-table.ts';

/** Of the making of a node's share of its machine. */
export interface Embodied {
  /** gCO2e, spread over the machine's life. */
  readonly gramsPerHour: number;
  readonly basis: Basis;
  /** In words: 'own table', 'embedded table', '4 vCPU of a rack server', 'default'. */
  readonly how: string;
}

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
 * embedded one, its share of a rack server by vCPUs, four vCPUs of that. Total emissions are these and the operational.
 */
export function embodiedOf(node: NodeShape, table: PowerTable): Embodied {
  const known = knowNode(node, table);
  const { manufacturingKg, machineVcpus } = table.instances.get(node.instanceType ?? '') ?? {};
  const own = manufacturingKg === undefined ? undefined : spread({ manufacturingKg, machineVcpus }, known);
  if (own !== undefined) return { gramsPerHour: own, basis: 'looked-up', how: 'own table' };
  const machine = MACHINE_MAKING.get(known.family ?? '');
  const embedded = machine && spread(machine, known);
  if (embedded !== undefined) return { gramsPerHour: embedded, basis: 'looked-up', how: 'embedded table' };
  return estimate(known.vcpus);
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
  const how = vcpus === undefined ? 'default' : `${Number(vcpus.toFixed(2))} vCPU of a rack server`;
  return { gramsPerHour, basis: 'estimated', how };
}
