import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import { listPages } from '../../cluster/list-watch.ts';
import type { Denial } from '../denial.ts';
import type { DeniedOwners } from '../denied-owners.ts';
import { type EventTellerDeps, type Regarding, tellOnce } from '../event.ts';
import type { Controller } from '../manager.ts';
import { createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type Outcome } from '../rounds.ts';
import { writeEach } from '../write-each.ts';
import { createDenialLedger } from './denial-ledger.ts';
import { findOwner } from './find-owner.ts';
import { PLACEMENT_REFUSED, refusedEvent, toDenialKey } from './plan.ts';

/** Each is a read and, mostly, a write. */
const TOLD_PER_SECOND = 5;
const ROUNDS = {
  name: 'denial-teller',
  on: ['namespaces', 'rules'],
  resyncMs: 10 * 60_000,
  settleMs: 1_000,
  restMs: 1_000,
} as const;
const REFUSED = new Set([400, 403, 404, 413, 422]);

export interface DenialTellerDeps extends EventTellerDeps {
  readonly api: Pick<ApiClient, 'get'>;
  readonly deniedOwners: Pick<DeniedOwners, 'follow'>;
  /** Whether any namespace denies pods now; where none does, nothing is asked. */
  readonly mayDeny: () => boolean;
  readonly denies: (namespace: string) => boolean;
}

/**
 * Tells the owner that people look at why it gets no pods: one Event for an owner and reason in ten minutes, for as long as
 * it is refused.
 */
export function createDenialTeller(deps: DenialTellerDeps): Controller {
  const { api, deniedOwners, writer, mayDeny, denies, instance, now, log, clock = MONOTONIC } = deps;
  const pace = createPace({ perSecond: TOLD_PER_SECOND, clock });
  const ledger = createDenialLedger(now);
  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  deniedOwners.follow({
    onDenial(denial) {
      if (denies(denial.namespace) && ledger.note(denial)) rounds.changed();
    },
  });
  let hasRecalled = false;

  async function round(signal: AbortSignal): Promise<Outcome> {
    if (!mayDeny()) {
      ledger.forgetWaiting();
      hasRecalled = false;
      return 'done';
    }
    if (!hasRecalled) await recallTold(signal);
    hasRecalled = true;
    ledger.forgetOld();
    const isDue = (denial: Denial) => ledger.isWaiting(denial) && denies(denial.namespace);
    return writeEach({ items: ledger.waiting(), isDue, write: (denial) => tell(denial, signal), pace, signal });
  }

  /** What the leaders before told, as far as Events of it are left. */
  async function recallTold(signal: AbortSignal): Promise<void> {
    const resource = { path: '/api/v1/events', content: 'full', fieldSelector: `reason=${PLACEMENT_REFUSED}` } as const;
    for await (const { items } of listPages(api, resource, signal))
      for (const told of (items ?? []).map(toDenialKey)) if (told) ledger.markTold(told);
  }

  async function tell(denial: Denial, signal: AbortSignal): Promise<void> {
    const owner = await findOwner(api, denial, signal);
    const top = owner?.uid === undefined ? undefined : { ...denial, uid: owner.uid };
    if (owner && top && !ledger.wasTold(top)) {
      await write(denial, owner);
      ledger.markTold({ ...top, at: now() });
      ledger.markTold({ ...denial, at: now() }); // spares the look for its owner
    }
    ledger.settle(denial);
  }

  /** What is refused (a quota of Events, a namespace that ends) waits for the next denial: it must not hold back the others. */
  async function write(denial: Denial, owner: Regarding): Promise<void> {
    try {
      await tellOnce(writer, denial.namespace, refusedEvent(denial, owner, instance, now()));
    } catch (error) {
      if (isRefusal(error)) ledger.settle(denial);
      throw error;
    }
  }

  return {
    ...rounds,
    async stop() {
      await rounds.stop();
      hasRecalled = false;
      ledger.forgetWaiting();
    },
  };
}

/** A later try of the same would be answered the same. */
function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && REFUSED.has(error.status);
}
