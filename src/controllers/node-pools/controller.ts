import type { ApiClient } from '../../cluster/api-client.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { joinLastEvents } from '../../cluster/last-events.ts';
import { NODE_POOLS_PATH } from '../../cluster/node-pools.ts';
import { type Followed, followResource } from '../../cluster/reflector.ts';
import type { WatchedResource } from '../../cluster/watched-resource.ts';
import type { Mode } from '../../decision/policy.ts';
import { MINIMUM_DWELL_MS } from '../../regions/band.ts';
import type { NodeFacts } from '../../regions/node-facts.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';
import { capacityMode } from '../capacity-switch.ts';
import { type EventTellerDeps, tellOnce } from '../event.ts';
import type { Controller } from '../manager.ts';
import { createNotices, type Notice } from '../notices.ts';
import { createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type Outcome } from '../rounds.ts';
import { writeEach } from '../write-each.ts';
import { CARBON_POOLS, type CarbonPool, toCarbonPool } from './carbon-pool.ts';
import { findPlaces } from './places.ts';
import { type Decision, decidePool, imaginePool, type PlanInput } from './plan.ts';
import { changeNotices, complaintNotice, type Ours, putBackNotice, type Telling } from './pool-events.ts';
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
  /** What would stand on pools, by uid, while nothing is written. */
  const imagined = new Map<string, Ours>();
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
    const at = now();
    const wroteLately = Math.abs(at - (wroteAt.get(uid) ?? Number.NEGATIVE_INFINITY)) < MINIMUM_DWELL_MS;
    return { mode, now: at, world, wroteLately };
  }

  function count(mode: string, outcome: 'done' | 'would'): void {
    const key = changeKey(mode, outcome);
    changes.set(key, (changes.get(key) ?? 0) + 1);
  }

  function begin(all: readonly CarbonPool[]): Round {
    const mode = capacityMode(deps.capacity.nodePools, deps.modeCap());
    const uids = new Set(all.map(({ uid }) => uid));
    for (const uid of wroteAt.keys()) if (!uids.has(uid)) wroteAt.delete(uid);
    for (const uid of imagined.keys()) if (mode !== 'audit' || !uids.has(uid)) imagined.delete(uid);
    const picture = snapshot();
    const places = findPlaces([...view.nodes()], picture);
    const judged =
      mode === 'audit'
        ? all.map((pool) => ({ ...pool, status: imagined.get(pool.uid)?.status, hold: undefined }))
        : all;
    return { mode, world: { snapshot: picture, places, rankOf: rankWorld(judged, places, picture) } };
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
    });
    const tellings = await tell(current.mode === 'off' ? [] : noticesOf(told, current), signal);
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
    const { step, mode } = decide(pool, current);
    if (!step) return;
    const after = toCarbonPool(await writeStep(writer, path, object, step));
    const why = step.status?.reason;
    log.info({ nodePool: name, mode, step: step.kind, why }, 'a NodePool follows the grid');
    if (step.kind === 'apply' && step.isFieldOurs) wroteAt.set(pool.uid, now());
    if (step.status && step.status.since !== pool.status?.since) count(mode, 'done');
    if (step.status) return;
    const { namespace, event } = putBackNotice(after, step.hold, tellingOf(current));
    await tellOnce(writer, namespace, event());
  }

  function noticesOf(decided: readonly Decided[], current: Round): readonly Notice[] {
    const telling = tellingOf(current);
    return decided.flatMap(({ pool, complaint }) => [
      ...changeNotices(pool, telling.isAudit ? (imagined.get(pool.uid) ?? {}) : pool, telling),
      ...(complaint ? [complaintNotice(pool, complaint, telling)] : []),
    ]);
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
    const onChange = () => rounds.changed();
    const followed = followResource({ api, resource, log, onChange });
    followed.start().then(onChange, () => {}); // rejected only when stopped before the first list
    return followed;
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
    },
    lastEventAt: () => joinLastEvents([pools?.lastEvents(), claims?.lastEvents()]),
    metrics: poolMetrics({ decisions: () => told, changes, replaced: replaced.byPool }),
  };
}
