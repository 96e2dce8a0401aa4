import { setImmediate as nextTurn } from 'node:timers/promises';

/** Reviews are answered between turns, within milliseconds. */
const TURN_MS = 2;

/**
 * Takes one step of work after the other and lets everything else have its turn every 2 ms; rejects when aborted between two. A step
 * of its own must be short. Resolves to what they come to.
 */
export async function inShortTurns<T>(
  steps: Iterator<unknown, T>,
  { clock, signal }: { readonly clock: { now(): number }; readonly signal: AbortSignal },
): Promise<T> {
  let began = clock.now();
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (clock.now() - began < TURN_MS) continue;
    await nextTurn();
    signal.throwIfAborted();
    began = clock.now();
  }
}
