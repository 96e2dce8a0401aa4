import { isPaused } from '../../capacity/paused.ts';
import { ApiError, messageOf } from '../../cluster/api-error.ts';
import { hoursAhead } from '../../scaling/hours-ahead.ts';
import type { RegionalDefaults } from '../../scaling/regional-autoscaler.ts';
import { countAnew, type Planned, planRegional } from '../../scaling/regional-plan.ts';
import type { RegionalAutoscaler } from '../../scaling/regional-record.ts';
import type { RegionalSettings } from '../../scaling/regional-settings.ts';
import type { LastAction, RegionalState } from '../../scaling/regional-state.ts';
import { type Finding, isNews, type RegionalStatus, statusOf, targetStatus } from '../../scaling/regional-status.ts';
import type { TargetFacts } from '../../scaling/regional-target.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';
import type { Clock } from '../pace.ts';
import type { Outcome } from '../rounds.ts';
import { accept } from './accept.ts';
import { type ActDeps, act, isConflict } from './act.ts';
import { factsOf } from './facts.ts';
import { acceptedFindings, PAUSED_FINDINGS, refusedFindings } from './findings.ts';
import { asWritten, deniedNow, type Memory } from './memory.ts';
import { createStatusWriter, type StatusWriterDeps } from './status-writer.ts';
import { keyOf, type Surroundings } from './surroundings.ts';

export interface VisitDeps extends ActDeps, StatusWriterDeps {
  readonly defaults: RegionalDefaults;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly clock: Clock;
  /** Called when an action was done, or would have been. */
  readonly onAction: (one: RegionalAutoscaler, last: LastAction, mode: CapacityMode) => void;
  /** Writes the Event of an action; whether that is done with. */
  readonly tellAction: (one: RegionalAutoscaler, last: LastAction, mode: CapacityMode) => Promise<boolean>;
}

/** What is visited, and by what it is judged. */
export interface Visit {
  readonly seen: RegionalAutoscaler;
  readonly memory: Memory;
  readonly around: Surroundings;
  readonly mode: CapacityMode;
  readonly signal: AbortSignal;
}

export interface Visited {
  readonly outcome: Outcome;
  readonly status: RegionalStatus;
  readonly findings: readonly Finding[];
}

interface Judgement {
  readonly planned: Planned;
  readonly targets: readonly TargetFacts[];
}

