import type { Snapshot } from '../regions/snapshot.ts';
import { isAllowed, isSovereign, type Judgement } from './judge.ts';
import type { Pod } from './pod.ts';
import { reachableRegions } from './reachable.ts';
import type { Steering } from './steer.ts';
import type { Treatment } from './treatment.ts';

/**
 * What a pod of a daemon set gets; `undefined`: nothing. Carbon, outage and steering leave it alone, `regions` does not.
 *
 * | `regions` is set | the pod                    | what is due                                                          |
 * | ---------------- | -------------------------- | -------------------------------------------------------------------- |
 * | no               | any                        | nothing                                                              |
 * | yes              | has an allowed `nodeName`  | nothing                                                              |
 * | yes              | has any other `nodeName`   | denied                                                               |
 * | yes              | has none                   | `In` the allowed names: Pending elsewhere, since the DaemonSet controller stops at the first refusal |
 * | yes, none is known | any                      | denied                                                               |
 */
export function judgeDaemonPod(
  pod: Pod,
  treatment: Treatment,
  snapshot: Snapshot,
): { readonly judgement: Judgement; readonly steering?: Steering } | undefined {
  if (!isSovereign(treatment)) return undefined;
  const reach = reachableRegions(anySize(pod), snapshot);
  const allowed = snapshot.regions.filter(({ name }) => isAllowed(name, treatment));
  const base = { treatment, snapshot, reach, ranked: [] };
  if (pod.spec?.nodeName || allowed.length === 0) {
    const [region] = reach.regions;
    if (region && allowed.includes(region)) return undefined;
    const refused = reach.regions.map((one) => ({ region: one, refusal: 'not_allowed' as const }));
    return { judgement: { ...base, denied: true, reason: 'not_allowed', refused, candidates: [] } };
  }
  return {
    judgement: { ...base, denied: false, reason: 'daemonset_pod', refused: [], candidates: allowed },
    steering: {
      requirement: { operator: 'In', values: allowed.map(({ name }) => name) },
      preferred: [],
      toleratedBands: [],
      keptSpread: false,
    },
  };
}

/** Only where its node is counts, not whether the pod has room there. */
function anySize({ spec: { nodeName, affinity } = {}, ...pod }: Pod): Pod {
  const tolerations = [{ operator: 'Exists' }];
  return { ...pod, spec: { ...(nodeName && { nodeName }), ...(affinity && { affinity }), tolerations } };
}
