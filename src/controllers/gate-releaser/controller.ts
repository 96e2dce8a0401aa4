import { setImmediate as yieldTurn } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ApiClient } from '../../cluster/api-client.ts';
import { messageOf } from '../../cluster/api-error.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { ClusterView } from '../../cluster/cluster-view.ts';
import type { LastEvents } from '../../cluster/last-events.ts';
import { type Decision, decide } from '../../decision/decide.ts';
import { NEVER_MANAGED } from '../../decision/managed-label.ts';
import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import { ownerOf } from '../../decision/owner.ts';
import type { Mode, Policy } from '../../decision/policy.ts';
import type { WaitingFacts } from '../../decision/waiting.ts';
import type { WaitingWork } from '../../decision/waiting-work.ts';
import type { HourlySeries } from '../../forecast/outlook.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import { createEdge } from '../../units/edge.ts';
import { HOUR_MS, MINUTE_MS } from '../../units/moment.ts';
import type { DeniedOwners } from '../denied-owners.ts';
import type { Controller } from '../manager.ts';
import { type Clock, MONOTONIC } from '../pace.ts';
import { createRounds, type RoundOutcome } from '../rounds.ts';
import { createBegunUnits } from './begun-units.ts';
import { createCorrector } from './correct.ts';
import { shapeOf } from './distinct-members.ts';
import { createHeartbeat } from './heartbeat.ts';
import { createNextRun } from './next-run.ts';
import { isDue, isUrgent, type PlannedUnit, planUnit } from './plan.ts';
import { createReleaser } from './release.ts';
import { releaseMetrics } from './release-metrics.ts';
import { createPlanMemory } from './remember-plans.ts';
import { createSavings } from './savings.ts';
import { createSmoothing, patienceOf } from './smoothing.ts';
import { createWaitTeller } from './tell-events.ts';
import { groupUnits, type Member, type Unit } from './units.ts';
import { quotaEvent, waitingEvents } from './wait-events.ts';
import { listWaiting } from './waiting-list.ts';
import { type WaitingWatch, type WatchDeps, watchWaiting } from './watches.ts';

const ROUNDS = {
  name: 'gate-releaser',
  on: ['namespaces', 'snapshot', 'rules'],
  resyncMs: MINUTE_MS,
  settleMs: 100,
  restMs: 250,
} as const;
/** While anything waits: a wall clock that was set is noticed within so long. */
const MOST_BETWEEN_LOOKS_MS = 2_000;
const LONGEST_READ_MS = 5_000;
const UNTIL_SYNCED_MS = 500;
/** The API server is away, or takes no write: it may be back at any moment. */
const RETRY_MS = 2_000;
/** What smoothing held back. */
const HELD_BACK_MS = 1_000;
/** So many members are planned for in one turn of the event loop: a webhook may be answered in the same process. */
const MEMBERS_A_TURN = 200;
/** What waits for longer was told of by the leader before. */
const NEWS_FOR_MS = 5 * MINUTE_MS;
/** A replica of the webhook may hold something a while after its namespace stopped; and a new leader looks before it looks away. */
const WATCHED_AFTER_MS = 10 * MINUTE_MS;
/** Rounds come every minute at least; one that does not end lets nothing go. */
const SUCCESS_COUNTS_MS = 3 * MINUTE_MS;

export interface GateReleaserDeps extends Pick<WaitingFacts, 'learntLength'> {
  readonly api: ApiClient;
  readonly writer: ApiWriter;
  readonly view: Pick<ClusterView, 'namespace' | 'namespaces' | 'volumesOf'>;
  readonly snapshot: () => Snapshot;
  readonly policyOf: (namespace: NamespaceRecord) => Policy;
  readonly modeInEffect: (namespace: NamespaceRecord) => Mode;
  /** Whether any namespace holds pods back; where none has for 10 minutes, and nothing waits, nothing is watched. */
  readonly mayHoldAny: () => boolean;
  readonly deniedOwners: Pick<DeniedOwners, 'follow'>;
  /** The readings of a region by the hour, as far as they are known. */
  readonly pastOf?: ((region: string) => HourlySeries | undefined) | undefined;
  readonly ownNamespace: string;
  /** Who writes. */
  readonly instance: string;
  /** Pods a second, of those that nothing presses. */
  readonly releaseRate: number;
  /** Percent of what waits that goes in a minute, of those. */
  readonly releaseSharePercent: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly watch?: (deps: WatchDeps) => WaitingWatch;
}

export interface GateReleaser extends Controller {
  /** What waits now, those first that start first; nothing while this does not run. */
  waiting(): readonly WaitingWork[];
  /** Why that is not known; absent where it is, and while this does not run. */
  whyUnknown(): string | undefined;
  lastEventAt(): LastEvents;
}

/**
 * Lets go what waits for a cleaner hour: at the cleanest moment that is left to it, never later than its latest start. It plans
 * anew with every reading and at every full hour, and keeps a Lease by which the webhook sees that it does.
 */
