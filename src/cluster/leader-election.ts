import type { Logger } from 'pino';
import type { ApiClient } from './api-client.ts';
import { ApiError, messageOf } from './api-error.ts';
import { bidFor, NOTHING_OBSERVED, observe, planStep, releaseOf } from './election-step.ts';
import { checkTimings, type ElectionTimings, pauseMs, TIMINGS } from './election-timings.ts';
import { createLeadership } from './leadership.ts';
import { createLeaseClient, type Lease, toMicroTime } from './lease.ts';
import { pauseFor } from './pause.ts';
import { createRequestHealth } from './request-health.ts';

interface LeaderElectionDeps {
  readonly api: ApiClient;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly log: Logger;
  /** Called once for each change; from `false` on no write is possible. */
  readonly onChange: (leading: boolean) => void;
  /**
   * Milliseconds. `performance.now` is CLOCK_MONOTONIC: no jump of the wall clock moves it, and it runs on while the process
   * is stopped (seen: SIGSTOP for 3 s). It stands still while the whole machine sleeps: resourceVersions guard against that.
   */
  readonly monotonicNow?: () => number;
  readonly timings?: ElectionTimings;
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** From 0 to 1. */
  readonly random?: () => number;
}

export interface LeaderElection {
  /** Begins to try for the lease, and goes on until `stop`; may be called again after that has resolved. */
  start(): void;
  /**
   * Leads no more from the moment it is called, and resolves when the lease is released; never rejects. A successor may come
   * at once: first stop what writes.
   */
  stop(): Promise<void>;
  isLeader(): boolean;
  /** For `ApiWriter.mayWrite`: throws a NotLeadingError from the deadline of the last renewal on, whatever timers did. */
  assertLeading(): void;
  leader(): string | undefined;
}

/** client-go's leader election over a Lease, which goes on as a candidate where client-go's would end the process. */
export function createLeaderElection(deps: LeaderElectionDeps): LeaderElection {
  const { identity, log, timings = TIMINGS, random = Math.random, pause = pauseFor } = deps;
  const { monotonicNow = () => performance.now() } = deps;
  const { leaseMs, renewDeadlineMs, retryMs } = checkTimings(timings);
  const leases = createLeaseClient(deps);
  const leaseName = `${deps.namespace}/${deps.name}`;
  const health = createRequestHealth({
    again: () => log.info({ lease: leaseName }, 'reading and writing the lease again'),
    failing: (failure, status) => log.warn({ lease: leaseName, failure }, consequenceOf(status)),
  });
  const leadership = createLeadership({ ...deps, lease: leaseName, renewDeadlineMs, monotonicNow });
  let stopping: AbortController | undefined;
  let running: Promise<void> | undefined;
  let ending: Promise<void> | undefined;
  let observed = NOTHING_OBSERVED;
  /** Whether the Lease may name us: it did, or a request to that end is under way or of unknown outcome. */
  let mayHold = false;

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const retryAfterMs = await attempt(signal);
      leadership.loseIfLate();
      const leftMs = leadership.leftMs() ?? (observed.claim?.expiresAt ?? -Infinity) - monotonicNow();
      const ms = pauseMs({ leading: leadership.isLeader(), leftMs, retryAfterMs, random: random() }, timings);
      await pause(ms, signal).catch(() => {}); // only `stop` ends it early
      leadership.loseIfLate();
    }
  }

  /** Answers how long the API server wants to be left alone. */
  async function attempt(signal: AbortSignal): Promise<number> {
    try {
      await acquireOrRenew(signal);
      health.succeeded();
      return 0;
    } catch (error) {
      if (!signal.aborted) noteFailure(error);
      return error instanceof ApiError ? error.retryAfterMs : 0;
    }
  }

  function noteFailure(error: unknown): void {
    const isTooSlow = error instanceof ApiError && error.status === 409;
    if (isTooSlow) log.debug({ lease: leaseName, failure: messageOf(error) }, 'someone else was faster');
    else health.failed(error);
  }

  async function acquireOrRenew(signal: AbortSignal): Promise<void> {
    const read = await leases.get(requestMs(), signal);
    takeNote(read);
    leadership.loseIfLate();
    mayHold = observed.claim?.holder === identity;
    if (!mayHold) leadership.lose(`the lease is held by ${observed.claim?.holder ?? 'nobody'}`);
    const step = planStep(observed, monotonicNow(), identity);
    if (step === 'wait' || signal.aborted) return;

    const bid = { identity, leaseDurationSeconds: Math.ceil(leaseMs / 1_000), time: toMicroTime(Date.now()) };
    const spec = bidFor(step, read, bid);
    mayHold = true;
    const sentAt = monotonicNow(); // not when the answer comes: others may count from the moment it is written
    // `stop` does not abort this request: otherwise it would be unknown whether there is a lease to release.
    takeNote(await (read ? leases.update(read, spec, requestMs()) : leases.create(spec, requestMs())));
    if (!signal.aborted) leadership.renewed(sentAt);
  }

  function takeNote(lease: Lease | undefined): void {
    observed = observe(observed, lease, monotonicNow(), leaseMs);
  }

  /** No request outlives the leader's deadline, so that its end is noticed on time. */
  function requestMs(): number {
    return Math.max(1, Math.min(renewDeadlineMs / 2, leadership.leftMs() ?? Infinity));
  }

  async function end(): Promise<void> {
    stopping?.abort();
    leadership.lose('this process shuts down');
    await running;
    running = undefined;
    if (mayHold) await release().catch(noteFailure);
  }

  async function release(): Promise<void> {
    const lease = await leases.get(retryMs);
    if (lease?.spec?.holderIdentity !== identity) return;
    takeNote(await leases.update(lease, releaseOf(lease, toMicroTime(Date.now())), retryMs));
    log.info({ lease: leaseName }, 'released the lease');
  }

  return {
    start() {
      if (running || ending) return;
      stopping = new AbortController();
      running = run(stopping.signal);
    },
    stop() {
      ending ??= end().finally(() => {
        ending = undefined;
      });
      return ending;
    },
    isLeader: leadership.isLeader,
    assertLeading: leadership.assertLeading,
    leader: () => observed.lease?.spec?.holderIdentity || undefined,
  };
}

function consequenceOf(status: number): string {
  if (status !== 403) return 'cannot read or write the lease: whoever leads stops when it expires';
  return 'may not use the lease, so this replica never leads: its role needs get, create and update on leases';
}
