import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError, messageOf } from '../../cluster/api-error.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { UsageReading } from '../../cluster/pod-metrics.ts';
import { type Followed, followResource } from '../../cluster/reflector.ts';
import { REGIONAL_AUTOSCALERS } from '../../cluster/regional-autoscalers.ts';
import type { Pod } from '../../decision/pod.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import type { RegionalDefaults } from '../../scaling/regional-autoscaler.ts';
import { untilNextLoop } from '../../scaling/regional-plan.ts';
import type { RegionalAutoscaler } from '../../scaling/regional-record.ts';
import type { LastAction } from '../../scaling/regional-state.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';
import { parseDuration } from '../../units/duration.ts';
import { createEdge } from '../../units/edge.ts';
import { type EventTellerDeps, tellOnce } from '../event.ts';
import type { Controller } from '../manager.ts';
import { createNotices, type Notice } from '../notices.ts';
import { createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type RoundOutcome } from '../rounds.ts';
import { inShortTurns } from '../short-turns.ts';
import type { Workloads } from '../workloads.ts';
import { actionNotice, complaintNotices } from './events.ts';
import { createWrittenTargets } from './known-better.ts';
import { createMemories } from './memory.ts';
import { actionKey, regionalMetrics, type Told } from './metrics.ts';
import { createOrphans, orphansOf } from './orphans.ts';
import { type Surroundings, surround } from './surroundings.ts';
import { createTargetsWriter } from './targets-writer.ts';
import { createVisitor } from './visit.ts';

const WRITES_PER_SECOND = 10;
/** A loop is late by no more than that. */
const LEAST_DUE_MS = 500;
const ROUNDS = {
  name: 'regional-autoscaler',
  on: ['snapshot', 'rules'],
  resyncMs: 30_000,
  settleMs: 500,
  restMs: 2_000,
} as const;

export interface RegionalAutoscalerDeps extends EventTellerDeps {
  readonly api: ApiClient;
  readonly writer: Pick<ApiWriter, 'create' | 'apply' | 'mergePatch'>;
  readonly workloads: Pick<
    Workloads,
    'synced' | 'pods' | 'deployments' | 'horizontalAutoscalers' | 'usages' | 'follow'
  >;
  readonly snapshot: () => Snapshot;
  /** Whether a pod of this template would come to run in a region now, by the same `decide()` as the webhook's. */
  readonly wouldRunIn: (pod: Pod, namespace: string, region: string) => boolean;
  /** What RegionalAutoscalers leave open. */
  readonly defaults: RegionalDefaults;
  /** By its option and the kill switch. */
  readonly mode: () => CapacityMode;
}

