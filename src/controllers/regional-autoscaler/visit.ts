import { isPaused } from '../../capacity/paused.ts';
import { ApiError } from '../../cluster/api-error.ts';
import { hoursAhead } from '../../scaling/hours-ahead.ts';
import type { RegionalDefaults } from '../../scaling/regional-autoscaler.ts';
import { countAnew, type Planned, planRegional } from '../../scaling/regional-plan.ts';
import type { RegionalAutoscaler } from '../../scaling/regional-record.ts';
import type { RegionalSettings } from '../../scaling/regional-settings.ts';
import type { LastAction, RegionalState } from '../../scaling/regional-state.ts';
import {
  type Finding,
  isNews,
  type RegionalStatus,
  statusOf,
  type TargetStatus,
  targetStatus,
} from '../../scaling/regional-status.ts';
import type { TargetFacts } from '../../scaling/regional-target.ts';
import { asWould } from '../../scaling/regional-verdict.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';
import type { Clock } from '../pace.ts';
import type { Outcome } from '../rounds.ts';
import { isRefusedWrite } from '../write-each.ts';
import { accept } from './accept.ts';
import { type ActDeps, type ActOutcome, act } from './act.ts';
import { factsOf, podsElsewhere } from './facts.ts';
import { acceptedFindings, PAUSED_FINDINGS, refusedFindings, withMetricsAsTold } from './findings.ts';
import { asWritten, deniedNow, type Memory, refusedNow, withoutOvertaken } from './memory.ts';
import { createStatusWriter, type StatusWriterDeps } from './status-writer.ts';
import { keyOf, type Surroundings } from './surroundings.ts';
import type { ToldActions } from './told-actions.ts';

interface VisitDeps extends ActDeps, StatusWriterDeps {
  readonly defaults: RegionalDefaults;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly clock: Clock;
  /** Called when an action was done, or would have been. */
  readonly onAction: (one: RegionalAutoscaler, last: LastAction, mode: CapacityMode) => void;
  /** Events of actions. */
  readonly told: ToldActions;
}

/** What is visited, and by what it is judged. */
interface Visit {
  readonly seen: RegionalAutoscaler;
  readonly memory: Memory;
  readonly around: Surroundings;
  readonly mode: CapacityMode;
  /** Asked before each action: others are to have their turn. */
  readonly mayAct: () => boolean;
  readonly signal: AbortSignal;
}

/** What was done is done; what is to be told of it is left to the caller. */
export interface Visited {
  readonly outcome: Outcome;
  readonly status: RegionalStatus;
  /** Absent: it was not looked at to the end. */
  readonly findings?: readonly Finding[];
  /** Writes the status, where that is news. */
  readonly write?: () => Promise<Outcome>;
}

