import type { Logger } from 'pino';
import { planRotation, type RotationAction } from '../../certs/rotation.ts';
import type { ApiClient } from '../../cluster/api-client.ts';
import { ApiError } from '../../cluster/api-error.ts';
import { createEdge } from '../../units/edge.ts';
import { DAY_MS } from '../../units/moment.ts';
import type { Controller } from '../manager.ts';
import { type Clock, MONOTONIC } from '../pace.ts';
import { createRounds, type RoundOutcome } from '../rounds.ts';
import { type ApplyDeps, applyAction, type Lifetimes } from './apply-action.ts';
import { readClusterState } from './cluster-state.ts';

const LIFETIMES: Lifetimes = { authorityMs: 365 * DAY_MS, leafMs: 90 * DAY_MS, holdMs: 60_000 };
const ROUNDS = {
  name: 'certificates',
  on: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
  settleMs: 20,
  restMs: 20,
} as const;
const INTERVAL_MS = 30_000;
/** The longest way, from an edited authority to a full set of bundles, takes half as many. */
const MOST_STEPS = 12;

export interface CertificatesControllerDeps extends Omit<ApplyDeps, 'lifetimes'> {
  /** For reading, live. */
  readonly api: Pick<ApiClient, 'get'>;
  readonly lifetimes?: Lifetimes;
  /** The longest time between two looks; sooner when something is due. */
  readonly intervalMs?: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Logger;
  readonly clock?: Clock;
}

/**
 * Keeps the authority, the certificate and the caBundles in order while this replica leads. All state is in the two
 * Secrets, so that the next leader goes on where this one stopped.
 */
export function createCertificatesController(deps: CertificatesControllerDeps): Controller {
  const { api, writer, names, lifetimes = LIFETIMES, intervalMs = INTERVAL_MS, now, log, clock = MONOTONIC } = deps;
  const { name } = ROUNDS;
  const tellMissing = createEdge('', (missing) => {
    if (missing) log.warn({ controller: name, missing }, 'no such webhook configuration: its caBundle is left out');
  });

  /** Does all that is due. */
  async function round(signal: AbortSignal): Promise<RoundOutcome> {
    let obstacle: unknown = new Error(`not in order after ${MOST_STEPS} steps`);
    for (let step = 0; step < MOST_STEPS && !signal.aborted; step++) {
      try {
        const action = await advance(signal);
        if (action.kind === 'wait') return { dueInMs: Math.max(1, action.until - now()) };
      } catch (error) {
        if (!isConflict(error)) throw error;
        obstacle = error;
      }
    }
    throw obstacle;
  }

  /** One look and one write. */
  async function advance(signal: AbortSignal): Promise<RotationAction> {
    const state = await readClusterState(api, names, signal);
    tellMissing(state.missing.map(({ kind, name }) => `${kind} ${name}`).join(', '));
    const at = now();
    const action = planRotation(state.rotation, lifetimes.holdMs, at);
    if (action.kind === 'wait' || signal.aborted) return action;
    await applyAction({ writer, names, lifetimes }, action, state, at);
    log.info({ controller: name, action: action.kind, reason: action.reason }, 'certificates change');
    return action;
  }

  return createRounds({ ...ROUNDS, resyncMs: intervalMs, round, clock, log });
}

/** A Secret that another replica made or changed; a configuration whose version the patch did not find: read again. */
function isConflict(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 409 || error.status === 422);
}
