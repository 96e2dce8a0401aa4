import type { RegionalAutoscaler } from '../../scaling/regional-record.ts';
import type { LastAction } from '../../scaling/regional-state.ts';
import type { Counters } from '../../scaling/regional-verdict.ts';

/** What is kept of one RegionalAutoscaler in memory alone; moments are of a clock that nobody sets. */
export interface Memory {
  counters?: Counters | undefined;
  /** Since when a Deployment has fewer Ready pods than replicas. */
  readonly unreadySince: Map<string, number>;
  /** Deployments whose next pod policy would refuse, until that is asked again. */
  readonly denied: Map<string, number>;
  /** As it was answered to our last write: the watch shows that a moment later. */
  written?: { readonly over: string; readonly is: RegionalAutoscaler } | undefined;
  /** What the API server refused last, and until when that is not tried again. */
  refused?: { readonly until: number; readonly message: string } | undefined;
  /** Of the last action that an Event was written of, by its moment and target. */
  told?: string | undefined;
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
      const known = all.get(uid) ?? { unreadySince: new Map(), denied: new Map() };
      all.set(uid, known);
      return known;
    },
    keepOnly(uids) {
      for (const uid of all.keys()) if (!uids.has(uid)) all.delete(uid);
    },
    clear: () => all.clear(),
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
