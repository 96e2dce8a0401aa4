import { ApiError } from '../../cluster/api-error.ts';
import { isLeftAlone } from '../../decision/managed-label.ts';
import { type Regarding, tellOnce } from '../event.ts';
import type { Controller } from '../manager.ts';
import { createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type RoundOutcome } from '../rounds.ts';
import { findRefused, type RefusalTellerDeps, type RefusedWorkload } from '../running-refusals.ts';
import { findOwned } from '../top-owner.ts';
import { writeEach } from '../write-each.ts';
import { createMemoryOfDay } from './memory-of-day.ts';
import { keyOf, wouldBeRefusedEvent } from './plan.ts';

/** Pages of pods, owners and Events: some 100 namespaces a minute. */
const REQUESTS_PER_SECOND = 2;
/** So that one whose mode becomes audit meanwhile has its turn soon. */
const MOST_A_ROUND = 20;
/** Owners: who runs thousands of bare pods in one namespace keeps no other waiting. The rest has its turn at the next looks. */
const MOST_A_LOOK = 20;
/** How long after a look at a namespace the next one is due. */
const LOOK_AGAIN_MS = 15 * 60_000;
const NEVER = Number.MIN_SAFE_INTEGER;
const ROUNDS = {
  name: 'audit-teller',
  on: ['namespaces', 'rules'],
  resyncMs: LOOK_AGAIN_MS,
  settleMs: 1_000,
  restMs: 1_000,
} as const;
/** Those of which Kubernetes itself makes others of. */
const OWNED_KINDS: ReadonlySet<string> = new Set(['ReplicaSet', 'Job']);

/**
 * Tells owners in namespaces in mode audit, once a day for each reason, that enforce would refuse their pods. It looks at what
 * runs, one namespace after the other: reviews are answered by webhooks, which write nothing.
 */
export function createAuditTeller(deps: RefusalTellerDeps): Controller {
  const { api, view, modeInEffect, judgeOf, ownNamespace, instance, writer, now, log } = deps;
  const { clock = MONOTONIC } = deps;
  const pace = createPace({ perSecond: REQUESTS_PER_SECOND, clock });
  /** When each audited namespace was last looked at, in the clock's time. */
  let lookedAt = new Map<string, number>();
  const told = createMemoryOfDay(clock.now);

  const dueAt = (name: string) => (lookedAt.get(name) ?? NEVER) + LOOK_AGAIN_MS;

  /** As it is now: rounds, and looks, may be long. */
  function isAudited(name: string): boolean {
    const namespace = view.namespace(name);
    return namespace !== undefined && modeInEffect(namespace) === 'audit';
  }

  async function round(signal: AbortSignal): Promise<RoundOutcome> {
    const all = Array.from(view.namespaces(), ({ name }) => name);
    const audited = all.filter((name) => !isLeftAlone(name, ownNamespace) && isAudited(name));
    const names = new Set(audited);
    lookedAt = new Map([...lookedAt].filter(([name]) => names.has(name)));
    const items = audited.filter((name) => dueAt(name) <= clock.now()).sort((a, b) => dueAt(a) - dueAt(b));
    const outcome = await writeEach({
      items: items.slice(0, MOST_A_ROUND),
      isDue: isAudited,
      write: (name) => lookAt(name, signal),
      pace,
      signal,
    });
    if (outcome === 'again' || audited.length === 0) return outcome;
    return { dueInMs: Math.max(0, Math.min(...audited.map(dueAt)) - clock.now()) };
  }

  async function lookAt(name: string, signal: AbortSignal): Promise<void> {
    const namespace = view.namespace(name);
    if (!namespace) return;
    try {
      const { refused } = await findRefused(name, { api, judge: judgeOf(namespace), pace, signal });
      const untold = refused.filter((one) => told.saidAt(keyOf(name, one.wantedBy, one)) === undefined);
      for (const workload of untold.slice(0, MOST_A_LOOK)) {
        if (!isAudited(name)) return;
        await tell(name, workload, signal);
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      lookedAt.set(name, clock.now()); // what is refused here (a quota of Events, a namespace that ends) waits, and holds back no other
      throw error;
    }
    lookedAt.set(name, clock.now());
  }

  async function tell(namespace: string, workload: RefusedWorkload, signal: AbortSignal): Promise<void> {
    const wanting = keyOf(namespace, workload.wantedBy, workload);
    const owner = await topOwner(namespace, workload, signal);
    if (!owner) return told.note(wanting, clock.now()); // nobody to tell: takes no place in the next look
    const key = keyOf(namespace, owner, workload);
    if (told.saidAt(key) === undefined) {
      await pace.take(signal);
      await tellOnce(writer, namespace, wouldBeRefusedEvent(namespace, owner, workload, { instance, now: now() }));
      told.note(key, clock.now());
    }
    if (wanting !== key) told.note(wanting, told.saidAt(key) ?? clock.now()); // spares the look for its owner
  }

  /** `undefined` where it is gone. */
  async function topOwner(
    namespace: string,
    { wantedBy }: RefusedWorkload,
    signal: AbortSignal,
  ): Promise<Regarding | undefined> {
    const { kind, name, uid = '' } = wantedBy;
    if (!OWNED_KINDS.has(kind)) return wantedBy;
    await pace.take(signal);
    return (await findOwned(api, { namespace, kind, name, uid }, signal))?.top;
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  return {
    ...rounds,
    async stop() {
      await rounds.stop();
      lookedAt = new Map();
      told.clear();
    },
  };
}
