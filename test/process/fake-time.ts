import { spawnSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Debian's `faketime` is a script around this library. */
const LIBRARY = process.env['FAKETIME_LIBRARY'] ?? '/usr/$LIB/faketime/libfaketime.so.1';

/** Why tests that move a process's clock are skipped; `false` where they can run. */
export const skip: string | false = isFaked() ? false : 'no libfaketime (Debian: apt-get install faketime)';

function isFaked(): boolean {
  const env = { LD_PRELOAD: LIBRARY, FAKETIME: '+400d' };
  const { stdout } = spawnSync(process.execPath, ['-p', 'Date.now()'], { env, encoding: 'utf8' });
  return Number(stdout) > Date.now() + 399 * 86_400_000;
}

/** Processes with this environment have a clock that can be set while they run. */
export interface SettableClock {
  readonly env: Readonly<Record<string, string>>;
  /** Sets it to so many seconds ahead of the true time. */
  set(secondsAhead: number): void;
}

/** `wall`: monotonic time and timers go on as ever. `all`: they jump along, as if the time had passed. */
export function createSettableClock(directory: string, jumps: 'wall' | 'all'): SettableClock {
  const file = join(directory, 'faketime');
  function set(secondsAhead: number): void {
    writeFileSync(`${file}.new`, `${secondsAhead < 0 ? '' : '+'}${secondsAhead}s\n`);
    renameSync(`${file}.new`, file); // it is read at any moment
  }
  set(0);
  const env = {
    LD_PRELOAD: LIBRARY,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    NO_FAKE_STAT: '1',
    ...(jumps === 'wall' && { DONT_FAKE_MONOTONIC: '1' }),
  };
  return { env, set };
}

/** Processes with this environment, read when each starts, have clocks that run faster than the true one. */
export interface FastClock {
  readonly env: Readonly<Record<string, string>>;
  /** Epoch milliseconds, as those processes have them. */
  now(): number;
}

/**
 * Wall clock, monotonic clock and timers alike (seen: a timer of 24 s fires after 1 s at rate 24). It begins as far back as it
 * will catch up in `forMs`: what such a process signs is valid for others then, who live by the true time.
 */
export function createFastClock(rate: number, forMs: number): FastClock {
  const startedAt = Date.now();
  const behindMs = (rate - 1) * forMs;
  const now = () => startedAt - behindMs + (Date.now() - startedAt) * rate;
  return {
    env: {
      LD_PRELOAD: LIBRARY,
      NO_FAKE_STAT: '1',
      get FAKETIME() {
        return `${((now() - Date.now()) / 1_000).toFixed(3)}s x${rate}`;
      },
    },
    now,
  };
}
