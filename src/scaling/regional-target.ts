import { BOUNDS_BEFORE, parseBoundsBefore } from './bounds-before.ts';
import type { HorizontalAutoscaler } from './horizontal-autoscaler.ts';
import type { CpuReading } from './regional-cpu.ts';
import type { TargetSettings } from './regional-settings.ts';
import type { LastAction } from './regional-state.ts';
import type { ScaledWorkload } from './scaled-workload.ts';

/** What is known of the region of a target. */
export interface RegionFacts {
  /** gCO2e/kWh of the policy signal; absent: nobody knows. */
  readonly gramsPerKwh?: number | undefined;
  readonly isDown: boolean;
  /** There is a Region of that name, or a node in it. */
  readonly isKnown: boolean;
}

/**
 * What is moved of a target, in both modes alike:
 *
 * |        | replicas mode       | bounds mode                                                  |
 * | ------ | ------------------- | ------------------------------------------------------------ |
 * | level  | replicas            | the minimum of its HorizontalPodAutoscaler                   |
 * | top    | replicas            | its maximum                                                  |
 * | least  | min, 0 in an outage | min, at least 1; 1 in an outage                              |
 * | most   | max                 | the highest minimum with which the maximum is no more than max |
 * | empty  | 0                   | 1                                                            |
 * | ran    | replicas            | replicas, its minimum at least                               |
 * | width  | 0                   | between both, as its owner had it                            |
 */
export interface TargetFacts extends RegionFacts {
  readonly region: string;
  readonly deployment: string;
  /** In bounds mode: the name of its HorizontalPodAutoscaler. */
  readonly autoscaler?: string;
  /** A carbon budget has lowered its maximum. */
  readonly isBudgeted: boolean;
  /** Of what is written: the Deployment, or in bounds mode its HorizontalPodAutoscaler. */
  readonly uid: string;
  readonly generation: number;
  readonly replicas: number;
  readonly ready: number;
  readonly level: number;
  readonly top: number;
  /** The target's maximum: what `top` is at most. */
  readonly maxTop: number;
  readonly least: number;
  readonly most: number;
  readonly empty: number;
  readonly ran: number;
  readonly width: number;
  /** What was added last stays unready: nothing more is added to it. */
  readonly isStuck: boolean;
  /** Nothing is written to it for now: somebody paused it, or the API server refuses it. */
  readonly isHeld: boolean;
  /** The last action was announced and not done: nobody has changed the target since. */
  readonly isUnfinished: boolean;
  /** It is as the last action was to make it, and nobody has changed it since. */
  readonly isDone: boolean;
  readonly cpu?: CpuReading | undefined;
}

interface TargetInput {
  readonly target: TargetSettings;
  readonly workload: ScaledWorkload;
  /** In bounds mode. */
  readonly autoscaler?: HorizontalAutoscaler | undefined;
  readonly region: RegionFacts;
  readonly cpu?: CpuReading | undefined;
  readonly isStuck: boolean;
  readonly isHeld?: boolean;
  readonly isBudgeted?: boolean;
  readonly lastAction?: LastAction | undefined;
}

export function targetFacts({
  target,
  workload,
  autoscaler,
  region,
  cpu,
  isStuck,
  isHeld = false,
  isBudgeted = false,
  lastAction,
}: TargetInput): TargetFacts {
  const { generation, replicas, readyReplicas: ready } = workload;
  const { uid } = autoscaler ?? workload;
  const common = { ...region, region: target.region, deployment: target.deployment, uid, generation, replicas, ready };
  const own = autoscaler
    ? boundsOf(autoscaler, target)
    : { level: replicas, top: replicas, most: target.max, empty: 0, width: 0 };
  const least = region.isDown ? own.empty : target.min;
  const ran = Math.max(own.level, replicas);
  const named = autoscaler && { autoscaler: autoscaler.name };
  const free = { ...common, ...named, isBudgeted, ...own, ran, maxTop: target.max, least, cpu, isStuck, isHeld };
  const facts = isHeld ? heldAt(free) : free;
  const last = lastAction?.target === target.deployment && lastAction.uid === uid ? lastAction : undefined;
  return {
    ...facts,
    isUnfinished: last !== undefined && !isHeld && isUnfinished(facts, last, autoscaler),
    isDone: last !== undefined && isDone(facts, last, autoscaler),
  };
}

function boundsOf(autoscaler: HorizontalAutoscaler, target: TargetSettings) {
  const { min, max } = autoscaler;
  const width = widthOf(autoscaler);
  return { level: min, top: max, most: Math.max(target.min, target.max - width), empty: 1, width };
}

/** As its owner had it, while both bounds are ours. */
function widthOf({ min, max, annotations }: HorizontalAutoscaler): number {
  const kept = parseBoundsBefore(annotations[BOUNDS_BEFORE]);
  return kept?.wrote.min === min && kept.wrote.max === max ? kept.max - kept.min : max - min;
}

/** No limit of its own moves it from where it is. */
function heldAt<T extends Pick<TargetFacts, 'level' | 'top' | 'maxTop' | 'least' | 'most'>>(facts: T): T {
  const { level, top, maxTop } = facts;
  return { ...facts, least: level, most: level, maxTop: Math.max(top, maxTop) };
}

type Seen = Pick<TargetFacts, 'generation' | 'level'>;

function isUnfinished(
  { generation, level }: Seen,
  last: LastAction,
  autoscaler: HorizontalAutoscaler | undefined,
): boolean {
  if (last.done || last.from !== level || last.from === last.to) return false;
  return autoscaler ? wroteOf(autoscaler) !== last.to : last.generation === generation;
}

function isDone({ generation, level }: Seen, last: LastAction, autoscaler: HorizontalAutoscaler | undefined): boolean {
  if (last.to !== level) return false;
  return autoscaler ? wroteOf(autoscaler) === last.to : last.generation + 1 === generation;
}

/** The minimum that we wrote last. */
function wroteOf({ annotations }: HorizontalAutoscaler): number | undefined {
  return parseBoundsBefore(annotations[BOUNDS_BEFORE])?.wrote.min;
}

/** The bounds with which a target in bounds mode has a level: the window moves, never beyond the target's maximum; one that is emptied is closed. */
export function boundsAt(
  level: number,
  { width, top, maxTop, isDown, empty }: TargetFacts,
): { readonly min: number; readonly max: number } {
  const min = Math.max(1, level);
  const isClosed = isDown && level <= empty && top <= maxTop;
  return { min, max: isClosed ? min : Math.max(min, Math.min(min + width, maxTop)) };
}
