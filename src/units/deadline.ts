export class LateError extends Error {
  constructor(who: string, timeoutMs: number) {
    super(`${who} does not answer within ${Math.ceil(timeoutMs)} ms`);
    this.name = 'LateError';
  }
}

/**
 * Waits for work until a signal aborts, then rejects with the signal's reason. Work that knows no signal goes on for others
 * who wait for it; of work that knows it, its own and less telling AbortError is not heard.
 */
export async function untilAborted<T>(
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  reasonOf: () => unknown = () => signal.reason,
): Promise<T> {
  const given = Promise.withResolvers<never>();
  const giveUp = () => given.reject(reasonOf());
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([given.promise, work(signal)]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** Gives work so many milliseconds: a `LateError` that names `who` after that, the reason of `hangUp` where that aborts first. */
export async function within<T>(
  who: string,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
  hangUp?: AbortSignal,
): Promise<T> {
  hangUp?.throwIfAborted();
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new LateError(who, timeoutMs)), timeoutMs);
  const leave = () => limit.abort(hangUp?.reason);
  hangUp?.addEventListener('abort', leave);
  try {
    return await untilAborted(limit.signal, work);
  } finally {
    clearTimeout(timer);
    hangUp?.removeEventListener('abort', leave);
  }
}
