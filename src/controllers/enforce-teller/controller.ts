import { ApiError } from '../../cluster/api-error.ts';
import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import type { Mode } from '../../decision/policy.ts';
import { tellOnce } from '../event.ts';
import type { Controller } from '../manager.ts';
import { createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type RoundOutcome } from '../rounds.ts';
import { findRefused, type RefusalTellerDeps } from '../running-refusals.ts';
import { writeEach } from '../write-each.ts';
import { enforceEvent, hasRisen, look, risenAt, type Seen } from './plan.ts';

/** Pages of pods and Events: some 150 namespaces that rise together are told within a minute, 10,000 within an hour. */
const REQUESTS_PER_SECOND = 5;
/** So that one that rises meanwhile is seen soon. */
const MOST_A_ROUND = 50;
/** How long one waits where something was refused: a quota of Events, a namespace that ends. */
const LOOK_AGAIN_MS = 15 * 60_000;
const ROUNDS = {
  name: 'enforce-teller',
  on: ['namespaces', 'rules'],
  resyncMs: 10 * 60_000,
  settleMs: 1_000,
  restMs: 1_000,
} as const;

export interface EnforceTellerDeps extends RefusalTellerDeps {
  /** Whatever the kill switch says. */
  readonly modeOf: (namespace: NamespaceRecord) => Mode;
}

interface Due {
  /** When it rose, epoch milliseconds. */
  readonly at: number;
  /** When it has its turn, in the clock's time. */
  readonly from: number;
}

/**
 * Tells of each namespace that rises to enforce, once, what runs there and would be refused were it made again. A kill switch
 * that is lifted raises no namespace; what rises under one is told when enforce begins to act.
 */
export function createEnforceTeller(deps: EnforceTellerDeps): Controller {
  const { api, view, modeOf, modeInEffect, judgeOf, ownNamespace, instance, writer, now, log } = deps;
  const { clock = MONOTONIC } = deps;
  const pace = createPace({ perSecond: REQUESTS_PER_SECOND, clock });
  let seen: Seen | undefined;
  /** Those that rose and are to be told, by name. */
  const due = new Map<string, Due>();

  /** When it has its turn; `Infinity` where it has none as it is now. */
  function turnOf(name: string): number {
    const namespace = view.namespace(name);
    const from = namespace && modeInEffect(namespace) === 'enforce' ? due.get(name)?.from : undefined;
    return from ?? Number.POSITIVE_INFINITY;
  }

  const isDue = (name: string) => turnOf(name) <= clock.now();

  function lookAround(): void {
    const all = [...view.namespaces()];
    const current = look(all, modeOf, ownNamespace);
    for (const namespace of all)
      if (hasRisen(namespace, current, seen, now()))
        due.set(namespace.name, { at: risenAt(namespace, now()), from: clock.now() });
    for (const name of due.keys()) if (!current.get(name)) due.delete(name);
    seen = current;
  }

  async function round(signal: AbortSignal): Promise<RoundOutcome> {
    lookAround();
    const outcome = await writeEach({
      items: [...due.keys()].filter(isDue).slice(0, MOST_A_ROUND),
      isDue,
      write: (name) => tell(name, signal),
      pace,
      signal,
    });
    if (outcome === 'again') return outcome;
    return { dueInMs: Math.max(0, Math.min(...[...due.keys()].map(turnOf)) - clock.now()) };
  }

  async function tell(name: string, signal: AbortSignal): Promise<void> {
    const [namespace, rise] = [view.namespace(name), due.get(name)];
    if (!namespace || !rise) return;
    due.delete(name);
    due.set(name, rise); // the last one now: where no answer comes, the others come before its next turn
    try {
      const found = await findRefused(name, { api, judge: judgeOf(namespace), pace, signal });
      if (found.workloads > 0) {
        await pace.take(signal);
        await tellOnce(writer, name, enforceEvent({ namespace: name, at: rise.at }, found, { instance, now: now() }));
      }
    } catch (error) {
      if (error instanceof ApiError) due.set(name, { ...rise, from: clock.now() + LOOK_AGAIN_MS });
      throw error;
    }
    due.delete(name);
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  return {
    ...rounds,
    async stop() {
      await rounds.stop();
      seen = undefined;
      due.clear();
    },
  };
}
