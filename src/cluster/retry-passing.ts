import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from './api-error.ts';

export type Pause = (ms: number) => Promise<unknown>;

const MOST_TRIES = 4;
const PAUSE_MS = 1_000;
/** The API server is busy, a new resource is not served yet, or a proxy has nobody behind it. */
const PASSING: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/**
 * Runs an action up to 4 times while the API server is busy or the connection breaks, and waits as long as the server asks.
 * For commands, which end with the error otherwise, and only for actions that may run twice.
 */
export async function retryPassing<T>(act: () => Promise<T>, pause: Pause = sleep): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await act();
    } catch (error) {
      const mayPass = !(error instanceof ApiError) || PASSING.has(error.status);
      if (!mayPass || tries >= MOST_TRIES) throw error;
      await pause(Math.max(PAUSE_MS, error instanceof ApiError ? error.retryAfterMs : 0));
    }
  }
}
