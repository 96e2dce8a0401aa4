import type { NodeFacts } from '../regions/topology.ts';
import { haveSameEntries } from './have-same-entries.ts';
import type { KubeObject } from './kube-object.ts';
import type { WatchedResource } from './watched-resource.ts';

const ZONE_LABELS = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'];
const HOSTNAME_LABEL = 'kubernetes.io/hostname';

/** Where a node is, by its labels; an empty label says nothing. */
export function toNodeFacts({ metadata: { name, labels = {} } }: KubeObject, regionLabel: string): NodeFacts {
  const region = labels[regionLabel];
  const zone = ZONE_LABELS.map((label) => labels[label]).find(Boolean);
  const hostname = labels[HOSTNAME_LABEL];
  return { name, ...(region && { region }), ...(zone && { zone }), ...(hostname && { hostname }) };
}

/** Metadata only: a node's status, which the kubelet rewrites all the time, is never sent, and its heartbeat no change. */
export function nodes(regionLabel: string): WatchedResource<NodeFacts> {
  return {
    name: 'nodes',
    path: '/api/v1/nodes',
    content: 'metadata',
    project: (object) => toNodeFacts(object, regionLabel),
    differs: (before, after) => !haveSameEntries(before, after),
  };
}
