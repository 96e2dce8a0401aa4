import { isPaused } from '../../capacity/paused.ts';
import type { ApiClient } from '../../cluster/api-client.ts';
import { messageOf } from '../../cluster/api-error.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { UsageReading } from '../../cluster/pod-metrics.ts';
import { type Followed, followNow } from '../../cluster/reflector.ts';
import { REGIONAL_AUTOSCALERS } from '../../cluster/regional-autoscalers.ts';
import { inShortTurns } from '../../cluster/short-turns.ts';
import { isLeftAlone } from '../../decision/managed-label.ts';
import type { Pod } from '../../decision/pod.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import type { HorizontalAutoscaler } from '../../scaling/horizontal-autoscaler.ts';
import type { RegionalDefaults } from '../../scaling/regional-autoscaler.ts';
import { untilNextLoop } from '../../scaling/regional-plan.ts';
import type { RegionalAutoscaler } from '../../scaling/regional-record.ts';
import type { LastAction } from '../../scaling/regional-state.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';
import { parseDuration } from '../../units/duration.ts';
import { createEdge } from '../../units/edge.ts';
import { type EventTellerDeps, tellOnce } from '../event.ts';
import type { Controller } from '../manager.ts';
import type { Notice } from '../notices.ts';
import { createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type RoundOutcome } from '../rounds.ts';
import type { FollowedKind, Workloads } from '../workloads.ts';
import { accept } from './accept.ts';
import { byTurns } from './by-turns.ts';
import { complaintNotices, putBackNotice } from './events.ts';
import { createWrittenTargets } from './known-better.ts';
import { createMemories, type Memory } from './memory.ts';
import { actionKey, regionalMetrics, type Told } from './metrics.ts';
import { createOrphans, orphansOf } from './orphans.ts';
import { type Surroundings, surround } from './surroundings.ts';
import { createTargetsWriter } from './targets-writer.ts';
import { createTeller, type Telling } from './teller.ts';
import { createToldActions } from './told-actions.ts';
import { createVisitor, type Visited } from './visit.ts';

const WRITES_PER_SECOND = 10;
/** What is to be told never keeps anybody from being looked at for longer. */
const LONGEST_TELLING_MS = 5_000;
/** However soon a loop is due: otherwise short loops would never have anything told. */
const LEAST_TELLING_MS = 2_000;
/** In one round, by all namespaces together; a namespace has its share, and some at least. */
const MOST_ACTIONS = 100;
const LEAST_ACTIONS = 10;
const MOST_NAMED = 5;
/** Pods come and go all the time: a Deployment tells how many are Ready, and their CPU is read in each loop. */
const WAKES: ReadonlySet<FollowedKind> = new Set(['deployments', 'horizontalAutoscalers']);
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
  readonly ownNamespace: string;
  /** Whether a pod of this template would come to run in a region now, by the same `decide()` as the webhook's. */
  readonly wouldRunIn: (pod: Pod, namespace: string, region: string) => boolean;
  /** What RegionalAutoscalers leave open. */
  readonly defaults: RegionalDefaults;
  /** By its option and the kill switch. */
  readonly mode: () => CapacityMode;
}

