import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { joinLastEvents } from '../../cluster/last-events.ts';
import { NODE_POOLS_PATH } from '../../cluster/node-pools.ts';
import { type Followed, followNow } from '../../cluster/reflector.ts';
import type { WatchedResource } from '../../cluster/watched-resource.ts';
import type { Mode } from '../../decision/policy.ts';
import type { NodeFacts } from '../../regions/node-facts.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';
import { capacityMode } from '../capacity-switch.ts';
import type { EventTellerDeps } from '../event.ts';
import type { Controller } from '../manager.ts';
import { createNotices, type Notice } from '../notices.ts';
import { createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type Outcome } from '../rounds.ts';
import { isRefusedWrite, writeEach } from '../write-each.ts';
import { CARBON_POOLS, type CarbonPool, toCarbonPool } from './carbon-pool.ts';
import { findPlaces } from './places.ts';
import { type Decision, decidePool, imaginePool, type PlanInput, type Step } from './plan.ts';
import {
  changeNotices,
  complaintNotice,
  type Ours,
  orphanNotice,
  putBackNotice,
  type Telling,
  tellEnd,
} from './pool-events.ts';
import { changeKey, poolMetrics } from './pool-metrics.ts';
import { writeStep } from './pool-writer.ts';
import { rankWorld } from './rank-world.ts';
import { createReplacedNodes, NODE_CLAIMS, type NodeClaim, narrowedPools } from './replaced-nodes.ts';
import type { World } from './targets.ts';

/** 500 pools of a region that turns take minutes; that a pool changes four times a day at most is what keeps writes few. */
export const WRITES_PER_SECOND = 5;
const IDLE_TIMEOUT_MS = 10_000;
const ROUNDS = {
  name: 'node-pools',
  on: ['snapshot', 'rules'],
  /** Nobody announces that a pool has had its 30 minutes. */
  resyncMs: 30_000,
  settleMs: 500,
  restMs: 2_000,
} as const;

export interface NodePoolsDeps extends EventTellerDeps {
  readonly api: ApiClient;
  readonly writer: Pick<ApiWriter, 'create' | 'apply' | 'mergePatch'>;
  readonly view: { nodes(): Iterable<NodeFacts> };
  readonly snapshot: () => Snapshot;
  readonly capacity: { readonly nodePools: CapacityMode };
  /** What the kill switch says. */
  readonly modeCap: () => Mode | undefined;
}

/** What was done, for the log. */
const DONE: Readonly<Record<Step['kind'], string>> = {
  apply: 'a NodePool follows the grid',
  'put-back': 'a NodePool has back what its owner had',
  release: 'a NodePool is let go as it stands',
};

/** What one round decides with. */
interface Round {
  readonly mode: CapacityMode;
  readonly world: World;
}

type Decided = Decision & { readonly pool: CarbonPool };

/**
 * Has NodePools of Karpenter that are annotated `gridgate.dev/carbon-aware` follow the grid (README.md). All that decides stands on
 * the pool itself, and each write carries the version of the pool that was decided on.
 */
