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

/**
 * Tells of each namespace that rises to enforce, once, what runs there and would be refused were it made again. A kill switch
 * that is lifted raises no namespace; what rises under one is told when enforce begins to act.
 */
export function createEnforceTeller(deps: EnforceTellerDeps): Controller {
  const { api, namespaces, modeOf, modeInEffect, judgeOf, ownNamespace, instance, writer, now, log } = deps;
  const { clock = MONOTONIC } = deps;
  const pace = createPace({ perSecond: REQUESTS_PER_SECOND, clock });
  let seen: Seen | undefined;
  /** When those rose that are to be told, by name. */
  const due = new Map<string, number>();

  const isDue = (namespace: NamespaceRecord) => due.has(namespace.name) && modeInEffect(namespace) === 'enforce';

  function lookAround(): readonly NamespaceRecord[] {
    const all = [...namespaces()];
    const current = look(all, modeOf, ownNamespace);
    for (const namespace of all)
      if (hasRisen(namespace, current, seen, now())) due.set(namespace.name, risenAt(namespace, now()));
    for (const name of due.keys()) if (!current.get(name)) due.delete(name);
    seen = current;
    const byName = new Map(all.map((namespace) => [namespace.name, namespace]));
    return [...due.keys()].flatMap((name) => byName.get(name) ?? []).filter(isDue);
  }

  async function round(signal: AbortSignal): Promise<RoundOutcome> {
    const risen = lookAround();
    const outcome = await writeEach({
      items: risen.slice(0, MOST_A_ROUND),
      isDue,
      write: (namespace) => tell(namespace, signal),
      pace,
      signal,
    });
    return outcome === 'done' && risen.length > MOST_A_ROUND ? { dueInMs: 0 } : outcome;
  }

  async function tell(namespace: NamespaceRecord, signal: AbortSignal): Promise<void> {
    const { name } = namespace;
    const at = due.get(name) ?? now();
    due.delete(name);
    due.set(name, at); // the last one now: where it fails, the others come before its next turn
    const found = await findRefused(name, { api, judge: judgeOf(namespace), pace, signal });
    if (found.workloads > 0) {
      await pace.take(signal);
      await tellOnce(writer, name, enforceEvent({ namespace: name, at }, found, { instance, now: now() }));
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
