import type { LivePod } from '../../cluster/live-pods.ts';
import type { Environment } from '../../config/read-options.ts';
import { decide } from '../../decision/decide.ts';
import { effectOf } from '../../decision/effect.ts';
import type { PatchOperation } from '../../decision/patch.ts';
import { loadWorld } from '../../world/load-world.ts';
import { readWorldFiles } from '../../world/world-files.ts';
import type { ReleaseValues } from './options.ts';
import type { Policies } from './policies.ts';

type Tell = (sentence: string) => void;

const NO_REGIONS = 'neither Regions nor nodes can be read';
const GATE_ALONE = 'what waits is let go as its author wrote it: where it should go is not known';

/**
 * What a pod gets as it is let go, by the decision of the moment, with the caller's own rights; `undefined` where the cluster cannot
 * be read for that, which `tell` hears of.
 */
export async function loadSteering(
  values: ReleaseValues,
  env: Environment,
  { policies, onlyNamespace, tell }: { policies: Policies; onlyNamespace: string | undefined; tell: Tell },
): Promise<((pod: LivePod) => readonly PatchOperation[]) | undefined> {
  const files = { ...(await readWorldFiles({})), config: policies.config };
  const asked = { ...values, regions: undefined, namespaces: undefined, config: undefined };
  const world = await loadWorld(files, asked, env, { onlyNamespace });
  if ('issues' in world) {
    const why = world.lacksRegions ? [NO_REGIONS] : world.issues;
    for (const issue of why) tell(`${issue}; ${GATE_ALONE}`);
    return undefined;
  }
  for (const sentence of world.notes) tell(sentence);
  const { snapshot, volumesOf } = world;
  if (snapshot.topology?.regions.size === 0) {
    tell(`no node has the label ${snapshot.regionLabel} (--region-label says which it is); ${GATE_ALONE}`);
    return undefined;
  }
  return (pod) => {
    const { name, namespace = '' } = pod.metadata;
    const policy = policies.of(namespace);
    if (!policy) return [];
    const volumes = volumesOf(namespace, pod);
    const decision = decide({ pod, policy, snapshot, now: Date.now(), volumes, isReleased: true });
    if (decision.decision === 'deny')
      tell(`pod/${name}: it goes, as its author wrote it; a new one like it would be refused: ${decision.message}`);
    return effectOf(decision, policy.mode).patch;
  };
}
