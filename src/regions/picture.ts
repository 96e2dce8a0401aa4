import type { NodeSupply } from './node-supply.ts';
import type { Picture, Snapshot } from './snapshot.ts';
import type { Topology } from './topology.ts';

const pictures = new WeakMap<Snapshot, Picture>();

/** One object for snapshots that differ in nothing but single nodes: what was judged for one serves the next. */
export function pictureOf(snapshot: Snapshot): Picture {
  if (!snapshot.topology) return snapshot;
  const known = pictures.get(snapshot);
  if (known) return known;
  const { topology, startupTaints: _, ...rest } = snapshot;
  // Nodes are left out: a judgement that is remembered must not hold nodes that have long been replaced.
  const picture = { ...rest, topology: { regions: topology.regions } };
  pictures.set(snapshot, picture);
  return picture;
}

/** The snapshot with other nodes; `undefined` where more than single nodes would change. */
export function withNodes(
  snapshot: Snapshot,
  topology: Topology | undefined,
  supply: NodeSupply | undefined = snapshot.supply,
): Snapshot | undefined {
  const { topology: before } = snapshot;
  const isOfNodes =
    before &&
    topology &&
    snapshot.supply === supply &&
    before.regions === topology.regions &&
    before.grouped === topology.grouped &&
    before.pooled === topology.pooled &&
    before.carbonTaints === topology.carbonTaints;
  if (!isOfNodes) return undefined;
  const next = { ...snapshot, topology };
  pictures.set(next, pictureOf(snapshot));
  return next;
}
