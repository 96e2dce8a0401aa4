import { NODE_POOLS_PATH } from '../../src/cluster/node-pools.ts';
import { type NodePoolObject, toCarbonPool } from '../../src/controllers/node-pools/carbon-pool.ts';
import { findPlaces } from '../../src/controllers/node-pools/places.ts';
import { type Decision, decidePool } from '../../src/controllers/node-pools/plan.ts';
import { writeStep } from '../../src/controllers/node-pools/pool-writer.ts';
import { rankWorld } from '../../src/controllers/node-pools/rank-world.ts';
import type { NodeFacts } from '../../src/regions/node-facts.ts';
import type { Snapshot } from '../../src/regions/snapshot.ts';
import type { CapacityMode } from '../../src/units/capacity-mode.ts';
import { makeSnapshot, NOW } from '../builders.ts';
import { type FakeNodePools, fakeNodePools } from './fake-node-pools.ts';

export interface Turn {
  readonly snapshot: Snapshot;
  /** Epoch milliseconds. */
  readonly now?: number;
  readonly mode?: CapacityMode;
  readonly nodes?: readonly NodeFacts[];
  readonly wroteAt?: number;
}

/** Pools to which what is decided of them is done, all at once and as often as asked, without a controller. */
export function followedPools(...objects: readonly NodePoolObject[]) {
  const fake: FakeNodePools = fakeNodePools(...objects);
  const names = objects.map(({ metadata }) => metadata.name);

  async function turn({ snapshot, now = NOW, mode = 'on', nodes = [], wroteAt }: Turn) {
    const pools = names.map((name) => toCarbonPool(fake.pool(name)));
    const places = findPlaces(nodes, snapshot);
    const world = { snapshot, places, rankOf: rankWorld(pools, places, snapshot) };
    const decisions: Record<string, Decision> = {};
    for (const pool of pools) {
      const decision = decidePool(pool, { mode, now, world, wroteAt });
      decisions[pool.name] = decision;
      if (decision.step)
        await writeStep(fake.writer, `${NODE_POOLS_PATH}/${pool.name}`, fake.pool(pool.name), decision.step);
    }
    return decisions;
  }

  return {
    ...fake,
    turn,
    /** The same with these intensities by region. */
    grams: (regions: Readonly<Record<string, number>>, rest: Omit<Turn, 'snapshot'> = {}) =>
      turn({ snapshot: makeSnapshot(regions), ...rest }),
  };
}
