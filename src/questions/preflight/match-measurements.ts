import { nodeByAlias } from '../../energy/node-aliases.ts';
import type { FleetNode } from './fleet-node.ts';

/** Watts that were measured, and what the machine may be called, the most telling name first. */
interface PowerSample {
  readonly names: readonly string[];
  readonly watts: number;
}

/** No machine with one power cord draws more. */
const MOST_WATTS = 100_000;

/**
 * Finds the node that each sample is of, by its name or else by host name or address. Samples of one node add up: each of
 * its power supplies has one.
 */
export function matchMeasurements(samples: readonly PowerSample[], nodes: readonly FleetNode[]) {
  const nodeOf = nodeByAlias(nodes);
  const watts = new Map<string, number>();
  /** Samples of machines that are no node of these. */
  let unmatched = 0;
  /** Samples that no machine can draw: not a number, zero, negative, endless. */
  let implausible = 0;
  for (const sample of samples) {
    const node = sample.names.map(nodeOf).find((name) => name !== undefined);
    if (node === undefined) unmatched += 1;
    else if (!(sample.watts > 0 && sample.watts <= MOST_WATTS)) implausible += 1;
    else watts.set(node, (watts.get(node) ?? 0) + sample.watts);
  }
  return { watts, unmatched, implausible };
}
