/** A node, and what monitoring may call it: host name and addresses. */
export interface NamedNode {
  readonly name: string;
  readonly aliases: readonly string[];
}

/** Finds the node of a name or an alias; one that two nodes share (the host name `localhost`) names neither. */
export function nodeByAlias(nodes: readonly NamedNode[]): (alias: string) => string | undefined {
  const names = new Set(nodes.map(({ name }) => name));
  const owners = new Map<string, string | undefined>();
  for (const { name, aliases } of nodes)
    for (const alias of aliases) owners.set(alias, owners.has(alias) && owners.get(alias) !== name ? undefined : name);
  return (alias) => (names.has(alias) ? alias : owners.get(alias));
}
