import type { RegionalSettings } from './regional-settings.ts';
import type { RegionalDecision, RegionalState } from './regional-state.ts';
import { boundsAt, type TargetFacts } from './regional-target.ts';

/** What was announced longer ago, and not done, is decided anew. */
export const UNFINISHED_MS = 10 * 60_000;

/** One change of one target; `from` and `to` are levels. */
export interface Action {
  readonly target: string;
  readonly region: string;
  readonly from: number;
  readonly to: number;
  readonly uid: string;
  readonly generation: number;
}

/** What one look comes to. */
export interface Verdict {
  readonly decision: RegionalDecision;
  /** In one word; README.md of the controller has all of them. */
  readonly reason: string;
  readonly message: string;
  readonly region?: string | undefined;
  readonly action?: Action | undefined;
  /** Seen again at once when it is done: what it belongs to does not wait for the next loop. */
  readonly isUrgent?: boolean;
  /** It was announced before: nothing is written but the target. */
  readonly isAnnounced?: boolean;
  /** What the status keeps from then on, beside the action. */
  readonly state?: Pick<RegionalState, 'outage' | 'moving'>;
}

/** What counts loops; in memory alone. Times are milliseconds of a clock that nobody sets. */
export interface Counters {
  readonly above: number;
  readonly below: number;
  /** For which the CPU of no target was known. */
  readonly missed: number;
  readonly countedAt: number;
  /** Of the last action: until when nothing that can wait is done. */
  readonly rest?: { readonly of: number; readonly until: number } | undefined;
}

/** What rules judge. */
export interface Look {
  readonly settings: RegionalSettings;
  /** Those that there are. */
  readonly targets: readonly TargetFacts[];
  readonly state: RegionalState;
  /** Of all targets in regions that are up, percent; absent: nobody knows. */
  readonly cpuPercent?: number | undefined;
  /** Those whose next pod would be refused by their namespace's policy, by Deployment. */
  readonly denied: ReadonlySet<string>;
  /** gCO2e/kWh of this hour and those after it, as far as it is known. */
  readonly hoursOf: (region: string) => readonly number[];
  /** Epoch milliseconds. */
  readonly now: number;
}

export type Rule<T extends Look = Look> = (look: T) => Verdict | undefined;

export function sumOf(targets: readonly TargetFacts[], read: (target: TargetFacts) => number): number {
  return targets.reduce((sum, target) => sum + read(target), 0);
}

export function isUp({ isDown }: TargetFacts): boolean {
  return !isDown;
}

/** Cleanest first, unknown ones last; equal ones as they are listed. */
export function byCleanest(targets: readonly TargetFacts[]): readonly TargetFacts[] {
  return targets.toSorted((a, b) => gramsOf(a) - gramsOf(b) || 0);
}

/** Dirtiest first, and so unknown ones; equal ones the other way round. */
function byDirtiest(targets: readonly TargetFacts[]): readonly TargetFacts[] {
  return byCleanest(targets).toReversed();
}

function gramsOf({ gramsPerKwh }: TargetFacts): number {
  return gramsPerKwh ?? Number.MAX_VALUE;
}

/** Those that can have more, cleanest first. */
export function takers({ targets, denied }: Pick<Look, 'targets' | 'denied'>): readonly TargetFacts[] {
  return byCleanest(
    targets.filter(
      (one) => isUp(one) && !one.isHeld && !one.isStuck && !denied.has(one.deployment) && one.level < one.most,
    ),
  );
}

/** Those that can have less, dirtiest first. */
export function givers({ targets }: Pick<Look, 'targets'>): readonly TargetFacts[] {
  return byDirtiest(targets.filter((one) => isUp(one) && !one.isHeld && one.level > one.least));
}

export function moveTo({ deployment, region, level, uid, generation }: TargetFacts, to: number): Action {
  return { target: deployment, region, from: level, to, uid, generation };
}

export function showGrams({ gramsPerKwh }: Pick<TargetFacts, 'gramsPerKwh'>): string {
  return gramsPerKwh === undefined ? 'unknown intensity' : `${Math.round(gramsPerKwh)} gCO2e/kWh`;
}

/** What becomes of a target at a level, in words. */
export function showChange(target: TargetFacts, to: number): string {
  const { deployment, autoscaler, region, level, top } = target;
  if (autoscaler === undefined) return `${deployment} in ${region} from ${level} to ${to}`;
  const { min, max } = boundsAt(to, target);
  const bounds = [`minimum ${fromTo(level, min)}`, `maximum ${fromTo(top, max)}`].join(', ');
  return `${bounds} of HPA ${autoscaler} in ${region}`;
}

function fromTo(from: number, to: number): string {
  return from === to ? `${to}` : `${from} to ${to}`;
}

/** What would be done, where nothing is. */
export function asWould({ decision, message }: Pick<Verdict, 'decision' | 'message'>) {
  return { decision: `Would${decision}`, message: `would scale ${message}` } as const;
}
