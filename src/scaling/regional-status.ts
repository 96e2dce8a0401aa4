import { z } from 'zod';
import { cutText } from '../units/cut-text.ts';
import { MOST_TARGETS } from './regional-autoscaler.ts';
import { percentOf } from './regional-cpu.ts';
import { formatState, type RegionalState } from './regional-state.ts';
import type { TargetFacts } from './regional-target.ts';
import type { Verdict } from './regional-verdict.ts';

const LONGEST_MESSAGE = 512;

const condition = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  lastTransitionTime: z.string(),
});
export type Condition = z.infer<typeof condition>;
/** A condition as it is found now. */
export type Finding = Omit<Condition, 'lastTransitionTime'>;

const lastDecision = z.object({
  at: z.string(),
  decision: z.string(),
  reason: z.string(),
  message: z.string(),
  region: z.string().optional(),
});

const target = z.object({
  region: z.string(),
  deployment: z.string(),
  replicas: z.number(),
  ready: z.number(),
  cpuPercent: z.number().optional(),
  gramsPerKwh: z.number().optional(),
  state: z.string(),
});
export type TargetStatus = z.infer<typeof target>;

const regionalStatus = z.object({
  observedGeneration: z.number(),
  replicas: z.number().optional(),
  cpuPercent: z.number().optional(),
  lastDecision: lastDecision.optional(),
  targets: z.array(target).max(MOST_TARGETS),
  conditions: z.array(condition),
  /** Which instance of the clock wrote it: when what changes all the time was told last. */
  toldAt: z.iso.datetime({ offset: true }).optional(),
});

/** What people read of a RegionalAutoscaler, beside its state. */
export type RegionalStatus = z.infer<typeof regionalStatus>;

export function parseStatus(status: unknown): RegionalStatus | undefined {
  const parsed = regionalStatus.safeParse(status);
  return parsed.success ? parsed.data : undefined;
}

/** A merge patch of the status; what is gone is `null`. */
export function statusPatch(status: RegionalStatus, state: RegionalState): object {
  const { cpuPercent = null, replicas = null, lastDecision: decided, ...rest } = status;
  const told = decided && { ...decided, region: decided.region ?? null };
  return { ...rest, cpuPercent, replicas, lastDecision: told ?? null, ...formatState(state) };
}

/** In audit with other words. */
type ToldVerdict = Pick<Verdict, 'reason' | 'message' | 'region'> & { readonly decision: string };

export interface Found {
  readonly generation: number;
  readonly verdict?: ToldVerdict | undefined;
  readonly cpuPercent?: number | undefined;
  readonly targets: readonly TargetStatus[];
  readonly findings: readonly Finding[];
}

/** The status as it is now; moments stay while what they are of does. `now` is epoch milliseconds. */
export function statusOf(
  { generation, verdict, cpuPercent, targets, findings }: Found,
  before: RegionalStatus | undefined,
  now: number,
): RegionalStatus {
  const at = new Date(now).toISOString();
  const decided = verdict && decisionAfter(verdict, before?.lastDecision, now);
  return {
    observedGeneration: generation,
    replicas: targets.reduce((sum, { replicas }) => sum + replicas, 0),
    ...(cpuPercent !== undefined && { cpuPercent: Math.round(cpuPercent) }),
    ...(decided && { lastDecision: decided }),
    targets: [...targets],
    conditions: findings.map((finding) => ({
      ...finding,
      message: cutText(finding.message, LONGEST_MESSAGE),
      lastTransitionTime:
        before?.conditions.find(({ type, status }) => type === finding.type && status === finding.status)
          ?.lastTransitionTime ?? at,
    })),
    toldAt: at,
  };
}

type LastDecision = NonNullable<RegionalStatus['lastDecision']>;

/** What was done can be read for a while, and what is decided again keeps its moment. */
function decisionAfter(
  verdict: NonNullable<Found['verdict']>,
  was: LastDecision | undefined,
  now: number,
): LastDecision {
  const { decision, reason, message, region } = verdict;
  const isQuiet = decision === 'None' && QUIET.has(reason);
  if (was && isQuiet && was.decision !== 'None' && Math.abs(now - Date.parse(was.at)) < READINGS_TOLD_MS) return was;
  const isSame = was?.decision === decision && was.reason === reason && was.region === region;
  return {
    at: isSame ? was.at : new Date(now).toISOString(),
    decision,
    reason,
    message: cutText(message, LONGEST_MESSAGE),
    ...(region !== undefined && { region }),
  };
}

