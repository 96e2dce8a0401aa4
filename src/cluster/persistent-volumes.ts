import { isEmptyTerm, type NodeSelectorTerm, type Requirement } from '../decision/node-selector.ts';
import type { KubeObject } from './kube-object.ts';
import type { WatchedResource } from './watched-resource.ts';

/** Where the nodes are that can reach a volume. */
export interface VolumeFacts {
  /** ORed; absent where nothing is said about regions, zones or nodes. Volumes of one place share one array. */
  readonly terms?: readonly NodeSelectorTerm[];
}

type Volume = KubeObject & {
  readonly spec?: {
    readonly nodeAffinity?: {
      readonly required?: { readonly nodeSelectorTerms?: readonly NodeSelectorTerm[] | null } | null;
    } | null;
  };
};

/** The second of each is from before Kubernetes 1.17. */
const REGION_LABELS = ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region'];
const ZONE_LABEL = 'topology.kubernetes.io/zone';
const HOSTNAME_LABEL = 'kubernetes.io/hostname';
const OLD_ZONE_LABEL = 'failure-domain.beta.kubernetes.io/zone';
/** CSI drivers put the zone on nodes under a name of their own as well, with the same values. */
const ZONE_LABELS = [
  ZONE_LABEL,
  OLD_ZONE_LABEL,
  'topology.ebs.csi.aws.com/zone',
  'topology.gke.io/zone',
  'topology.disk.csi.azure.com/zone',
  'topology.cinder.csi.openstack.org/zone',
];
/** Labels of a volume itself that kube-scheduler's VolumeZone filter compares with those of nodes. */
const PLACE_LABELS = [...REGION_LABELS, ZONE_LABEL, OLD_ZONE_LABEL];
/** Between the zones of one label (`cloud-provider/volume/helpers`). */
const LABEL_DELIMITER = '__';
const ANYWHERE: VolumeFacts = Object.freeze({});
const MOST_SHARED = 10_000;

/** Keeps of each volume the terms that say where it is, in one array for all volumes of a place. */
export function persistentVolumes(regionLabel: string): WatchedResource<VolumeFacts> {
  const shared = new Map<string, VolumeFacts>();

  function project(object: KubeObject): VolumeFacts {
    const terms = placeTerms(object, regionLabel);
    if (!terms) return ANYWHERE;
    const key = JSON.stringify(terms);
    const known = shared.get(key);
    if (known) return known;
    if (shared.size >= MOST_SHARED) shared.clear(); // local volumes have a place for each node, and nodes come and go
    const facts = { terms };
    shared.set(key, facts);
    return facts;
  }

  return {
    name: 'persistentvolumes',
    path: '/api/v1/persistentvolumes',
    content: 'full',
    project,
    differs: () => false, // looked up when a pod comes, never announced
  };
}

/** The terms of a volume's node affinity and its labels, as far as they say where it is; `undefined` where they do not. */
export function placeTerms(object: KubeObject, regionLabel: string): readonly NodeSelectorTerm[] | undefined {
  const ofLabels = placeLabels(object, regionLabel);
  const required = (object as Volume).spec?.nodeAffinity?.required;
  // An empty term matches no node.
  const written = required?.nodeSelectorTerms?.filter((term) => !isEmptyTerm(term)) ?? [];
  const terms = (required ? written : [{}]).map((term) => placeTerm(term, ofLabels, regionLabel));
  return terms.some((term) => !term.matchExpressions && !term.matchFields) ? undefined : terms;
}

/** A region that is named says more than its zones and hosts, which may have no node just now. */
function placeTerm(
  { matchExpressions, matchFields }: NodeSelectorTerm,
  ofLabels: readonly Requirement[],
  regionLabel: string,
): NodeSelectorTerm {
  const all = [...(matchExpressions ?? []).map((one) => ({ ...one, key: keyOf(one.key, regionLabel) })), ...ofLabels];
  const regions = all.filter(({ key }) => key === regionLabel);
  if (regions.some(({ operator }) => operator === 'In')) return { matchExpressions: regions };
  const places = all.filter(({ key }) => key === regionLabel || key === ZONE_LABEL || key === HOSTNAME_LABEL);
  return {
    ...(places.length > 0 && { matchExpressions: places }),
    ...(matchFields?.length && { matchFields }),
  };
}

function placeLabels({ metadata: { labels = {} } }: KubeObject, regionLabel: string): readonly Requirement[] {
  return PLACE_LABELS.filter((label) => labels[label]).map((label) => ({
    key: keyOf(label, regionLabel),
    operator: 'In',
    values: (labels[label] ?? '').split(LABEL_DELIMITER),
  }));
}

/** The standard region labels mean gridgate's regions only where those are named by one of them. */
function keyOf(label: string, regionLabel: string): string {
  if (REGION_LABELS.includes(label) && REGION_LABELS.includes(regionLabel)) return regionLabel;
  return ZONE_LABELS.includes(label) && label !== regionLabel ? ZONE_LABEL : label;
}
