import type { Pod } from '../decision/pod.ts';
import { claimNamesOf, type VolumeTerms } from '../decision/volume-terms.ts';
import type { VolumeFacts } from './persistent-volumes.ts';
import { objectKey, type ProjectionStore } from './projection-store.ts';

interface VolumeStores {
  readonly claims: Pick<ProjectionStore<string>, 'get'>;
  readonly volumes: Pick<ProjectionStore<VolumeFacts>, 'get'>;
}

const NONE: readonly VolumeTerms[] = [];

/** The bound volumes of a pod that say where they are; a claim that is unbound or unknown is left out. */
export function volumesOfPod(namespace: string, pod: Pod, { claims, volumes }: VolumeStores): readonly VolumeTerms[] {
  const names = claimNamesOf(pod);
  if (names.length === 0) return NONE;
  return names.flatMap((claim) => {
    const volume = claims.get(objectKey(claim, namespace));
    const terms = volume ? volumes.get(volume)?.terms : undefined;
    return volume && terms ? { volume, claim, terms } : [];
  });
}
