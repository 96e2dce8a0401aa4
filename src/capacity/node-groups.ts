import { parse } from 'yaml';

/** A node group of Cluster Autoscaler, as its status tells of it. */
export interface NodeGroup {
  readonly name: string;
  /** How many nodes it is to have now, and may have. */
  readonly target: number;
  readonly min: number;
  readonly max: number;
  readonly isHealthy: boolean;
}

/** Where Cluster Autoscaler keeps its status unless it is told otherwise (`--status-config-map-name`), in its own namespace. */
export const AUTOSCALER_STATUS = 'cluster-autoscaler-status';

interface Status {
  readonly nodeGroups?: readonly {
    readonly name?: unknown;
    readonly health?: {
      readonly status?: unknown;
      readonly cloudProviderTarget?: unknown;
      readonly minSize?: unknown;
      readonly maxSize?: unknown;
    };
  }[];
}

/** Of Cluster Autoscaler before 1.30, whose status is for people: a group's two first lines. */
const GROUP_IN_WORDS =
  /^ *Name: +(\S+)\n *Health: +(\w+) .*cloudProviderTarget=(\d+) \(minSize=(\d+), maxSize=(\d+)\)/gm;

/** The node groups that a status names, YAML (1.30 and later) or in words (before); `undefined` where it is neither. */
export function readNodeGroups(status: string): readonly NodeGroup[] | undefined {
  if (status.startsWith('Cluster-autoscaler status at ')) return [...status.matchAll(GROUP_IN_WORDS)].map(fromWords);
  try {
    const { nodeGroups = [] } = (parse(status) ?? {}) as Status;
    return nodeGroups.flatMap(({ name, health: { status: state, cloudProviderTarget, minSize, maxSize } = {} }) => {
      const [target, min, max] = [cloudProviderTarget ?? 0, minSize ?? 0, maxSize].map(Number);
      const group = { name, target, min, max, isHealthy: state === 'Healthy' };
      return isGroup(group) ? [group] : [];
    });
  } catch {
    return undefined;
  }
}

/** As Go writes it: `2026-09-15 04:05:52.354884346 +0000 UTC`. */
const WRITTEN_AT =
  /^(?:time: "?|Cluster-autoscaler status at )(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? ([+-]\d\d)(\d\d)/m;

/** Epoch milliseconds; `undefined` where the status does not say when it was written. */
export function readStatusTime(status: string): number | undefined {
  const [, day, time, hours, minutes] = WRITTEN_AT.exec(status) ?? [];
  const at = Date.parse(`${day}T${time}${hours}:${minutes}`);
  return Number.isNaN(at) ? undefined : at;
}

function fromWords([, name = '', state, target, min, max]: RegExpExecArray): NodeGroup {
  return { name, target: Number(target), min: Number(min), max: Number(max), isHealthy: state === 'Healthy' };
}

function isGroup(group: { readonly [key in keyof NodeGroup]: unknown }): group is NodeGroup {
  const { name, target, min, max } = group;
  return typeof name === 'string' && name !== '' && [target, min, max].every((size) => Number.isInteger(size));
}