/** Those that come and go while nothing happens: they are told with readings. */
const QUIET: ReadonlySet<string> = new Set(['Steady', 'Holding', 'CoolingDown']);
const READINGS_TOLD_MS = 5 * 60_000;
const CPU_DIFFERS = 5;
const GRAMS_DIFFER = 0.05;

/**
 * Whether a status is written:
 *
 * | another                                             | written                                    |
 * | --------------------------------------------------- | ------------------------------------------ |
 * | spec, condition, number of replicas (not by an HPA) | at once                                    |
 * | decision or reason, but to a quiet one only from what is in the way | at once                    |
 * | anything else that matters: 5% of CPU or intensity, Ready | 5 minutes after the last, or the clock was set back |
 */
export function isNews(now: RegionalStatus, before: RegionalStatus | undefined, isOfHpas: boolean): boolean {
  if (!before || factsOf(now) !== factsOf(before)) return true;
  if (isQuiet(now) ? isLoud(before) : decisionOf(now) !== decisionOf(before)) return true;
  if (!isOfHpas && now.replicas !== before.replicas) return true;
  const [at, was] = [now, before].map(({ toldAt }) => Date.parse(toldAt ?? '') || 0) as [number, number];
  return Math.abs(at - was) >= READINGS_TOLD_MS && hasMoved(now, before);
}

function factsOf({ observedGeneration, conditions, targets }: RegionalStatus): string {
  const found = conditions.map(({ type, status, reason }) => [type, status, reason]);
  return JSON.stringify([observedGeneration, found, targets.map(({ deployment, region }) => [deployment, region])]);
}

function decisionOf({ lastDecision: one }: RegionalStatus): string {
  return JSON.stringify([one?.decision, one?.reason, one?.region]);
}

function isQuiet({ lastDecision: one }: RegionalStatus): boolean {
  return one?.decision === 'None' && QUIET.has(one.reason);
}

/** Nothing is done, and that is told; what was done stays to be read until the next readings are told. */
function isLoud({ lastDecision: one }: RegionalStatus): boolean {
  return one === undefined || (one.decision === 'None' && !QUIET.has(one.reason));
}

function hasMoved(now: RegionalStatus, before: RegionalStatus): boolean {
  return (
    now.lastDecision?.reason !== before.lastDecision?.reason ||
    differs(now.cpuPercent, before.cpuPercent, CPU_DIFFERS) ||
    now.targets.some((one, i) => {
      const was = before.targets[i];
      if (!was || one.ready !== was.ready || one.replicas !== was.replicas || one.state !== was.state) return true;
      return (
        differs(one.gramsPerKwh, was.gramsPerKwh, GRAMS_DIFFER * (was.gramsPerKwh ?? 0)) ||
        differs(one.cpuPercent, was.cpuPercent, CPU_DIFFERS)
      );
    })
  );
}

function differs(now: number | undefined, before: number | undefined, by: number): boolean {
  return now === undefined || before === undefined ? now !== before : Math.abs(now - before) > by;
}

export function targetStatus(facts: TargetFacts): TargetStatus {
  const { region, deployment, replicas, ready, gramsPerKwh } = facts;
  const cpu = percentOf(facts.cpu);
  return {
    region,
    deployment,
    replicas,
    ready,
    ...(cpu !== undefined && { cpuPercent: Math.round(cpu) }),
    ...(gramsPerKwh !== undefined && { gramsPerKwh: Math.round(gramsPerKwh) }),
    state: stateOf(facts),
  };
}

/** The first that applies. */
function stateOf({ isDown, isKnown, isStuck, level, top, maxTop, least, cpu }: TargetFacts): string {
  if (isDown) return 'RegionDown';
  if (!isKnown) return 'UnknownRegion';
  if (isStuck) return 'Unready';
  if (cpu && 'unknown' in cpu) return cpu.unknown;
  if (top >= maxTop) return 'AtMaximum';
  return level <= least ? 'AtMinimum' : 'Ready';
}
