import type { NodeFacts } from '../regions/node-facts.ts';
import { HOSTNAME_LABEL } from '../units/label-names.ts';

/** A node, and what monitoring may call it: host name and addresses. */
interface NamedNode {
  readonly name: string;
  readonly aliases: readonly string[];
}

export function namedNode({ name, labels, addresses = [] }: NodeFacts): NamedNode {
  const hostname = labels[HOSTNAME_LABEL];
  return { name, aliases: [...(hostname ? [hostname] : []), ...addresses] };
}

/** Finds the node of a name or an alias; one that two nodes share (the host name `localhost`) names neither. */
export function nodeByAlias(nodes: readonly NamedNode[]): (alias: string) => string | undefined {
  const names = new Set(nodes.map(({ name }) => name));
  const owners = new Map<string, string | undefined>();
  for (const { name, aliases } of nodes)
    for (const alias of aliases) owners.set(alias, owners.has(alias) && owners.get(alias) !== name ? undefined : name);
  return (alias) => (names.has(alias) ? alias : owners.get(alias));
}
