import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { planRotation, type RotationAction } from '../../certs/rotation.ts';
import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError, messageOf } from '../../cluster/api-error.ts';
import { createEdge } from '../../units/edge.ts';
import type { Controller } from '../manager.ts';
import { type ApplyDeps, applyAction } from './apply-action.ts';
import { readClusterState } from './cluster-state.ts';

export interface CertificatesControllerDeps extends ApplyDeps {
  /** For reading, live. */
  readonly api: Pick<ApiClient, 'get'>;
  readonly log: Logger;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** The longest time between two looks; sooner when something is due. */
  readonly intervalMs?: number;
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

const DAY_MS = 86_400_000;
export const DEFAULT_LIFETIMES = { authorityMs: 365 * DAY_MS, leafMs: 90 * DAY_MS, holdMs: 60_000 };

const NAME = 'certificates';
const INTERVAL_MS = 30_000;
const RETRY_MS = 5_000;
/** The longest way, from an edited authority to a full set of bundles, takes half as many. */
const MOST_STEPS = 12;

/**
 * Keeps the authority, the certificate and the caBundles in order while this replica leads. All state is in the two
 * Secrets, so that the next leader goes on where this one stopped.
 */
export function createCertificatesController(deps: CertificatesControllerDeps): Controller {
  const { api, names, lifetimes, log, clock, intervalMs = INTERVAL_MS, pause = pauseFor } = deps;
  let stopping: AbortController | undefined;
  let wake = new AbortController();
  let ended = Promise.resolve();
  const tellFailure = createEdge<string | undefined>(undefined, (failure) => {
    if (failure === undefined) log.info({ controller: NAME }, 'certificates are in order again');
    else log.warn({ controller: NAME, failure }, 'certificates cannot be kept in order');
  });
  const tellMissing = createEdge('', (missing) => {
    if (missing) log.warn({ controller: NAME, missing }, 'no such webhook configuration: its caBundle is left out');
  });

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      wake = new AbortController(); // what changes from here on is for the next turn
      const pauseMs = await turn(signal);
      const due = AbortSignal.any([signal, wake.signal]);
      if (!due.aborted) await pause(pauseMs, due).catch(() => {}); // only a change or `stop` ends it early
    }
  }

  /** Does all that is due; answers how long there is nothing to do. */
  async function turn(signal: AbortSignal): Promise<number> {
    let obstacle: unknown = new Error(`not in order after ${MOST_STEPS} steps`);
    for (let step = 0; step < MOST_STEPS && !signal.aborted; step++) {
      try {
        const action = await advance(signal);
        if (action.kind !== 'wait') continue;
        tellFailure(undefined);
        return Math.max(1, Math.min(intervalMs, action.until - clock()));
      } catch (error) {
        obstacle = error;
        if (!isConflict(error)) break;
      }
    }
    if (!signal.aborted) tellFailure(messageOf(obstacle));
    return Math.min(RETRY_MS, intervalMs);
  }

  /** One look and one write. */
  async function advance(signal: AbortSignal): Promise<RotationAction> {
    const state = await readClusterState(api, names, signal);
    tellMissing(state.missing.map(({ kind, name }) => `${kind} ${name}`).join(', '));
    const now = clock();
    const action = planRotation(state.rotation, lifetimes.holdMs, now);
    if (action.kind === 'wait' || signal.aborted) return action;
    await applyAction(deps, action, state, now);
    log.info({ controller: NAME, action: action.kind, reason: action.reason }, 'certificates change');
    return action;
  }

  return {
    name: NAME,
    on: [], // who watches the bundles calls `changed`
    start() {
      if (stopping) return;
      const own = new AbortController();
      stopping = own;
      ended = ended.then(() => run(own.signal)); // who leads again while the last turn still ends, waits for it
    },
    async stop() {
      stopping?.abort();
      stopping = undefined;
      await ended;
    },
    changed: () => wake.abort(),
  };
}

/** A Secret that another replica made or changed; a configuration whose version the patch did not find: read again. */
function isConflict(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 409 || error.status === 422);
}

function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal });
}
