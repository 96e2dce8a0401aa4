import type { RegionalAutoscaler } from '../../scaling/regional-record.ts';
import type { LastAction } from '../../scaling/regional-state.ts';
import type { Counters } from '../../scaling/regional-verdict.ts';
import type { CapacityMode } from '../../units/capacity-mode.ts';

/** What is kept of one RegionalAutoscaler in memory alone; moments are of a clock that nobody sets. */
export interface Memory {
  counters?: Counters | undefined;
  /** Since when a Deployment has fewer Ready pods than replicas. */
  readonly unreadySince: Map<string, number>;
  /** Deployments whose next pod policy would refuse, until that is asked again. */
  readonly denied: Map<string, number>;
  /** As it was answered to our last write: the watch shows that a moment later. */
  written?: { readonly over: string; readonly is: RegionalAutoscaler } | undefined;
  /** What the API server refused, by Deployment, and until when that is not tried again. */
  readonly refused: Map<string, { readonly until: number; readonly message: string }>;
  /** Announced, and then not done: somebody else had changed the target, or it was refused. What stood in the status before counts on. */
  overtaken?: { readonly by: LastAction; readonly before: RegionalAutoscaler } | undefined;
  /** Actions that no Event was written of yet, by their moment and target. */
  readonly untold: Map<string, { readonly last: LastAction; readonly mode: CapacityMode }>;
  /** Of the last action that an Event was written of. */
  told?: string | undefined;
  /** Names of the Events of what is in its way now, as far as they were written. */
  readonly complained: Set<string>;
  /** When it last had its turn to act. */
  actedAt: number;
  /** In audit: what would have been done last. */
  imagined?: LastAction | undefined;
}

export interface Memories {
  of(uid: string): Memory;
  /** Drops those that are gone. */
  keepOnly(uids: ReadonlySet<string>): void;
  clear(): void;
}

export function createMemories(): Memories {
  const all = new Map<string, Memory>();
  return {
    of(uid) {
      const known = all.get(uid) ?? nothingKnown();
      all.set(uid, known);
      return known;
    },
    keepOnly(uids) {
      for (const uid of all.keys()) if (!uids.has(uid)) all.delete(uid);
    },
    clear: () => all.clear(),
  };
}

function nothingKnown(): Memory {
  return {
    unreadySince: new Map(),
    denied: new Map(),
    refused: new Map(),
    untold: new Map(),
    complained: new Set(),
    actedAt: Number.NEGATIVE_INFINITY,
  };
}

/** As it is known to be: the answer to our own write, until the watch shows something else than what that was over. */
export function asWritten(seen: RegionalAutoscaler, { written }: Memory): RegionalAutoscaler {
  return written && written.over === seen.resourceVersion ? written.is : seen;
}

export function deniedNow({ denied }: Memory, monotonicNow: number): ReadonlySet<string> {
  for (const [deployment, until] of denied) if (monotonicNow >= until) denied.delete(deployment);
  return new Set(denied.keys());
}

/** What of a refusal still stands: it is told for as long again as the target is left alone, or until the target is written. */
export function refusedNow({ refused }: Memory, monotonicNow: number): readonly string[] {
  for (const [deployment, { until }] of refused)
    if (monotonicNow >= until + REFUSAL_TOLD_MS) refused.delete(deployment);
  return Array.from(refused, ([deployment, { message }]) => `${deployment}: ${message}`);
}

export function isRefused({ refused }: Memory, deployment: string, monotonicNow: number): boolean {
  return monotonicNow < (refused.get(deployment)?.until ?? Number.NEGATIVE_INFINITY);
}

/** As if what was announced and not done had never been. */
export function withoutOvertaken(current: RegionalAutoscaler, { overtaken }: Memory): RegionalAutoscaler {
  const { lastAction } = current.state;
  if (!overtaken || lastAction?.at !== overtaken.by.at || lastAction.target !== overtaken.by.target) return current;
  const { before } = overtaken;
  const status = current.status && { ...current.status, lastDecision: before.status?.lastDecision };
  return { ...current, status, state: before.state };
}

/** Tried again meanwhile, and refused again, it stays as it is. */
const REFUSAL_TOLD_MS = 60_000;
/** For how long at least something unready is waited for. */
const LEAST_PATIENCE_MS = 60_000;

/**
 * Whether a Deployment has been unready for two cooldowns. One that was scaled by the last action, as the status tells, counts from then on, so
 * that another leader goes on counting.
 */
export function isStuck(
  { unreadySince }: Memory,
  target: { readonly deployment: string; readonly isUnready: boolean },
  {
    cooldownMs,
    lastAction,
    now,
    monotonicNow,
  }: {
    readonly cooldownMs: number;
    readonly lastAction: LastAction | undefined;
    readonly now: number;
    readonly monotonicNow: number;
  },
): boolean {
  const { deployment, isUnready } = target;
  if (!isUnready) {
    unreadySince.delete(deployment);
    return false;
  }
  const patienceMs = Math.max(2 * cooldownMs, LEAST_PATIENCE_MS);
  if (!unreadySince.has(deployment)) {
    const ofLast = lastAction?.target === deployment ? Math.max(0, now - lastAction.at) : 0;
    unreadySince.set(deployment, monotonicNow - Math.min(ofLast, patienceMs));
  }
  return monotonicNow - (unreadySince.get(deployment) ?? monotonicNow) >= patienceMs;
}
