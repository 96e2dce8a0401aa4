import type { ApiClient } from '../../cluster/api-client.ts';
import { listOnce } from '../../cluster/list-watch.ts';
import type { LivePod } from '../../cluster/live-pods.ts';
import { describeReadFailure } from '../../cluster/read-failure.ts';
import { REGIONS } from '../../cluster/regions.ts';
import type { Environment } from '../../config/read-options.ts';
import { decide } from '../../decision/decide.ts';
import { effectOf } from '../../decision/effect.ts';
import type { PatchOperation } from '../../decision/patch.ts';
import { loadWorld } from '../../world/load-world.ts';
import { readWorldFiles } from '../../world/world-files.ts';
import type { ReleaseValues } from './options.ts';
import type { Policies } from './policies.ts';

const TIMEOUT_MS = 15_000;

type Tell = (sentence: string) => void;

const NO_REGIONS = 'there are neither Regions nor nodes';
const GATE_ALONE =
  'what waits is let go as its author wrote it, unsteered: where it should go is not known (the leader would steer it when its hour comes)';

interface SteeringDeps {
  readonly api: ApiClient;
  readonly policies: Policies;
  readonly onlyNamespace: string | undefined;
  readonly tell: Tell;
}

/**
 * What a pod gets as it is let go, by the decision of the moment, with the caller's own rights; `undefined` where the cluster cannot
 * be read for that, which `tell` hears of.
 */
export async function loadSteering(
  values: ReleaseValues,
  env: Environment,
  { api, policies, onlyNamespace, tell }: SteeringDeps,
): Promise<((pod: LivePod) => readonly PatchOperation[]) | undefined> {
  const files = { ...(await readWorldFiles({})), config: policies.config };
  const asked = { ...values, regions: undefined, namespaces: undefined, config: undefined };
  const world = await loadWorld(files, asked, env, { onlyNamespace });
  if ('issues' in world) {
    const why = world.lacksRegions ? [await whyNoRegions(api)] : world.issues;
    for (const issue of why) tell(`${issue}; ${GATE_ALONE}`);
    return undefined;
  }
  for (const sentence of world.notes) tell(sentence);
  const { snapshot, volumesOf } = world;
  if (snapshot.topology?.regions.size === 0 && !snapshot.supply?.regions.size) {
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

/** Which right the caller lacks. */
async function whyNoRegions(api: ApiClient): Promise<string> {
  return listOnce(api, REGIONS, TIMEOUT_MS).then(() => NO_REGIONS, describeReadFailure);
}
