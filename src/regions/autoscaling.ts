import { type GroupPattern, groupRegions } from './group-regions.ts';
import type { NodeFacts } from './node-facts.ts';
import { NODE_POOL_LABEL } from './node-pool.ts';
import type { PoolOffers } from './pool-offers.ts';
import type { Topology } from './topology.ts';

/** `both`: pods go to whichever has a place for them. `unknown`: nobody could look. */
export type Autoscaler = 'karpenter' | 'cluster-autoscaler' | 'both' | 'none' | 'unknown';

/** Who brings nodes to a cluster, as far as it can be seen from inside. Plain data, as reports tell it. */
export interface Autoscaling {
  readonly autoscaler: Autoscaler;
  /** NodePools of Karpenter that may create nodes; none where only labels of nodes tell of Karpenter. */
  readonly nodePools: readonly string[];
  /** Those among them of which nobody can tell where their nodes come. */
  readonly placelessNodePools: readonly string[];
  /** How many more there are: static, paused, full or not ready. */
  readonly idleNodePools: number;
  /** How many node groups Cluster Autoscaler has; 0 where only labels of nodes tell of it. */
  readonly nodeGroups: number;
  /** Regions with a healthy node group below its maximum that does not back off. */
  readonly roomIn: readonly string[];
  /** Regions with node groups that are all at their maximum, not healthy, or back off. */
  readonly fullIn: readonly string[];
}

/** A node group of Cluster Autoscaler, in nodes. */
export interface GroupFacts {
  readonly name: string;
  readonly target: number;
  readonly max: number;
  readonly isHealthy: boolean;
  /** Its last nodes did not come, and for a while no more are asked for. */
  readonly isBackingOff: boolean;
}

interface Seen {
  /** Absent where NodePools may not be read, or nobody serves them. */
  readonly offers: PoolOffers | undefined;
  /** Of the status of Cluster Autoscaler, none where there is no status that counts; absent where it may not be read. */
  readonly groups: readonly GroupFacts[] | undefined;
  readonly topology: Topology | undefined;
  /** Names of the regions that are known. */
  readonly regions: readonly string[];
  /** What the cluster's owner says of node groups. */
  readonly groupPatterns: readonly GroupPattern[];
}

type Labels = NodeFacts['labels'];

/**
 * Whether a label tells that Karpenter made a node: its own, that of EKS Auto Mode (docs.aws.amazon.com/eks, "Control if a workload is
 * deployed on EKS Auto Mode nodes"), that of AKS node auto-provisioning (Azure/karpenter-provider-azure, AKSNodeClass).
 */
function isOfKarpenter(labels: Labels): boolean {
  return (
    labels[NODE_POOL_LABEL] !== undefined ||
    labels['eks.amazonaws.com/compute-type'] === 'auto' ||
    labels['karpenter.azure.com/aksnodeclass'] !== undefined
  );
}

/**
 * Node pools of GKE: what grows them is its Cluster Autoscaler (cloud.google.com/kubernetes-engine, "About cluster autoscaling"). Managed
 * groups of EKS and AKS may be grown by nobody, and where Cluster Autoscaler grows them, its status can be read.
 */
function isOfGke(labels: Labels): boolean {
  return labels['cloud.google.com/gke-nodepool'] !== undefined;
}

/**
 * Who brings nodes:
 *
 * | NodePools           | nodes             | Karpenter |
 * | ------------------- | ----------------- | --------- |
 * | some may create     | any               | yes       |
 * | none may create     | any               | no        |
 * | not to be read      | some of Karpenter | yes       |
 *
 * | status of Cluster Autoscaler | nodes         | Cluster Autoscaler |
 * | ---------------------------- | ------------- | ------------------ |
 * | with node groups             | any           | yes                |
 * | none, or without groups      | some of GKE   | yes                |
 * | none, or without groups      | others        | no                 |
 * | not to be read               | others        | not known          |
 */
export function autoscalingOf(seen: Seen): Autoscaling {
  const { offers, topology } = seen;
  const { groups = [] } = seen;
  const classes = topology?.classes ?? [];
  const hasKarpenter = offers ? offers.pools.length > 0 : classes.some(({ labels }) => isOfKarpenter(labels));
  const hasGroups = groups.length > 0 || classes.some(({ labels }) => isOfGke(labels));
  return {
    autoscaler: autoscalerOf(hasKarpenter, hasGroups) ?? (seen.groups ? 'none' : 'unknown'),
    nodePools: offers?.pools ?? [],
    placelessNodePools: offers?.placeless ?? [],
    idleNodePools: offers?.idle.length ?? 0,
    nodeGroups: groups.length,
    ...roomOf(groups, seen),
  };
}

function autoscalerOf(hasKarpenter: boolean, hasGroups: boolean): Autoscaler | undefined {
  if (hasKarpenter && hasGroups) return 'both';
  if (hasKarpenter) return 'karpenter';
  return hasGroups ? 'cluster-autoscaler' : undefined;
}

function roomOf(
  groups: readonly GroupFacts[],
  { topology, regions, groupPatterns }: Seen,
): Pick<Autoscaling, 'roomIn' | 'fullIn'> {
  if (groups.length === 0) return { roomIn: [], fullIn: [] };
  const regionOf = groupRegions(groups, topology ? samples(topology) : [], regions, groupPatterns);
  const hasRoom = ({ isHealthy, isBackingOff, target, max }: GroupFacts) => isHealthy && !isBackingOff && target < max;
  const placed = groups.flatMap((group) => {
    const region = regionOf.get(group.name);
    return region === undefined ? [] : [{ region, hasRoom: hasRoom(group) }];
  });
  const known = [...new Set(placed.map(({ region }) => region))].sort();
  const isOpen = (region: string) => placed.some((group) => group.region === region && group.hasRoom);
  return { roomIn: known.filter(isOpen), fullIn: known.filter((region) => !isOpen(region)) };
}

/** Of nodes that are alike but by their host, one: groups are told by labels, zones and the beginnings of names. */
function samples({ classes, individual, nodes }: Topology): readonly NodeFacts[] {
  return individual.size > 1 ? nodes : classes.flatMap((one) => one.nodes.slice(0, 1));
}
