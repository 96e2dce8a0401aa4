import { isPaused } from '../../capacity/paused.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import type { CarbonPool } from './carbon-pool.ts';
import type { Places } from './places.ts';
import type { Judged, Ranked } from './pool-status.ts';
import { type RankedPool, rankPools } from './rank-pools.ts';
import { gramsForRank, ownValueIn, type World } from './targets.ts';
import { readWish } from './wish.ts';

/** The place of each pool in mode `weight` among all of them; `undefined` for one of whose electricity nothing is known. */
export function rankWorld(pools: readonly CarbonPool[], places: Places, snapshot: Snapshot): World['rankOf'] {
  const ranked = rankPools(pools.flatMap((pool) => rankedPool(pool, pools.length, places, snapshot) ?? []));
  const count = 1 + Math.max(0, ...[...ranked.values()].map(({ place }) => place));
  return (name) => {
    const one = ranked.get(name);
    return one && { ranked: one, places: count };
  };
}

/** A place beyond as many pools as there are is none. */
function rankedPool(pool: CarbonPool, count: number, places: Places, snapshot: Snapshot): RankedPool | undefined {
  const wish = readWish(pool.annotations);
  if (!wish || 'mistakes' in wish || wish.mode !== 'weight' || pool.facts.isStatic || isPaused(pool.annotations))
    return undefined;
  const gramsPerKwh = gramsForRank(places.regionsOf(pool) ?? [], snapshot);
  if (gramsPerKwh === undefined) return undefined;
  const ownWeight = Number(ownValueIn(pool, { field: 'weight' }) ?? 0);
  const judged = pool.status?.mode === 'weight' ? pool.status.judged : undefined;
  return {
    name: pool.name,
    gramsPerKwh,
    ownWeight,
    range: wish.weights,
    was: isPlaced(judged, count) ? judged : undefined,
  };
}

function isPlaced(judged: Judged | undefined, count: number): judged is Ranked {
  return typeof judged === 'object' && judged !== null && 'place' in judged && judged.place < count;
}