export function createNodePools(deps: NodePoolsDeps): Controller {
  const { api, writer, view, snapshot, instance, now, log, clock = MONOTONIC } = deps;
  const pace = createPace({ perSecond: WRITES_PER_SECOND, clock });
  const tell = createNotices({ writer, pace });
  const replaced = createReplacedNodes();
  const changes = new Map<string, number>();
  /** When this process wrote a pool's field, by uid. */
  const wroteAt = new Map<string, number>();
  /** Pools whose last write the API server refused, by uid. */
  const refused = new Set<string>();
  /** What would stand on pools, by uid, while nothing is written. */
  const imagined = new Map<string, Ours>();
  /** What is to be told of pools that were let go, by uid, until it is told. */
  const once = new Map<string, Notice>();
  let pools: Followed<CarbonPool> | undefined;
  let claims: Followed<NodeClaim> | undefined;
  let told: readonly Decided[] | undefined;

  function decide(pool: CarbonPool, { mode, world }: Round): Decision {
    return decidePool(pool, inputFor(pool, mode, world));
  }

  /** What would be done; what would stand on the pool then is kept. */
  function imagine(pool: CarbonPool, { world }: Round): Decision {
    const decision = imaginePool(pool, imagined.get(pool.uid)?.status, inputFor(pool, 'on', world));
    if (decision.step?.kind !== 'apply') return decision;
    imagined.set(pool.uid, decision.step);
    count(decision.mode, 'would');
    return decision;
  }

  function inputFor({ uid }: CarbonPool, mode: CapacityMode, world: World): PlanInput {
    return { mode, now: now(), world, wroteAt: wroteAt.get(uid) };
  }

  function count(mode: string, outcome: 'done' | 'would'): void {
    const key = changeKey(mode, outcome);
    changes.set(key, (changes.get(key) ?? 0) + 1);
  }

  function forgetGone(there: ReadonlySet<string>): void {
    for (const kept of [wroteAt, refused, imagined])
      for (const uid of kept.keys()) if (!there.has(uid)) kept.delete(uid);
  }

  function begin(all: readonly CarbonPool[]): Round {
    const mode = capacityMode(deps.capacity.nodePools, deps.modeCap());
    forgetGone(new Set(all.map(({ uid }) => uid)));
    if (mode !== 'audit') imagined.clear();
    const picture = snapshot();
    const places = findPlaces([...view.nodes()], picture);
    const judged = mode === 'audit' ? all.map(imaginedOf) : all.map(rankable);
    return { mode, world: { snapshot: picture, places, rankOf: rankWorld(judged, places, picture) } };
  }

  function imaginedOf(pool: CarbonPool): CarbonPool {
    return { ...pool, status: imagined.get(pool.uid)?.status, hold: undefined };
  }

  /** One that cannot be written keeps a place that it should not have: by that the others would be ranked anew for ever. */
  function rankable(pool: CarbonPool): CarbonPool {
    return refused.has(pool.uid) ? { ...pool, status: undefined } : pool;
  }

  async function round(signal: AbortSignal): Promise<Outcome> {
    pools ??= follow(CARBON_POOLS);
    const all = [...pools.values()];
    const current = begin(all);
    const decided = all.map((pool) => ({ pool, ...decide(pool, current) }));
    told = current.mode === 'audit' ? all.map((pool) => ({ pool, ...imagine(pool, current) })) : decided;
    await countReplaced(all);
    const written = await writeEach({
      items: decided.filter(({ step }) => step !== undefined).map(({ pool }) => pool.name),
      isDue: (name) => isDue(name, current),
      write: (name) => write(name, current),
      pace,
      signal,
    }).catch(toRefusal);
    // One pool that is refused silences none.
    const tellings = await tell(current.mode === 'off' ? [...once.values()] : noticesOf(told, current), signal);
    once.clear();
    if (written instanceof ApiError) throw written;
    return written === 'again' ? written : tellings;
  }

  function isDue(name: string, current: Round): boolean {
    const pool = pools?.get(name);
    return pool !== undefined && decide(pool, current).step !== undefined;
  }

  /** Decides on the pool as it is now: what the watch shows may be older than a write of ours. */
  async function write(name: string, current: Round): Promise<void> {
    const path = `${NODE_POOLS_PATH}/${encodeURIComponent(name)}`;
    const object = (await api.get(path, { accept: 'application/json', idleTimeoutMs: IDLE_TIMEOUT_MS })) as KubeObject;
    const pool = toCarbonPool(object);
    const decision = decide(pool, current);
    const { step, mode } = decision;
    if (!step) return;
    const written = await writeStep(writer, path, object, step).catch((error) => {
      if (isRefusedWrite(error)) refused.add(pool.uid);
      throw error;
    });
    refused.delete(pool.uid);
    const after = toCarbonPool(written);
    const why = step.status?.reason ?? tellEnd(decision, switchedBy(current));
    log.info({ nodePool: name, mode, step: step.kind, why }, DONE[step.kind]);
    if (step.kind === 'apply' && step.isFieldOurs) wroteAt.set(pool.uid, now());
    if (step.status && step.status.since !== pool.status?.since) count(mode, 'done');
    const last = lastNotice(step, { pool, after, why }, tellingOf(current));
    if (last) once.set(pool.uid, last);
  }

  /** What says that no pool is to be followed; `undefined`: nothing does. */
  function switchedBy({ mode }: Round): string | undefined {
    if (mode === 'on') return undefined;
    return deps.capacity.nodePools === mode ? `--node-pools=${mode}` : `the kill switch says ${mode}`;
  }

  function noticesOf(decided: readonly Decided[], current: Round): readonly Notice[] {
    const telling = tellingOf(current);
    const ofPools = decided.flatMap(({ pool, complaint }) => [
      ...changeNotices(pool, telling.isAudit ? (imagined.get(pool.uid) ?? {}) : pool, telling),
      ...(complaint ? [complaintNotice(pool, complaint, telling)] : []),
    ]);
    return [...ofPools, ...once.values()];
  }

  function tellingOf({ mode }: Round): Telling {
    return { instance, now: now(), isAudit: mode === 'audit' };
  }

  async function countReplaced(all: readonly CarbonPool[]): Promise<void> {
    const narrowed = narrowedPools(all);
    if (claims?.synced()) replaced.observe(claims.values(), narrowed, clock.now());
    if (narrowed.size > 0 || replaced.isWaiting()) claims ??= follow(NODE_CLAIMS);
    else {
      const ending = claims;
      claims = undefined;
      await ending?.stop();
    }
  }

  function follow<T>(resource: WatchedResource<T>): Followed<T> {
    return followNow({ api, resource, log, onChange: () => rounds.changed() });
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  return {
    ...rounds,
    async stop() {
      await rounds.stop();
      await Promise.all([pools?.stop(), claims?.stop()]);
      pools = undefined;
      claims = undefined;
      told = undefined;
      imagined.clear();
      once.clear();
      refused.clear();
    },
    lastEventAt: () => joinLastEvents([pools?.lastEvents(), claims?.lastEvents()]),
    metrics: poolMetrics({ decisions: () => told, changes, replaced: replaced.byPool }),
  };
}

interface Written {
  readonly pool: CarbonPool;
  readonly after: CarbonPool;
  readonly why: string;
}

/** What is told once of a pool that was let go; where no field of it was changed, nothing. */
function lastNotice({ kind, hold, status }: Step, { pool, after, why }: Written, telling: Telling): Notice | undefined {
  const orphan = kind === 'release' ? orphanNotice(pool, hold, telling) : undefined;
  if (orphan || !hold || status) return orphan;
  return putBackNotice(after, hold, why, telling);
}

/** What the API server refused of one pool; anything else ends the round at once. */
function toRefusal(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  throw error;
}
