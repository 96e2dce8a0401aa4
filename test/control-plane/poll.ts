import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

export type Poll<T> = {
  /** Completes the sentence "timed out waiting for ...". */
  readonly what: string;
  /** Answers undefined, or throws, as long as it is too early; a throw that lasts becomes the cause of the timeout. */
  readonly probe: () => Promise<T | undefined> | T | undefined;
  readonly deadlineMs: number;
  /** A reason to give up at once: a process that died will not become ready. */
  readonly failure?: () => Error | undefined;
};

/** Calls the probe, with growing pauses, until it answers; rejects when the deadline passes or `failure` gives a reason. */
export async function pollUntil<T>({ what, probe, deadlineMs, failure }: Poll<T>): Promise<T> {
  const giveUpAt = performance.now() + deadlineMs;
  let lastError: unknown;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
    try {
      const answer = await probe();
      if (answer !== undefined) return answer;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    const died = failure?.();
    if (died !== undefined) throw died;
    if (performance.now() + pauseMs > giveUpAt) {
      throw new Error(`timed out after ${deadlineMs} ms waiting for ${what}`, { cause: lastError });
    }
    await sleep(pauseMs);
  }
}