interface Judgement {
  /** As it counts: without what was announced and not done. */
  readonly as: RegionalAutoscaler;
  readonly planned: Planned;
  readonly targets: readonly TargetFacts[];
  readonly mode: CapacityMode;
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
    if (!action || targetOf(judged)?.isHeld) return settle(one, current, settings, judged);
    if (mode !== 'on') return imagine(one, current, settings, judged);
    if (!one.mayAct()) return { outcome: 'again', status: statusFor(judged, []) };
    const outcome = await attempt(one, current, settings, judged);
    if (outcome === 'again') return giveUp(one, judged);
    if (outcome !== 'done' || isUrgent) return undefined;
    const after = asWritten(seen, memory);
    return settle(one, after, settings, judge(one, after, settings));
  }

  function judge({ around, memory, mode }: Visit, current: RegionalAutoscaler, settings: RegionalSettings): Judgement {
    const [at, monotonicNow] = [now(), clock.now()];
    const as = withoutOvertaken(current, memory);
    const state = mode === 'on' ? as.state : { lastAction: memory.imagined };
    const { lastAction } = state;
    const moment = { now: at, monotonicNow };
    const targets = factsOf({ one: current, settings, around, better: deps.better, memory, lastAction, ...moment });
    const hoursOf = (region: string) => hoursAhead(region, around.snapshot, at);
    const denied = deniedNow(memory, monotonicNow);
    const planned = planRegional({ settings, targets, state, denied, hoursOf, counters: memory.counters, ...moment });
    memory.counters = planned.counters;
    return { as, planned, targets, mode };
  }

  /** `other`, `denied`, `refused`: seen again at once. */
  async function attempt(
    one: Visit,
    current: RegionalAutoscaler,
    settings: RegionalSettings,
    judged: Judgement,
  ): Promise<ActOutcome | 'refused' | 'again'> {
    const { around, signal, seen } = one;
    const { action } = judged.planned.verdict;
    const facts = targetOf(judged);
    if (!action || !facts) return 'again';
    const key = keyOf(seen.namespace, action.target);
    await pace.take(signal);
    const hpa = settings.mode === 'bounds' ? around.autoscalersOf.get(key)?.[0] : undefined;
    const progress: Progress = { reached: judged.planned.verdict.isAnnounced ? 'announced' : 'nothing' };
    const announce = () => announceFirst(one, current, judged, progress);
    try {
      const outcome = await act(deps, { namespace: seen.namespace, key, action, facts, hpa, announce });
      takeNote(outcome, { one, settings, judged, progress, target: action.target });
      return outcome;
    } catch (error) {
      deps.better.forget(key);
      return afterRefusal(orRefusal(error), { one, settings, judged, progress, target: action.target });
    }
  }

  async function announceFirst(
    one: Visit,
    current: RegionalAutoscaler,
    judged: Judgement,
    progress: Progress,
  ): Promise<void> {
    if (progress.reached === 'announced') return;
    const { memory, mode } = one;
    // The status keeps one action: what was done before it is told now, or never where this leader ends.
    deps.told.add(memory, stateAfter(judged).lastAction, mode);
    await deps.told.tell(current, memory).catch(orRefusal);
    progress.reached = 'announcing';
    await statuses.announce(one, current, statusFor(judged, []), judged.planned.state);
    progress.reached = 'announced';
  }

  function takeNote(outcome: ActOutcome, attempted: Attempted): void {
    const { one, settings, judged, progress, target } = attempted;
    const { memory } = one;
    if (outcome === 'done') afterDone(attempted);
    if (outcome === 'denied') memory.denied.set(target, clock.now() + settings.loopMs);
    if (outcome !== 'other' || progress.reached !== 'announced') return;
    overtake(memory, judged, progress);
    memory.counters = countAnew(judged.planned.counters); // CPU is of before what somebody else has just done
  }

  function afterDone({ one: { seen, memory, mode }, judged: { planned }, target }: Attempted): void {
    memory.refused.delete(target);
    memory.counters = countAnew(planned.counters);
    const last = planned.state.lastAction && ({ ...planned.state.lastAction, done: true } as const);
    if (last) deps.onAction(seen, last, mode);
    deps.told.add(memory, last, mode);
  }

  function afterRefusal(
    error: ApiError,
    { one: { memory }, settings, judged, progress, target }: Attempted,
  ): 'refused' | 'again' {
    if (!isRefusedWrite(error)) return 'again';
    const { status, message } = error;
    // A status that cannot be written holds up all that it would announce.
    const isOfAll = progress.reached === 'announcing';
    const held = isOfAll ? settings.targets.map(({ deployment }) => deployment) : [target];
    const until = clock.now() + settings.loopMs;
    for (const deployment of held) memory.refused.set(deployment, { until, message });
    if (status < 500) overtake(memory, judged, progress); // otherwise it may have been done
    return 'refused';
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
    const found = acceptedFindings({
      namespace: one.seen.namespace,
      settings,
      targets: judged.targets,
      mode: one.mode,
      problem: 'problem' in one.around.usages ? one.around.usages.problem : undefined,
      refused: refusedNow(one.memory, clock.now()),
      elsewhere: podsElsewhere(settings, one.seen.namespace, one.around),
      paused: judged.targets.filter(({ isHeld }) => isHeld).map(({ deployment }) => deployment),
    });
    const findings = isMissedForAMoment(judged, settings)
      ? withMetricsAsTold(found, current.status?.conditions)
      : found;
    const status = statusFor(judged, findings, isMissedForAMoment(judged, settings));
    const isOn = one.mode === 'on';
    const state = isOn ? stateAfter(judged) : current.state;
    const isStateNews = JSON.stringify(state) !== JSON.stringify(current.state);
    const isDue = isStateNews || isNews(status, current.status, settings.mode === 'bounds');
    deps.told.add(one.memory, isOn ? state.lastAction : one.memory.imagined, one.mode);
    const visited = { status, findings, outcome: 'done' } as const;
    return isDue ? { ...visited, write: () => statuses.writeDue(one, current, status, state) } : visited;
  }

  /** Until the next round, which comes soon. */
  async function giveUp(one: Visit, judged: Judgement): Promise<Visited> {
    await statuses.readAgain(one);
    return { outcome: 'again', status: statusFor(judged, []) };
  }

  async function refuse(one: Visit, findings: readonly Finding[]): Promise<Visited> {
    one.memory.counters = undefined; // it has no loops
    const current = asWritten(one.seen, one.memory);
    const [{ reason, message } = NOTHING_FOUND] = findings;
    const verdict = { decision: 'None', reason, message } as const;
    const targets = targetsAsTheyAre(current, one.around) ?? current.status?.targets ?? [];
    const status = statusOf({ generation: current.generation, verdict, targets, findings }, current.status, now());
    const visited = { status, findings, outcome: 'done' } as const;
    if (!isNews(status, current.status, true)) return visited;
    return { ...visited, write: () => statuses.writeDue(one, current, status, current.state) };
  }

  /** `isReadAsTold`: CPU as it was told last. */
  function statusFor(
    { as: current, planned, targets, mode }: Judgement,
    findings: readonly Finding[],
    isReadAsTold = false,
  ): RegionalStatus {
    const { verdict } = planned;
    const before = isReadAsTold ? current.status : undefined;
    const told =
      findings.length > 0
        ? findings
        : (current.status?.conditions ?? []).map(({ lastTransitionTime, ...finding }) => finding);
    const found = {
      generation: current.generation,
      verdict: mode === 'on' || !verdict.action ? verdict : { ...verdict, ...asWould(verdict) },
      cpuPercent: planned.cpuPercent ?? before?.cpuPercent,
      targets: targets.map((one) => ({ ...cpuToldOf(one.deployment, before), ...targetStatus(one) })),
      findings: told,
    };
    return statusOf(found, current.status, now());
  }
}