export function createGateReleaser(deps: GateReleaserDeps): GateReleaser {
  const { api, writer, view, snapshot, policyOf, modeInEffect, mayHoldAny, instance, now, log } = deps;
  const { clock = MONOTONIC, watch: openWatch = watchWaiting, learntLength } = deps;
  const nextRun = createNextRun(({ namespace, name, schedule }) =>
    log.warn(
      { namespace, cronJob: name, schedule: schedule.slice(0, 80) },
      'schedule not understood: under Forbid and Replace its Jobs do not wait',
    ),
  );
  const plans = createPlanMemory();
  const smoothing = createSmoothing({ sharePercent: deps.releaseSharePercent, monotonicNow: clock.now });
  const savings = createSavings(deps.pastOf ?? (() => undefined));
  const teller = createWaitTeller({ writer, clock, log });
  const begun = createBegunUnits(clock);
  const releaser = createReleaser({
    ...deps,
    clock,
    decide: decideNow,
    modeOf(namespace) {
      const record = view.namespace(namespace);
      return record ? modeInEffect(record) : 'off';
    },
    teller,
    savings,
    onRelease(planned, { pods }) {
      if (!isUrgent(planned, now())) smoothing.spend(pods);
      begun.add(planned.unit);
    },
  });
  const corrector = createCorrector({ writer, clock, log });
  let told = new Set<string>();
  let watch: WaitingWatch | undefined;
  let planned: readonly PlannedUnit[] = [];
  let cluster: string | undefined;
  let isRunning = false;
  let succeededAt: number | undefined;
  /** Why nothing that was tried since was written. */
  let forbidden: string | undefined;
  let mayHoldUntil = 0;

  const heartbeat = createHeartbeat({
    ...{ api, writer, now, clock, log },
    namespace: deps.ownNamespace,
    identity: instance,
    isAlive: () => hasSucceeded() && (watch?.isFresh() ?? true),
  });
  const tellFailure = createEdge<string | undefined>(undefined, (failure) => {
    if (failure === undefined) log.info('what waits is let go again');
    else log.warn({ failure }, 'what waits cannot be let go');
  });
  deps.deniedOwners.follow({ onExceededQuota: tellOfQuota });

  function decideNow({ pod, metadata: { namespace = '' } }: Member): Decision {
    const record = view.namespace(namespace);
    const policy = record ? policyOf(record) : undefined;
    if (!policy) throw new Error(`the namespace ${namespace} is not known`);
    const volumes = view.volumesOf(namespace, pod);
    return decide({ pod, policy, snapshot: snapshot(), now: now(), volumes, isReleased: true });
  }

  /** The unit's plan; of one whose namespace is not known yet, or in which nothing may be written, none. */
  function planOf(unit: Unit): PlannedUnit | undefined {
    if (NEVER_MANAGED.has(unit.namespace)) return undefined;
    const record = view.namespace(unit.namespace);
    if (!record) return undefined;
    const basis = {
      snapshot: snapshot(),
      policy: policyOf(record),
      mode: modeInEffect(record),
      now: now(),
      monotonicNow: clock.now(),
    };
    return plans.recall(unit, basis, (before) => {
      try {
        const patience = patienceFor(unit);
        return planUnit(unit, { ...basis, before, decide: decideNow, nextRun, patience, learntLength });
      } catch (error) {
        // Nobody is held back by a mistake of ours.
        log.error({ err: error, namespace: unit.namespace, unit: unit.key }, 'planning failed: let go at once');
        const length = { ms: 0, from: 'default' as const };
        return { unit, reason: 'plan_failed', startAt: basis.now, latestStart: basis.now, length };
      }
    });
  }

  function patienceFor({ namespace, members: [first] }: Unit): number {
    const { kind, name } = ownerOf(first.pod) ?? { kind: first.kind, name: first.metadata.name };
    return patienceOf(cluster ?? '', `${namespace}/${kind}/${name}`);
  }

  async function planAll(view: WaitingWatch): Promise<readonly PlannedUnit[]> {
    const units = groupUnits(view, { isBehind: releaser.isBehind, hasBegun: begun.has });
    const all: PlannedUnit[] = [];
    let members = 0;
    for (const unit of units) {
      for (const { pod } of unit.members) {
        shapeOf(pod); // most of what planning a large unit costs
        members += 1;
        if (members % MEMBERS_A_TURN === 0) await yieldTurn();
      }
      const one = planOf(unit);
      if (one) all.push(one);
    }
    plans.endRound();
    return all;
  }

  function hasSucceeded(): boolean {
    return succeededAt !== undefined && clock.now() - succeededAt < SUCCESS_COUNTS_MS;
  }

  function succeeded(): void {
    const isFirst = !hasSucceeded();
    succeededAt = clock.now();
    if (isFirst) heartbeat.changed();
  }

  async function round(signal: AbortSignal): Promise<RoundOutcome> {
    try {
      return await lookAndLetGo(signal);
    } catch (error) {
      succeededAt = undefined;
      throw error;
    }
  }

  async function lookAndLetGo(signal: AbortSignal): Promise<RoundOutcome> {
    savings.settle(now());
    if (hasNothingToWatch()) {
      await close();
      // The first pod that may wait finds somebody alive: what it opens is there within a moment.
      succeeded();
      return 'done';
    }
    watch ??= openWatch({ api, log, onChange: rounds.changed });
    if (!watch.isSynced()) return { dueInMs: UNTIL_SYNCED_MS };
    cluster ??= await findCluster(signal);
    planned = await planAll(watch);
    const failure = await work(watch, signal);
    if (signal.aborted) return 'done';
    tellFailure(failure);
    if (failure === undefined) succeeded();
    else succeededAt = undefined;
    return failure === undefined ? untilNext() : { dueInMs: RETRY_MS };
  }

  function hasNothingToWatch(): boolean {
    if (mayHoldAny()) mayHoldUntil = clock.now() + WATCHED_AFTER_MS;
    return clock.now() >= mayHoldUntil && planned.length === 0 && watch?.isSynced() !== false;
  }

  /** Releases first, then all that can wait; answers why nothing can be written. */
  async function work(watch: WaitingWatch, signal: AbortSignal): Promise<string | undefined> {
    const due = smoothing.select(planned, now(), releaser);
    tellWaiting();
    try {
      const { released, forbidden: refusal } = await releaser.release(due, signal);
      const marked = await releaser.markJobs(watch, signal);
      const stays = planned.filter((one) => !isDue(one, now()));
      const corrected = await corrector.correct(stays, signal);
      // Until something is written it is not known that only one may not be.
      const mayWrite = released + marked + corrected > 0 || planned.length === 0;
      forbidden = mayWrite ? undefined : (refusal ?? forbidden);
      return forbidden;
    } catch (error) {
      return messageOf(error);
    }
  }

  /** Its uid tells clusters apart. */
  async function findCluster(signal: AbortSignal): Promise<string | undefined> {
    const options = { accept: 'application/json', idleTimeoutMs: LONGEST_READ_MS, signal };
    const answer = await api.get('/api/v1/namespaces/kube-system', options).catch(() => undefined);
    return (answer as { readonly metadata?: { readonly uid?: string } } | undefined)?.metadata?.uid;
  }

  function untilNext(): RoundOutcome {
    if (planned.length === 0) return 'done';
    const at = now();
    let dueInMs = Math.min(MOST_BETWEEN_LOOKS_MS, HOUR_MS - (at % HOUR_MS));
    for (const one of planned) {
      const untilThen = Math.min(one.startAt, one.latestStart) - at;
      dueInMs = Math.min(dueInMs, untilThen > 0 ? untilThen : HELD_BACK_MS);
    }
    return { dueInMs };
  }

  function tellWaiting(): void {
    const at = now();
    const waits = planned.filter(({ reason, unit }) => reason === 'cleaner_later' && at - unit.createdAt < NEWS_FOR_MS);
    const news = waits.filter(({ unit }) => !told.has(unit.key));
    told = new Set(waits.map(({ unit }) => unit.key));
    for (const one of news) teller.tell(waitingEvents(one, { instance, now: at }));
  }

  function tellOfQuota(namespace: string): void {
    const members = planned.filter(({ unit }) => unit.namespace === namespace).flatMap(({ unit }) => unit.members);
    const pods = members.filter(({ kind }) => kind === 'Pod');
    if (pods.length > 0) teller.tell([quotaEvent(namespace, pods, { instance, now: now() })]);
  }

  async function close(): Promise<void> {
    const closing = watch;
    watch = undefined;
    await closing?.stop();
  }

  function countPods(counts: (one: PlannedUnit) => boolean): number | undefined {
    if (!isRunning || !watch) return undefined;
    const members = planned.filter(counts).flatMap(({ unit }) => unit.members);
    return members.reduce((sum, { pods }) => sum + pods, 0);
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  return {
    ...rounds,
    start() {
      isRunning = true;
      mayHoldUntil = clock.now() + WATCHED_AFTER_MS;
      for (const one of [rounds, teller, heartbeat]) one.start();
    },
    async stop() {
      await Promise.all([rounds, teller, heartbeat].map((one) => one.stop()));
      isRunning = false;
      succeededAt = undefined;
      forbidden = undefined;
      planned = [];
      await close();
    },
    waiting: () => (isRunning ? listWaiting(planned) : []),
    whyUnknown: () => (isRunning ? watch?.problem() : undefined),
    lastEventAt: () => watch?.lastEventAt() ?? {},
    metrics: releaseMetrics({
      gatedPods: () => countPods(() => true),
      overduePods: () => countPods(({ latestStart }) => latestStart < now()),
      takeDelays: releaser.takeDelays,
      savings: () => (isRunning ? savings.read() : undefined),
    }),
  };
}
