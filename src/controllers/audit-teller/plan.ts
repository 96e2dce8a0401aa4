import { createHash } from 'node:crypto';
import { type Regarding, toEvent } from '../event.ts';
import type { RefusedWorkload } from '../running-refusals.ts';

/** The `reason` of the Events. */
export const WOULD_BE_REFUSED = 'WouldBeRefused';

/** What an owner hears once a day. */
export function keyOf(namespace: string, { uid = '' }: Regarding, { reason }: Pick<RefusedWorkload, 'reason'>): string {
  return `${namespace} ${uid} ${reason}`;
}

/**
 * The Event for the owner that people look at. Its name is the same at any time: while the one of an earlier leader is
 * there, it is told. `now` is epoch milliseconds.
 */
export function wouldBeRefusedEvent(
  namespace: string,
  regarding: Regarding,
  refused: Pick<RefusedWorkload, 'reason' | 'message'>,
  { instance, now }: { readonly instance: string; readonly now: number },
): object {
  const hash = createHash('sha256')
    .update(keyOf(namespace, regarding, refused))
    .digest('hex')
    .slice(0, 16);
  const what = { name: `gridgate-would-be-refused-${hash}`, namespace, reason: WOULD_BE_REFUSED, action: 'Audit' };
  const note = `its pods would be denied in mode enforce: ${refused.message}`;
  return toEvent({ type: 'Warning', ...what, note, regarding, instance }, now);
}
