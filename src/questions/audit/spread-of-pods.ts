import type { Decision } from '../../decision/decide.ts';
import { reachableRegions } from '../../decision/reachable.ts';
import { isUsable } from '../../decision/usable.ts';
import type { VolumeTerms } from '../../decision/volume-terms.ts';
import type { RegionView, Snapshot } from '../../regions/snapshot.ts';
import type { Workload } from './audited-workload.ts';

/** How many pods are, or are to be expected, in each region; parts of a pod where nobody can say which. */
export type PodSpread = ReadonlyMap<string, number>;

/** Running pods where they run, written ones over all regions that they can reach, as a scheduler without carbon data does. */
export function asWritten(
  { pod, pods, runsIn }: Workload,
  decision: Decision,
  { snapshot, volumes }: { readonly snapshot: Snapshot; readonly volumes: readonly VolumeTerms[] },
): PodSpread {
  if (runsIn) return runsIn;
  const reach = decision.steps?.reach ?? reachableRegions(pod, snapshot, { volumes });
  return evenly(pods, reach.regions, snapshot);
}

/** Where gridgate would place them; `undefined` where it would leave them as they are, or deny them. */
export function asPlaced({ pods }: Workload, { steps }: Decision, snapshot: Snapshot): PodSpread | undefined {
  if (!steps?.steering) return undefined;
  const { ranked, candidates, reason } = steps.judgement;
  if (reason === 'unreachable') return undefined;
  const { preferred, requirement } = steps.steering;
  const isLed = preferred.length > 0 || requirement?.operator === 'In';
  const best = isLed
    ? firstUsable(
        ranked.map(({ region }) => region),
        snapshot,
      )
    : undefined;
  return best ? new Map([[best.name, pods]]) : evenly(pods, candidates, snapshot);
}

function firstUsable(regions: readonly RegionView[], snapshot: Snapshot): RegionView | undefined {
  return regions.find((region) => isUsable(region, snapshot)) ?? regions[0];
}

/** A region without nodes gets none, where others have some. */
function evenly(pods: number, regions: readonly RegionView[], snapshot: Snapshot): PodSpread {
  const usable = regions.filter((region) => isUsable(region, snapshot));
  const among = usable.length > 0 ? usable : regions;
  return new Map(among.map(({ name }) => [name, pods / among.length]));
}
