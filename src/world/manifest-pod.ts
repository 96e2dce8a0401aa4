import { groupOf } from '../decision/exempt.ts';
import type { Pod } from '../decision/pod.ts';
import { podOfTemplate, podOfWorkload } from '../decision/workload.ts';
import type { ManifestDocument } from '../documents/manifest-file.ts';
import { mistakesInPod } from './pod-shape.ts';

/** A pod of a manifest, its own or that of a workload's template. */
export interface ManifestPod {
  readonly pod: Pod;
  /** Of the object: `Deployment/web`. */
  readonly name: string;
  /** Absent where the object names none. */
  readonly namespace: string | undefined;
}

type Manifest = Pick<ManifestDocument, 'apiVersion' | 'kind' | 'value'>;

export interface NoPod {
  /** A sentence each. */
  readonly mistakes: readonly string[];
  /** It is of a kind without pods, or of one that gridgate does not decide about. */
  readonly isOther?: true;
}

/** The pod that an object brings, or what is wrong with it. */
export function readManifestPod(manifest: Manifest): ManifestPod | NoPod {
  const found = podOf(manifest);
  if (!found) return { mistakes: [`${manifest.kind} has no pod to decide about`], isOther: true };
  // A pod that is asked about for its placement may leave its containers out.
  const mistakes = mistakesInPod({ ...found.pod, spec: { containers: [], ...found.pod.spec } });
  return mistakes.length > 0 ? { mistakes: mistakes.map((mistake) => `${found.name}: ${mistake}`) } : found;
}

function podOf({ apiVersion, kind, value }: Manifest): ManifestPod | undefined {
  const group = groupOf(apiVersion);
  const pod = group === '' && kind === 'Pod' ? (value as Pod) : podOfObject(group, kind, value);
  if (!pod?.spec) return undefined;
  const { name = '?', namespace } = (value['metadata'] ?? {}) as { name?: string; namespace?: string };
  return { pod: { metadata: {}, ...pod }, name: `${kind}/${name}`, namespace }; // none is created without metadata
}

/** Of a workload, or of an object of another kind that carries a template of pods; pods of daemon sets are exempt. */
function podOfObject(group: string, kind: string, value: ManifestDocument['value']): Pod | undefined {
  return podOfWorkload(group, kind, value) ?? (kind.includes('DaemonSet') ? undefined : podOfTemplate(value));
}
