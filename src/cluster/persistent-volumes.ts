import { isEmptyTerm, type NodeSelectorTerm, type Requirement } from '../decision/node-selector.ts';
import { OLD_REGION_LABEL, OLD_ZONE_LABEL, REGION_LABEL, ZONE_LABEL } from '../units/label-names.ts';
import type { KubeObject } from './kube-object.ts';
import type { WatchedResource } from './watched-resource.ts';

/** Where the nodes are that can reach a volume. */
export interface VolumeFacts {
  /** ORed, on whatever labels its driver uses; absent where nothing is said. Volumes of one place share one array. */
  readonly terms?: readonly NodeSelectorTerm[];
}

type Volume = KubeObject & {
  readonly spec?: {
    readonly nodeAffinity?: {
      readonly required?: { readonly nodeSelectorTerms?: readonly NodeSelectorTerm[] | null } | null;
    } | null;
  };
};

/** Names from before Kubernetes 1.17, which nodes no longer need to carry; kube-scheduler looks for the others, too. */
const RENAMED: Readonly<Record<string, string>> = {
  [OLD_REGION_LABEL]: REGION_LABEL,
  [OLD_ZONE_LABEL]: ZONE_LABEL,
};
/** Labels of a volume itself that kube-scheduler's VolumeZone filter compares with those of nodes. */
const PLACE_LABELS = Object.entries(RENAMED).flat();
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

/** Which nodes can reach a volume, by its node affinity and its labels; `undefined` where they say nothing. */
export function placeTerms(object: KubeObject, regionLabel: string): readonly NodeSelectorTerm[] | undefined {
  const ofLabels = placeLabels(object, regionLabel);
  const required = (object as Volume).spec?.nodeAffinity?.required;
  if (!required) return ofLabels.length > 0 ? [{ matchExpressions: ofLabels }] : undefined;
  // An empty term matches no node.
  const terms = (required.nodeSelectorTerms ?? []).filter((term) => !isEmptyTerm(term));
  return terms.map(({ matchExpressions, matchFields }) => {
    const expressions = [
      ...(matchExpressions ?? []).map((one) => ({ ...one, key: keyOf(one.key, regionLabel) })),
      ...ofLabels,
    ];
    return {
      ...(expressions.length > 0 && { matchExpressions: expressions }),
      ...(matchFields?.length && { matchFields }),
    };
  });
}

function placeLabels({ metadata: { labels = {} } }: KubeObject, regionLabel: string): readonly Requirement[] {
  return PLACE_LABELS.filter((label) => labels[label]).map((label) => ({
    key: keyOf(label, regionLabel),
    operator: 'In',
    values: (labels[label] ?? '').split(LABEL_DELIMITER),
  }));
}

function keyOf(label: string, regionLabel: string): string {
  return label === regionLabel ? label : (RENAMED[label] ?? label);
}
