import { setTimeout as sleep } from 'node:timers/promises';

/** Waits; rejects when aborted. */
export function pauseFor(ms: number, signal: AbortSignal): Promise<unknown> {
  return sleep(ms, undefined, { signal });
}
