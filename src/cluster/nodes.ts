import type { NodeFacts } from '../regions/topology.ts';
import { haveSameEntries } from './have-same-entries.ts';
import type { KubeObject } from './kube-object.ts';
import type { WatchedResource } from './watched-resource.ts';

export const NODES_PATH = '/api/v1/nodes';

const ZONE_LABELS = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'];
/** What the node labeller says of a node. */
export const CARBON_LABEL = 'gridgate.dev/carbon';
const HOSTNAME_LABEL = 'kubernetes.io/hostname';

/** Where a node is, by its labels; an empty label says nothing. */
export function toNodeFacts({ metadata }: KubeObject, regionLabel: string): NodeFacts {
  const { name, uid, labels = {} } = metadata;
  const region = labels[regionLabel];
  const zone = ZONE_LABELS.map((label) => labels[label]).find(Boolean);
  const hostname = labels[HOSTNAME_LABEL];
  const carbonBand = labels[CARBON_LABEL];
  return {
    name,
    ...(region && { region }),
    ...(zone && { zone }),
    ...(hostname && { hostname }),
    ...(uid && { uid }),
    ...(carbonBand !== undefined && { carbonBand }),
  };
}

/** Our own label moves nothing: a band that changes relabels many nodes, and each would otherwise cost a snapshot. */
function whereabouts({ name, region, zone, hostname }: NodeFacts): object {
  return { name, region, zone, hostname };
}

/** Metadata only: a node's status, which the kubelet rewrites all the time, is never sent, and its heartbeat no change. */
export function nodes(regionLabel: string): WatchedResource<NodeFacts> {
  return {
    name: 'nodes',
    path: NODES_PATH,
    content: 'metadata',
    project: (object) => toNodeFacts(object, regionLabel),
    differs: (before, after) => !haveSameEntries(whereabouts(before), whereabouts(after)),
  };
}
