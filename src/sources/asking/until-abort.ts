import { SourceError } from './source-error.ts';

/** Waits for what others wait for too, no longer than this caller may; the work itself goes on for them. */
export async function untilAbort<T>(work: Promise<T>, abort: AbortSignal): Promise<T> {
  const given = Promise.withResolvers<never>();
  const giveUp = () => given.reject(new SourceError('unavailable', 'no answer in time'));
  if (abort.aborted) giveUp();
  abort.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([work, given.promise]);
  } finally {
    abort.removeEventListener('abort', giveUp);
  }
}
