import { aggregateCpu } from './regional-cpu.ts';
import { healFloor, keepTotals, lowerCeiling, widenWindow } from './regional-limits.ts';
import { followLoad } from './regional-load.ts';
import { moveOutOfOutage, outageAfter, outageNow, takeBackFill } from './regional-outage.ts';
import { beginMove, endMove, movingNow } from './regional-rebalance.ts';
import type { LastAction, RegionalState } from './regional-state.ts';
import type { TargetFacts } from './regional-target.ts';
import {
  type Counters,
  isUp,
  type Look,
  moveTo,
  type Rule,
  showChange,
  sumOf,
  UNFINISHED_MS,
  type Verdict,
} from './regional-verdict.ts';

export interface PlanInput extends Omit<Look, 'cpuPercent'> {
  readonly counters: Counters | undefined;
  /** Milliseconds of the clock that counters are of. */
  readonly monotonicNow: number;
}

export interface Planned {
  readonly verdict: Verdict;
  /** Of all targets in regions that are up; absent: nobody knows. */
  readonly cpuPercent?: number | undefined;
  /** Whoever acts has them begin anew (`countAnew`). */
  readonly counters: Counters;
  /** What the status keeps from now on; with the action, where there is one. */
  readonly state: RegionalState;
}

/** Those that wait for nothing; the first that has something to say counts. */
const AT_ONCE: readonly Rule[] = [
  finish,
  lowerCeiling,
  healFloor,
  widenWindow,
  moveOutOfOutage,
  keepTotals,
  endMove,
  takeBackFill,
];

/** What is to be done about one RegionalAutoscaler now, if anything: README.md has the order of its rules. */
export function planRegional(input: PlanInput): Planned {
  const { settings, targets, now, monotonicNow } = input;
  const readings = targets.filter(isUp).map(({ cpu }) => cpu);
  const cpuPercent = aggregateCpu(readings, settings.aggregate);
  const state = stateNow({ ...input, cpuPercent });
  const look: Look = { ...input, state, cpuPercent };
  const counters = count(look, input);
  const restMs = Math.max(0, (counters.rest?.until ?? monotonicNow) - monotonicNow);
  const verdict = judge(look, counters, restMs);
  const kept = { ...state, ...verdict.state };
  if (!verdict.action) return { verdict, cpuPercent, counters, state: kept };
  if (verdict.isAnnounced) return { verdict, cpuPercent, counters, state: kept };
  const { decision, reason, message, action } = verdict;
  const lastAction = { ...action, decision, reason, message, at: now };
  const outage = kept.outage && outageAfter(kept.outage, verdict);
  return { verdict, cpuPercent, counters, state: { ...kept, outage, lastAction } };
}

/** Once an action is done, breaches are counted anew. */
export function countAnew(counters: Counters): Counters {
  return { ...counters, above: 0, below: 0 };
}

function judge(look: Look, { above, below, missed }: Counters, restMs: number): Verdict {
  if (look.targets.length === 0)
    return { decision: 'None', reason: 'NoTarget', message: 'none of its Deployments is there' };
  const load = followLoad({ ...look, above, below, missed, restMs });
  for (const rule of AT_ONCE) {
    const verdict = rule(look);
    // What waits for others to become Ready is no reason to let those that serve be overrun.
    if (verdict && !verdict.action && load.decision === 'ScaleUp')
      return { ...load, ...(verdict.state && { state: verdict.state }) };
    if (verdict) return verdict;
  }
  const mayMove = load.reason === 'Steady' && restMs === 0;
  return (mayMove && beginMove(look)) || load;
}

/** What was announced and not done, by a leader that ended in between. */
function finish(look: Look): Verdict | undefined {
  const { targets, state, now } = look;
  const { lastAction } = state;
  const target = targets.find(({ deployment, isUnfinished }) => isUnfinished && deployment === lastAction?.target);
  if (!lastAction || !target || Math.abs(now - lastAction.at) > UNFINISHED_MS) return undefined;
  if (!isStillRight(lastAction, target, look)) return undefined;
  const { decision, reason, region } = lastAction;
  const action = moveTo(target, lastAction.to);
  const message = `${showChange(action)}, as it was announced before`;
  return { decision, reason, message, region, action, isUrgent: true, isAnnounced: true };
}

/** Whether what was announced may be done by what is so now: policy, outages and limits may be others. */
function isStillRight({ from, to, decision }: LastAction, target: TargetFacts, { settings, targets, denied }: Look) {
  if (to > from) {
    if (denied.has(target.deployment)) return false;
    const room = settings.maxReplicas - sumOf(targets, ({ top }) => top);
    if (decision === 'Fill') return isUp(target) && to <= target.maxTop;
    return isUp(target) && to <= target.most && (decision === 'MoveUp' || to - from <= room);
  }
  const spare = sumOf(targets, ({ level }) => level) - settings.minReplicas;
  return decision === 'Empty' ? target.isDown : to >= target.least && (decision !== 'ScaleDown' || from - to <= spare);
}

/** Without what is over. */
function stateNow(look: Look): RegionalState {
  return { ...look.state, outage: outageNow(look), moving: movingNow(look) };
}

/** Milliseconds; loops of equal length begin together, so that one reading of all pods serves them all. */
export function untilNextLoop({ countedAt }: Counters, loopMs: number, monotonicNow: number): number {
  return (Math.floor(countedAt / loopMs) + 1) * loopMs - monotonicNow;
}

/** One more loop, where one is over: the first look is in the middle of one, and counts nothing; what it does not know is not missed for a moment alone. */
function count({ settings, cpuPercent }: Look, { counters, state, now, monotonicNow }: PlanInput): Counters {
  const rest = restOf(counters, state, settings.cooldownMs, { now, monotonicNow });
  if (counters && untilNextLoop(counters, settings.loopMs, monotonicNow) > 0) return { ...counters, rest };
  const isUnknown = cpuPercent === undefined;
  if (!counters)
    return { above: 0, below: 0, missed: isUnknown ? settings.holdCycles : 0, countedAt: monotonicNow, rest };
  const missed = isUnknown ? Math.min(counters.missed + 1, settings.holdCycles) : 0;
  const isForAMoment = missed > 0 && missed < settings.holdCycles;
  const next = (loops: number, isSo: boolean) => {
    if (isForAMoment) return loops;
    return isSo ? Math.min(loops + 1, settings.holdCycles) : 0;
  };
  return {
    above: next(counters.above, !isUnknown && cpuPercent > settings.scaleUp),
    below: next(counters.below, !isUnknown && cpuPercent < settings.scaleDown),
    missed,
    countedAt: monotonicNow,
    rest,
  };
}

/** A wall clock that is set counts once, when an action is first seen, and for no longer than the cooldown. */
function restOf(
  counters: Counters | undefined,
  { lastAction }: RegionalState,
  cooldownMs: number,
  { now, monotonicNow }: Pick<PlanInput, 'now' | 'monotonicNow'>,
): Counters['rest'] {
  if (!lastAction) return undefined;
  const latest = monotonicNow + cooldownMs;
  if (counters?.rest?.of === lastAction.at) return { of: lastAction.at, until: Math.min(counters.rest.until, latest) };
  const left = Math.min(cooldownMs, Math.max(0, lastAction.at + cooldownMs - now));
  return { of: lastAction.at, until: monotonicNow + left };
}