/** Scales the targets of RegionalAutoscalers by CPU and by carbon (README.md). */
export function createRegionalAutoscaler(deps: RegionalAutoscalerDeps): Controller {
  const { api, writer, workloads, snapshot, defaults, wouldRunIn, instance, now, log, clock = MONOTONIC } = deps;
  const pace = createPace({ perSecond: WRITES_PER_SECOND, clock });
  const tell = createNotices({ writer, pace });
  const targets = createTargetsWriter({ api, writer });
  const orphans = createOrphans({ targets, pace, clock });
  const better = createWrittenTargets();
  const memories = createMemories();
  const actions = new Map<string, number>();
  const visit = createVisitor({
    api,
    writer,
    targets,
    better,
    wouldRunIn,
    defaults,
    now,
    clock,
    pace,
    onAction,
    tellAction,
  });
  const tellFailure = createEdge<string | undefined>(undefined, (failure) => {
    if (failure === undefined) log.info('RegionalAutoscalers: every write is taken again');
    else log.warn({ failure }, 'RegionalAutoscalers: the API server refuses a write');
  });
  let followed: Followed<RegionalAutoscaler> | undefined;
  let usages: UsageReading = { problem: 'metrics.k8s.io was not asked yet' };
  let told: readonly Told[] | undefined;

  function onAction(one: RegionalAutoscaler, action: LastAction, mode: CapacityMode): void {
    const { namespace, name } = one;
    const { target, from, to, decision, message } = action;
    const key = actionKey(decision, mode === 'on' ? 'done' : 'would');
    actions.set(key, (actions.get(key) ?? 0) + 1);
    const text = mode === 'on' ? 'a RegionalAutoscaler has acted' : 'a RegionalAutoscaler would act';
    log.info({ namespace, regionalAutoscaler: name, deployment: target, from, to, decision, why: message }, text);
  }

  /** One Event that cannot be written is no reason to scale no more: it is tried again. */
  async function tellAction(one: RegionalAutoscaler, action: LastAction, mode: CapacityMode): Promise<boolean> {
    const notice = actionNotice(one, action, mode === 'audit', { instance, now: now() });
    if (!notice) return true;
    try {
      await tellOnce(writer, notice.namespace, notice.event());
      return true;
    } catch (error) {
      toRefusal(error);
      return false;
    }
  }

  async function round(signal: AbortSignal): Promise<RoundOutcome> {
    followed ??= follow();
    if (!followed.synced() || !workloads.synced()) return 'done';
    const mode = deps.mode();
    const all = [...followed.values()];
    memories.keepOnly(new Set(all.map(({ uid }) => uid)));
    const visited = mode === 'off' ? [] : all.filter(({ isEnding }) => !isEnding);
    if (visited.some(isDue)) usages = await readUsages(visited, signal);
    const around = await inShortTurns(surround(all, workloads, { usages, snapshot: snapshot() }), { clock, signal });
    const outcomes = await visitAll(visited, around, mode, signal);
    const back = await orphans.putBack(orphansOf(around, mode), signal);
    const telling = await tell(outcomes.notices, signal);
    report(outcomes.failure, back.failure);
    // No backoff: one that others write to all the time must hold up none.
    const isAgain = outcomes.isAgain || back.isAgain || telling === 'again';
    return { dueInMs: isAgain ? LEAST_DUE_MS : dueIn(visited) };
  }

  /** A refusal of one object is told; what the API server has against all ends the round, but for what is only put back. */
  function report(failure: ApiError | undefined, ofOrphan: ApiError | undefined): void {
    if (failure && isOfAll(failure)) throw failure;
    const told = failure ?? ofOrphan;
    tellFailure(told && messageOf(told));
  }

  async function visitAll(
    all: readonly RegionalAutoscaler[],
    around: Surroundings,
    mode: CapacityMode,
    signal: AbortSignal,
  ) {
    const notices: Notice[] = [];
    const seen: Told[] = [];
    let failure: ApiError | undefined;
    let isAgain = false;
    const steps = async (one: RegionalAutoscaler) => {
      const visited = await visit({ seen: one, memory: memories.of(one.uid), around, mode, signal });
      seen.push({ one, status: visited.status });
      notices.push(...complaintNotices(one, visited.findings, { instance, now: now() }));
      isAgain ||= visited.outcome === 'again';
    };
    for (const one of all) {
      await steps(one).catch((error) => {
        failure ??= toRefusal(error);
      });
      await breathe(signal);
    }
    told = seen;
    return { notices, failure, isAgain };
  }

  const breathe = createBreather();

  /** Lets reviews have their turn, every few milliseconds. */
  function createBreather() {
    let since = clock.now();
    return async (signal: AbortSignal) => {
      if (clock.now() - since < 2) return;
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      since = clock.now();
    };
  }

  /** A server that is down must not keep floors from being healed: its silence is a reading, too. */
  async function readUsages(all: readonly RegionalAutoscaler[], signal: AbortSignal): Promise<UsageReading> {
    const isNeeded = all.some(({ wish }) => 'spec' in wish && !wish.spec.simulate);
    if (!isNeeded) return { usages: new Map() };
    return workloads.usages(signal).catch((error) => {
      signal.throwIfAborted();
      return { problem: `metrics.k8s.io tells no usage: ${messageOf(error)}` };
    });
  }

  function isDue(one: RegionalAutoscaler): boolean {
    return dueInMs(one) <= 0;
  }

  /** Until its next loop. */
  function dueInMs({ uid, wish }: RegionalAutoscaler): number {
    const { counters } = memories.of(uid);
    if (!counters || 'issues' in wish) return counters ? ROUNDS.resyncMs : 0;
    const loopMs = (wish.spec.loop !== undefined && parseDuration(wish.spec.loop)) || defaults.loopMs;
    return untilNextLoop(counters, loopMs, clock.now());
  }

  function dueIn(all: readonly RegionalAutoscaler[]): number {
    return Math.max(
      LEAST_DUE_MS,
      Math.min(ROUNDS.resyncMs, ...all.filter(({ uid }) => memories.of(uid).counters).map(dueInMs)),
    );
  }

  function follow(): Followed<RegionalAutoscaler> {
    const onChange = () => rounds.changed();
    const following = followResource({ api, resource: REGIONAL_AUTOSCALERS, log, onChange });
    following.start().then(onChange, () => {}); // rejected only when stopped before the first list
    return following;
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  workloads.follow(() => rounds.changed());
  return {
    ...rounds,
    async stop() {
      await rounds.stop();
      await followed?.stop();
      followed = undefined;
      told = undefined;
      memories.clear();
      better.clear();
      orphans.clear();
    },
    lastEventAt: () => followed?.lastEvents() ?? {},
    metrics: regionalMetrics({ told: () => told, actions }),
  };
}

/** Not about one object: the API server has too much to do, or cannot. */
function isOfAll({ status }: ApiError): boolean {
  return status === 429 || status >= 500;
}

/** What the API server refused of one; anything else ends the round at once. */
function toRefusal(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  throw error;
}
