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

export interface Placed {
  readonly spread: PodSpread;
  /** The one that it leads them to, or that is left; absent where they may run in several. */
  readonly region: string | undefined;
}

/**
 * Where gridgate would place them; `undefined` where it would leave them as they are, or deny them. Where it leads nobody, for
 * nothing ranks the regions or the policy wants no preference, pods stay where they may be and the others are spread evenly.
 */
export function asPlaced(now: PodSpread, { steps }: Decision, snapshot: Snapshot): Placed | undefined {
  if (!steps?.steering) return undefined;
  const { treatment, ranked, candidates, reason } = steps.judgement;
  if (reason === 'unreachable') return undefined;
  const { preferred, requirement } = steps.steering;
  const isLed = preferred.length > 0 || (requirement?.operator === 'In' && requirement.values.length === 1);
  const best = ranked
    .filter(({ region }) => isLed && isUsable(region, snapshot))
    .slice(0, treatment.policy.spread ?? 1)
    .filter(({ score }, index) => index === 0 || score > 0)
    .map(({ region }) => region);
  if (best.length > 0)
    return { region: best.length === 1 ? best[0]?.name : undefined, spread: evenly(podsIn(now), best, snapshot) };
  const open = candidates.filter((region) => isUsable(region, snapshot));
  return { region: open.length === 1 ? open[0]?.name : undefined, spread: keptIn(open, now, snapshot) };
}

/** Pods of no known region stay, too: nobody can say that they are refused. */
function keptIn(open: readonly RegionView[], now: PodSpread, snapshot: Snapshot): PodSpread {
  const names = new Set(open.map(({ name }) => name));
  if (names.size === 0) return now;
  const stay = [...now].filter(([name]) => names.has(name) || !snapshot.byName.has(name));
  const kept = new Map(stay);
  const moved = podsIn(now) - podsIn(kept);
  if (moved > 0) for (const name of names) kept.set(name, (kept.get(name) ?? 0) + moved / names.size);
  return kept;
}

function podsIn(spread: PodSpread): number {
  return [...spread.values()].reduce((sum, pods) => sum + pods, 0);
}

/** A region without nodes gets none, where others have some. */
function evenly(pods: number, regions: readonly RegionView[], snapshot: Snapshot): PodSpread {
  const usable = regions.filter((region) => isUsable(region, snapshot));
  const among = usable.length > 0 ? usable : regions;
  return new Map(among.map(({ name }) => [name, pods / among.length]));
}
