import type { Logger } from 'pino';
import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import type { ApiWriter } from '../../cluster/api-writer.ts';
import type { LastEvents } from '../../cluster/last-events.ts';
import type { Controller } from '../manager.ts';
import { type Clock, createPace, MONOTONIC } from '../pace.ts';
import { createRounds, type Outcome } from '../rounds.ts';
import { eventsPath, type Regarding } from '../warning-event.ts';
import { writeEach } from '../write-each.ts';
import { createDenialLedger } from './denial-ledger.ts';
import { findOwner } from './find-owner.ts';
import { type Denial, refusedEvent } from './plan.ts';
import { createDenialWatch, recallTold } from './watch-denials.ts';

/** Each is a read and, mostly, a write. */
const TOLD_PER_SECOND = 5;
const ROUNDS = {
  name: 'denial-teller',
  on: ['namespaces', 'rules'],
  resyncMs: 10 * 60_000,
  settleMs: 1_000,
  restMs: 1_000,
} as const;
const TOLD_BEFORE = 409;
const REFUSED = new Set([400, 403, 404, 413, 422]);

export interface DenialTellerDeps {
  readonly api: ApiClient;
  readonly writer: Pick<ApiWriter, 'create'>;
  /** Whether any namespace denies pods now; where none does, nothing is watched. */
  readonly mayDeny: () => boolean;
  readonly denies: (namespace: string) => boolean;
  /** Who reports, for people: the pod or the host. */
  readonly instance: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Logger;
  readonly clock?: Clock;
}

export interface DenialTeller extends Controller {
  lastEventAt(): LastEvents;
}

/**
 * Tells the owner that people look at why it gets no pods: one Event for an owner and reason in ten minutes, for as long as
 * it is refused. The webhook may write nothing, so this hears of a denial where the denied controller complains of it.
 * By a watch: it brings the news at once and costs nothing while there is none, whereas a list would read every Event of
 * the cluster each time (the API server keeps no cache of them).
 */
export function createDenialTeller(deps: DenialTellerDeps): DenialTeller {
  const { api, writer, mayDeny, denies, instance, now, log, clock = MONOTONIC } = deps;
  const pace = createPace({ perSecond: TOLD_PER_SECOND, clock });
  const ledger = createDenialLedger(now);
  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  const watch = createDenialWatch({
    api,
    log,
    note: (denial) => denies(denial.namespace) && ledger.note(denial),
    onNoted: rounds.changed,
  });

  async function round(signal: AbortSignal): Promise<Outcome> {
    if (!mayDeny()) {
      ledger.forgetWaiting();
      await watch.close();
      return 'done';
    }
    if (!watch.isOpen()) {
      await recallTold(api, ledger.markTold, signal);
      watch.open();
    }
    ledger.forgetOld();
    const isDue = (denial: Denial) => ledger.isWaiting(denial) && denies(denial.namespace);
    return writeEach({ items: ledger.waiting(), isDue, write: (denial) => tell(denial, signal), pace, signal });
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
      await writer.create(eventsPath(denial.namespace), refusedEvent(denial, owner, instance, now()));
    } catch (error) {
      if (isRefusal(error)) ledger.settle(denial);
      if (!isToldBefore(error)) throw error;
    }
  }

  return {
    ...rounds,
    async stop() {
      await rounds.stop();
      await watch.close();
      ledger.forgetWaiting();
    },
    lastEventAt: watch.lastEventAt,
  };
}

/** Another leader told the same within these ten minutes. */
function isToldBefore(error: unknown): boolean {
  return error instanceof ApiError && error.status === TOLD_BEFORE;
}

/** A later try of the same would be answered the same. */
function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && REFUSED.has(error.status);
}
