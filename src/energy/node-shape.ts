import { labelOf, type NodeFacts } from '../regions/node-facts.ts';
import { isPlausible, parseInstanceType } from './instance-type.ts';
import type { PowerTable } from './power-table.ts';

/** What is known of a node; each may be missing. */
export interface NodeShape {
  readonly instanceType?: string | undefined;
  readonly vcpus?: number | undefined;
  /** As the label `kubernetes.io/arch` has it. */
  readonly arch?: string | undefined;
  /** GB of 10^9 bytes; where they are known, an estimate of its making counts memory and accelerators by themselves. */
  readonly memoryGb?: number | undefined;
  readonly accelerators?: number | undefined;
}

/** The label that names a node's instance type, and its older name. */
export const INSTANCE_TYPE_LABELS = ['node.kubernetes.io/instance-type', 'beta.kubernetes.io/instance-type'] as const;
const ARCH_LABEL = 'kubernetes.io/arch';

/** What gridgate's view of a node tells; the vCPUs are those that it offers pods. */
export function shapeOf({ labels, allocatable }: NodeFacts): NodeShape {
  return {
    instanceType: INSTANCE_TYPE_LABELS.map((label) => labelOf(labels, label)).find(Boolean),
    vcpus: allocatable?.['cpu'],
    arch: labelOf(labels, ARCH_LABEL),
  };
}

/** What the node, the name of its type and the power table tell together. */
export interface KnownNode {
  readonly family?: string | undefined;
  readonly vcpus?: number | undefined;
  readonly arch?: string | undefined;
}

/**
 * The family, vCPUs and architecture of a node. Own tables know best; otherwise the larger number of vCPUs counts: with
 * constrained sizes, and with threads switched off, a node shows fewer than its host sets aside.
 */
export function knowNode({ instanceType = '', vcpus, arch }: NodeShape, table: PowerTable): KnownNode {
  const named = parseInstanceType(instanceType);
  const entry = table.instances.get(instanceType);
  const told = [named?.vcpus, vcpus].filter(isPlausible);
  return {
    family: named?.family,
    vcpus: entry?.vcpus ?? (told.length > 0 ? Math.max(...told) : undefined),
    arch: arch ?? entry?.arch ?? named?.arch,
  };
}
