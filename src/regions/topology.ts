/** What gridgate knows of a node: which it is, where it is, and what gridgate has said of it. */
export interface NodeFacts {
  readonly name: string;
  readonly region?: string;
  readonly zone?: string;
  readonly hostname?: string;
  readonly uid?: string;
  /** The label `gridgate.dev/carbon`, when this node was last seen: in a snapshot it may be an old one. */
  readonly carbonBand?: string;
}

/** The nodes of a cluster, indexed for the questions a pod's constraints ask. Immutable. */
export interface Topology {
  readonly nodes: readonly NodeFacts[];
  /** One node for every distinct pair of region and zone: zone constraints need look at no more. */
  readonly cells: readonly NodeFacts[];
  readonly byName: ReadonlyMap<string, NodeFacts>;
  readonly byHostname: ReadonlyMap<string, readonly NodeFacts[]>;
  readonly zonesByRegion: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Indexes nodes by name, host name, region and zone. */
export function buildTopology(nodes: Iterable<NodeFacts>): Topology {
  const all = [...nodes];
  const cells = new Map<string, NodeFacts>();
  const byName = new Map<string, NodeFacts>();
  const byHostname = new Map<string, NodeFacts[]>();
  const zonesByRegion = new Map<string, Set<string>>();
  for (const node of all) {
    byName.set(node.name, node);
    cells.set(`${node.region ?? ''}\n${node.zone ?? ''}`, node);
    if (node.hostname !== undefined) append(byHostname, node.hostname, node);
    if (node.region !== undefined) {
      const zones = zonesByRegion.get(node.region) ?? new Set<string>();
      if (node.zone !== undefined) zones.add(node.zone);
      zonesByRegion.set(node.region, zones);
    }
  }
  return { nodes: all, cells: [...cells.values()], byName, byHostname, zonesByRegion };
}

function append(index: Map<string, NodeFacts[]>, key: string, node: NodeFacts): void {
  const list = index.get(key);
  if (list) list.push(node);
  else index.set(key, [node]);
}
