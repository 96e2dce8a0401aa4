import type { Clock } from '../../src/controllers/pace.ts';

export interface FakeClock extends Clock {
  /** The pauses asked for so far, in milliseconds. */
  readonly pauses: readonly number[];
  /** Lets time pass, in steps no longer than the next pause that ends; work between pauses is done before it goes on. */
  advance(ms: number): Promise<void>;
}

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** A clock that goes forward only when told to. */
export function fakeClock(): FakeClock {
  let time = 0;
  const pauses: number[] = [];
  const sleepers = new Set<Sleeper>();

  /** Work done between two pauses is promises, and local requests where a test has them. */
  async function settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  return {
    pauses,
    now: () => time,
    pause(ms, signal) {
      pauses.push(ms);
      return new Promise<void>((resolve, reject) => {
        const sleeper = { until: time + ms, wake: resolve };
        const give = () => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        };
        if (signal.aborted) return give();
        signal.addEventListener('abort', give, { once: true });
        sleepers.add(sleeper);
      });
    },
    async advance(ms) {
      const end = time + ms;
      for (;;) {
        await settle();
        const [next] = [...sleepers].sort((a, b) => a.until - b.until);
        if (!next || next.until > end) break;
        time = next.until;
        sleepers.delete(next);
        next.wake();
      }
      time = end;
    },
  };
}