/** Looks at one RegionalAutoscaler, does what is due, and writes its status where that is news. */
export function createVisitor(deps: VisitDeps) {
  const { now, clock, pace } = deps;
  const statuses = createStatusWriter(deps);

  return async function visit(one: Visit): Promise<Visited> {
    const { seen, memory, around } = one;
    if (isPaused(seen.annotations)) return refuse(one, PAUSED_FINDINGS);
    const accepted = accept(seen, deps.defaults, around);
    if ('refusal' in accepted) return refuse(one, refusedFindings(accepted.refusal));
    const { settings } = accepted;
    if (memory.refused && clock.now() >= memory.refused.until) memory.refused = undefined;
    /** Each target may be filled and emptied once, and each look may find that something is other than it was seen. */
    for (let left = 3 * settings.targets.length + 3; left > 0; left--) {
      const visited = await look(one, settings);
      if (visited) return visited;
    }
    return giveUp(one, judge(one, asWritten(seen, memory), settings));
  };

  /** Judges, and does what is due; `undefined`: it is to be judged again at once. */
  async function look(one: Visit, settings: RegionalSettings): Promise<Visited | undefined> {
    const { seen, memory, mode } = one;
    const current = asWritten(seen, memory);
    const judged = judge(one, current, settings);
    const { action, isUrgent } = judged.planned.verdict;
    if (!action || memory.refused) return settle(one, current, settings, judged);
    if (mode !== 'on') return imagine(one, current, settings, judged);
    const outcome = await attempt(one, current, settings, judged);
    if (outcome === 'again') return giveUp(one, judged);
    if (outcome !== 'done' || isUrgent) return undefined;
    const after = asWritten(seen, memory);
    return settle(one, after, settings, judge(one, after, settings));
  }

  function judge({ around, memory, mode }: Visit, current: RegionalAutoscaler, settings: RegionalSettings): Judgement {
    const [at, monotonicNow] = [now(), clock.now()];
    const state = mode === 'on' ? current.state : { lastAction: memory.imagined };
    const { lastAction } = state;
    const moment = { now: at, monotonicNow };
    const targets = factsOf({ one: current, settings, around, better: deps.better, memory, lastAction, ...moment });
    const hoursOf = (region: string) => hoursAhead(region, around.snapshot, at);
    const denied = deniedNow(memory, monotonicNow);
    const planned = planRegional({ settings, targets, state, denied, hoursOf, counters: memory.counters, ...moment });
    memory.counters = planned.counters;
    return { planned, targets };
  }

  /** `other`, `denied`: seen again at once. */
  async function attempt(
    one: Visit,
    current: RegionalAutoscaler,
    settings: RegionalSettings,
    judged: Judgement,
  ): Promise<'done' | 'denied' | 'other' | 'again'> {
    const { memory, around, signal, mode, seen } = one;
    const { verdict, state } = judged.planned;
    const { action } = verdict;
    const facts = judged.targets.find(({ deployment }) => deployment === action?.target);
    if (!action || !facts) return 'again';
    const key = keyOf(seen.namespace, action.target);
    await pace.take(signal);
    const hpa = settings.mode === 'bounds' ? around.autoscalersOf.get(key)?.[0] : undefined;
    async function announce(): Promise<void> {
      if (verdict.isAnnounced) return;
      // The status keeps one action: what a leader that ended had done before it is told now, or never.
      await tellDone(one, stateAfter(judged, current.state).lastAction);
      await statuses.announce(one, current, statusFor(current, judged, []), state);
    }
    try {
      const outcome = await act(deps, { namespace: seen.namespace, key, action, facts, hpa, announce });
      if (outcome === 'denied') memory.denied.set(action.target, clock.now() + settings.loopMs);
      if (outcome !== 'done') return outcome;
      memory.counters = countAnew(judged.planned.counters);
      const last = state.lastAction && ({ ...state.lastAction, done: true } as const);
      if (last) deps.onAction(seen, last, mode);
      await tellDone(one, last);
      return 'done';
    } catch (error) {
      return afterFailure(error, { memory, key, settings });
    }
  }

  /** A refusal is about one autoscaler: the others go on. Where the network fails, or another leads, nobody does. */
  function afterFailure(
    error: unknown,
    { memory, key, settings }: { memory: Memory; key: string; settings: RegionalSettings },
  ): 'again' {
    if (!(error instanceof ApiError)) throw error;
    deps.better.forget(key);
    if (error.status !== 404 && !isConflict(error))
      memory.refused = { until: clock.now() + settings.loopMs, message: messageOf(error) };
    return 'again';
  }

  function imagine(
    one: Visit,
    current: RegionalAutoscaler,
    settings: RegionalSettings,
    judged: Judgement,
  ): Promise<Visited> {
    const { lastAction } = judged.planned.state;
    const { memory } = one;
    // Never taken for one that is to be finished.
    const imagined = lastAction && { ...lastAction, uid: 'imagined' };
    const isNew =
      imagined &&
      (!memory.imagined || describe(imagined) !== describe(memory.imagined) || !judged.planned.verdict.isUrgent);
    if (isNew) {
      memory.imagined = imagined;
      deps.onAction(one.seen, imagined, one.mode);
    }
    memory.counters = countAnew(judged.planned.counters);
    return settle(one, current, settings, judged);
  }

  async function settle(
    one: Visit,
    current: RegionalAutoscaler,
    settings: RegionalSettings,
    judged: Judgement,
  ): Promise<Visited> {
    const findings = acceptedFindings({
      settings,
      targets: judged.targets,
      mode: one.mode,
      problem: 'problem' in one.around.usages ? one.around.usages.problem : undefined,
      refused: one.memory.refused?.message,
    });
    const status = statusFor(current, judged, findings);
    const isOn = one.mode === 'on';
    const state = isOn ? stateAfter(judged, current.state) : current.state;
    const isStateNews = JSON.stringify(state) !== JSON.stringify(current.state);
    const isDue = isStateNews || isNews(status, current.status, settings.mode === 'bounds');
    await tellDone(one, isOn ? state.lastAction : one.memory.imagined);
    const visited = { status, findings };
    if (!isDue) return { ...visited, outcome: 'done' };
    return { ...visited, outcome: await statuses.writeDue(one, current, status, state) };
  }

  /** Until the next round, which comes soon. */
  async function giveUp(one: Visit, judged: Judgement): Promise<Visited> {
    const current = await statuses.readAgain(one);
    return {
      outcome: 'again',
      status: statusFor(current, judged, []),
      findings: [],
    };
  }

  async function tellDone({ seen, memory, mode }: Visit, last: LastAction | undefined): Promise<void> {
    const what = last && `${last.at} ${last.target} ${mode}`;
    if (!last || memory.told === what || (mode === 'on' && !last.done)) return;
    if (await deps.tellAction(seen, last, mode)) memory.told = what;
  }

  async function refuse(one: Visit, findings: readonly Finding[]): Promise<Visited> {
    const current = asWritten(one.seen, one.memory);
    const [{ reason, message } = NOTHING_FOUND] = findings;
    const verdict = { decision: 'None', reason, message } as const;
    const targets = current.status?.targets ?? [];
    const status = statusOf({ generation: current.generation, verdict, targets, findings }, current.status, now());
    const visited = { status, findings };
    if (!isNews(status, current.status, true)) return { ...visited, outcome: 'done' };
    return { ...visited, outcome: await statuses.writeDue(one, current, status, current.state) };
  }

  function statusFor(
    current: RegionalAutoscaler,
    { planned, targets }: Judgement,
    findings: readonly Finding[],
  ): RegionalStatus {
    const { verdict, cpuPercent } = planned;
    const told =
      findings.length > 0
        ? findings
        : (current.status?.conditions ?? []).map(({ lastTransitionTime, ...finding }) => finding);
    return statusOf(
      { generation: current.generation, verdict, cpuPercent, targets: targets.map(targetStatus), findings: told },
      current.status,
      now(),
    );
  }
}

const NOTHING_FOUND = { reason: 'Unknown', message: '' };

/** What the status is to keep, with what was seen to be done. */
function stateAfter({ planned, targets }: Judgement, before: RegionalState): RegionalState {
  const state = planned.verdict.action ? before : planned.state;
  const { lastAction } = state;
  const isDone = targets.some((one) => one.isDone);
  return lastAction && isDone && !lastAction.done ? { ...state, lastAction: { ...lastAction, done: true } } : state;
}

function describe({ target, from, to, decision }: LastAction): string {
  return [target, from, to, decision].join(' ');
}