/** Scales the targets of RegionalAutoscalers by CPU and by carbon (README.md). */
export function createRegionalAutoscaler(deps: RegionalAutoscalerDeps): Controller {
  const { api, writer, workloads, snapshot, defaults, wouldRunIn, ownNamespace, instance, now, log } = deps;
  const { clock = MONOTONIC } = deps;
  const pace = createPace({ perSecond: WRITES_PER_SECOND, clock });
  const teller = createTeller({ clock });
  const toldActions = createToldActions({ writer, instance, now });
  const targets = createTargetsWriter({ api, writer });
  let putBack: HorizontalAutoscaler[] = [];
  const orphans = createOrphans({ targets, pace, clock, onPutBack: (one) => putBack.push(one) });
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
    told: toldActions,
  });
  const beyond = createEdge('', (names) => {
    if (names)
      log.warn(
        { names },
        'RegionalAutoscalers in the namespaces of Kubernetes itself, or of gridgate, are not looked at',
      );
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

  async function round(signal: AbortSignal): Promise<RoundOutcome> {
    followed ??= follow();
    if (!followed.synced() || !workloads.synced()) return 'done';
    const mode = deps.mode();
    const all = [...followed.values()].filter(isOfUsers);
    tellBeyond(followed.values());
    memories.keepOnly(new Set(all.map(({ uid }) => uid)));
    const visited = mode === 'off' ? [] : all.filter(({ isEnding }) => !isEnding);
    const parts = { usages, snapshot: snapshot() };
    const seen = await inShortTurns(surround(all, workloads, parts), { clock, signal });
    if (await inShortTurns(anyDue(visited, seen), { clock, signal })) usages = await readUsages(signal);
    const outcomes = await visitAll(visited, { ...seen, usages }, mode, signal);
    const back = await orphans.putBack(orphansOf(seen, mode).filter(isOfUsers), signal);
    const tellingMs = Math.max(LEAST_TELLING_MS, Math.min(LONGEST_TELLING_MS, dueIn(visited)));
    const tellings = [...outcomes.tellings, ...tellingsOfPutBack()];
    const telling = await teller.tell(tellings, clock.now() + tellingMs, signal);
    const failure = telling.failure ?? back.failure;
    tellFailure(failure && messageOf(failure));
    // No backoff: one that others write to all the time must hold up none.
    const isAgain = outcomes.isAgain || back.isAgain || telling.isAgain;
    return { dueInMs: isAgain ? LEAST_DUE_MS : dueIn(visited) };
  }

  /** Nothing is scaled where Kubernetes itself and gridgate are: not even a condition may be written there. */
  function isOfUsers({ namespace }: { readonly namespace: string }): boolean {
    return !isLeftAlone(namespace, ownNamespace);
  }

  function tellBeyond(all: Iterable<RegionalAutoscaler>): void {
    const names = Array.from(all)
      .filter((one) => !isOfUsers(one))
      .map(({ namespace, name }) => `${namespace}/${name}`);
    beyond(names.slice(0, MOST_NAMED).join(', '));
  }

  /** Acts on all, in turns of namespaces; what there is to tell of it comes after that. */
  async function visitAll(
    all: readonly RegionalAutoscaler[],
    around: Surroundings,
    mode: CapacityMode,
    signal: AbortSignal,
  ) {
    const ofActions: Telling[] = [];
    const tellings: Telling[] = [];
    const seen: Told[] = [];
    let isAgain = false;
    const mayAct = createTurns(all);
    const steps = async (one: RegionalAutoscaler) => {
      const memory = memories.of(one.uid);
      const visited = await visit({ seen: one, memory, around, mode, mayAct: () => mayAct(one, memory), signal });
      seen.push({ one, status: visited.status });
      const { namespace } = one;
      const { untold } = memory;
      if (untold.size > 0) ofActions.push({ namespace, of: untold, write: () => tellActions(one, memory) });
      tellings.push(...tellingsOf(one, memory, visited));
      isAgain ||= visited.outcome === 'again';
    };
    const longestAgoFirst = all.toSorted((a, b) => memories.of(a.uid).actedAt - memories.of(b.uid).actedAt);
    for (const one of byTurns(longestAgoFirst).items) {
      await steps(one);
      await breathe(signal);
    }
    told = seen;
    return { tellings: [...ofActions, ...tellings], isAgain };
  }

  /** Whether one may act once more in this round: each namespace has its share of it. */
  function createTurns(all: readonly RegionalAutoscaler[]) {
    const namespaces = new Set(all.map(({ namespace }) => namespace)).size;
    const most = Math.max(LEAST_ACTIONS, Math.floor(MOST_ACTIONS / Math.max(1, namespaces)));
    const counts = new Map<string, number>();
    return ({ namespace }: RegionalAutoscaler, memory: Memory): boolean => {
      const count = counts.get(namespace) ?? 0;
      if (count >= most) return false;
      counts.set(namespace, count + 1);
      memory.actedAt = clock.now();
      return true;
    };
  }

  function tellingsOf(one: RegionalAutoscaler, memory: Memory, { findings, write }: Visited): readonly Telling[] {
    const { namespace } = one;
    const { complained } = memory;
    const tellings: Telling[] = [];
    if (write) tellings.push({ namespace, of: memory, write });
    const notices = findings && complaintNotices(one, findings, { instance, now: now() });
    const due = notices?.filter(({ name }) => !complained.has(name)) ?? [];
    for (const name of complained)
      if (notices && !notices.some((notice) => notice.name === name)) complained.delete(name);
    if (due.length > 0) tellings.push({ namespace, of: complained, write: (signal) => complain(due, memory, signal) });
    return tellings;
  }

  /** Told once, or never where that is refused: nothing hangs on it. */
  function tellingsOfPutBack(): readonly Telling[] {
    const all = putBack;
    putBack = [];
    return all.map((one) => {
      const { namespace, name, target } = one;
      log.info(
        { namespace, hpa: name, deployment: target.name },
        'the bounds of a HorizontalPodAutoscaler are as its owner had them',
      );
      const write = async (signal: AbortSignal) => {
        await pace.take(signal);
        await tellOnce(writer, namespace, putBackNotice(one, { instance, now: now() }).event());
        return 'done' as const;
      };
      return { namespace, of: one, write };
    });
  }

  /** Each action has waited for its turn. */
  async function tellActions(one: RegionalAutoscaler, memory: Memory): Promise<'done'> {
    await toldActions.tell(one, memory);
    return 'done';
  }

  async function complain(notices: readonly Notice[], memory: Memory, signal: AbortSignal): Promise<'done'> {
    for (const { namespace, name, event } of notices) {
      await pace.take(signal);
      await tellOnce(writer, namespace, event());
      memory.complained.add(name);
    }
    return 'done';
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
  async function readUsages(signal: AbortSignal): Promise<UsageReading> {
    return workloads.usages(signal).catch((error) => {
      signal.throwIfAborted();
      return { problem: `metrics.k8s.io tells no usage: ${messageOf(error)}` };
    });
  }

  /** Whether a loop is due of one that asks for CPU; one that is paused or refused has no loops. */
  function* anyDue(all: readonly RegionalAutoscaler[], around: Surroundings): Generator<unknown, boolean> {
    for (const one of all) {
      yield;
      if (dueInMs(one) > 0 || isPaused(one.annotations)) continue;
      const accepted = accept(one, defaults, around);
      if ('settings' in accepted && !accepted.settings.simulate) return true;
    }
    return false;
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
    return followNow({ api, resource: REGIONAL_AUTOSCALERS, log, onChange: () => rounds.changed() });
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  workloads.follow((kind) => {
    if (WAKES.has(kind) || !told) rounds.changed(); // not all was seen yet
  });
  return {
    ...rounds,
    async stop() {
      await rounds.stop();
      await followed?.stop();
      followed = undefined;
      told = undefined;
      memories.clear();
      better.clear();
    },
    lastEventAt: () => followed?.lastEvents() ?? {},
    metrics: regionalMetrics({ told: () => told, actions, isRegion: (name) => snapshot().byName.has(name) }),
  };
}
