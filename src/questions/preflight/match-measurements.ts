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
  const nodeOf = nameOfAlias(nodes);
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

/** An alias that two nodes share (the host name `localhost`) names neither. */
function nameOfAlias(nodes: readonly FleetNode[]): (alias: string) => string | undefined {
  const names = new Set(nodes.map(({ name }) => name));
  const owners = new Map<string, string | undefined>();
  for (const { name, aliases } of nodes)
    for (const alias of aliases) owners.set(alias, owners.has(alias) && owners.get(alias) !== name ? undefined : name);
  return (alias) => (names.has(alias) ? alias : owners.get(alias));
}
