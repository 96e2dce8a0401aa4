import { untilAborted } from '../../units/deadline.ts';
import { SourceError } from './source-error.ts';

/** Waits for a source no longer than this caller may; the work itself goes on for others who wait for it. */
export function untilAbort<T>(work: Promise<T>, abort: AbortSignal): Promise<T> {
  const late = () => new SourceError('unavailable', 'no answer in time');
  return untilAborted(abort, () => work, late);
}