/** How far an action got. */
interface Progress {
  reached: 'nothing' | 'announcing' | 'announced';
}

/** One action, and how far it got. */
interface Attempted {
  readonly one: Visit;
  readonly settings: RegionalSettings;
  readonly judged: Judgement;
  readonly progress: Readonly<Progress>;
  readonly target: string;
}

/** Announced and not done: what the status said before counts on. */
function overtake(memory: Memory, { as, planned }: Judgement, { reached }: Progress): void {
  const { lastAction } = planned.state;
  if (reached !== 'announced' || !lastAction) return;
  memory.overtaken = { by: lastAction, before: planned.verdict.isAnnounced ? withoutLast(as) : as };
}

/** What the API server refused. Where the network fails, or another leads, nobody goes on. */
function orRefusal(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  throw error;
}

/** What the action of a judgement is about. */
function targetOf({ planned, targets }: Judgement): TargetFacts | undefined {
  return targets.find(({ deployment }) => deployment === planned.verdict.action?.target);
}

function isMissedForAMoment({ planned }: Judgement, { holdCycles }: RegionalSettings): boolean {
  return planned.cpuPercent === undefined && planned.counters.missed < holdCycles;
}

function cpuToldOf(deployment: string, told: RegionalStatus | undefined): { readonly cpuPercent?: number } {
  const cpuPercent = told?.targets.find((one) => one.deployment === deployment)?.cpuPercent;
  return cpuPercent === undefined ? {} : { cpuPercent };
}

/** Of one that is not scaled: what there is; `undefined`: nobody can tell by its spec. */
function targetsAsTheyAre(
  { namespace, wish }: RegionalAutoscaler,
  { deployments }: Pick<Surroundings, 'deployments'>,
): readonly TargetStatus[] | undefined {
  if ('issues' in wish) return undefined;
  return wish.spec.targets.flatMap(({ region, deployment }) => {
    const seen = deployments.get(keyOf(namespace, deployment));
    return seen ? [{ region, deployment, replicas: seen.replicas, ready: seen.readyReplicas, state: 'NotScaled' }] : [];
  });
}

/** One whose last action nobody knows any more. */
function withoutLast(one: RegionalAutoscaler): RegionalAutoscaler {
  const status = one.status && { ...one.status, lastDecision: undefined };
  return { ...one, status, state: { ...one.state, lastAction: undefined } };
}

const NOTHING_FOUND = { reason: 'Unknown', message: '' };

/** What the status is to keep, with what was seen to be done. */
function stateAfter({ as, planned, targets }: Judgement): RegionalState {
  const state = planned.verdict.action ? as.state : planned.state;
  const { lastAction } = state;
  const isDone = targets.some((one) => one.isDone);
  return lastAction && isDone && !lastAction.done ? { ...state, lastAction: { ...lastAction, done: true } } : state;
}

function describe({ target, from, to, decision }: LastAction): string {
  return [target, from, to, decision].join(' ');
}
