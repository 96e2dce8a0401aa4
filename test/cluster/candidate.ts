import { pino } from 'pino';
import { createLeaderElection, type LeaderElection } from '../../src/cluster/leader-election.ts';
import { LEASE_NAME, type LeaseServer } from './lease-server.ts';

/** A clock that only a test moves. */
export interface Clock {
  now: number;
}

export interface Candidate extends LeaderElection {
  readonly identity: string;
  readonly changes: boolean[];
  readonly log: { readonly level: number; readonly msg: string; readonly failure?: string }[];
  /** Starts it and resolves when its first attempt is over. */
  begin(): Promise<void>;
  /** Resolves when its next attempt is over; the clock moves on by the pause, or to `atMs` after the last attempt. */
  next(atMs?: number): Promise<void>;
  /** Milliseconds that it pauses now. */
  pauseMs(): number;
}

/** An election on a real connection whose pauses end when the test says so: nothing in it waits for time to pass. */
export function makeCandidate(server: LeaseServer, clock: Clock, identity: string): Candidate {
  const changes: boolean[] = [];
  const log: Candidate['log'] = [];
  let pausing = Promise.withResolvers<{ readonly ms: number; readonly end: () => void }>();
  let current: { readonly ms: number; readonly end: () => void } | undefined;

  const election = createLeaderElection({
    api: server.client(),
    namespace: 'gridgate-system',
    name: LEASE_NAME,
    identity,
    log: pino({ level: 'debug' }, { write: (line) => void log.push(JSON.parse(line)) }),
    onChange: (leading) => void changes.push(leading),
    monotonicNow: () => clock.now,
    random: () => 0.5,
    pause: (ms, signal) =>
      new Promise<void>((resolve) => {
        if (signal.aborted) return resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
        pausing.resolve({ ms, end: resolve });
      }),
  });

  async function untilPausing(): Promise<void> {
    current = await pausing.promise;
    pausing = Promise.withResolvers();
  }

  return {
    ...election,
    identity,
    changes,
    log,
    begin() {
      election.start();
      return untilPausing();
    },
    next(atMs) {
      clock.now += atMs ?? current?.ms ?? 0;
      current?.end();
      return untilPausing();
    },
    pauseMs: () => current?.ms ?? 0,
  };
}
