import { createHash } from 'node:crypto';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { REFUSALS } from '../../decision/reasons.ts';
import { type Denial, type DenialKey, type EventObject, MOST_NAME, timeOf, UNKNOWN_REASON } from '../denial.ts';
import { REPORTER, type Regarding, toEvent } from '../event.ts';

/** The `reason` of our Event. */
export const PLACEMENT_REFUSED = 'PlacementRefused';

/** One owner hears one reason once in so long. */
export const TELL_AGAIN_MS = 10 * 60_000;

/** Of an Event of ours, whom it told what and when. */
export function toDenialKey(object: KubeObject): DenialKey | undefined {
  const event = object as EventObject;
  const { uid } = event.involvedObject ?? {};
  if (event.reportingComponent !== REPORTER || uid === undefined || uid.length > MOST_NAME) return undefined;
  const { namespace = '' } = event.metadata;
  return { namespace, uid, reason: quotedReason(event.message) ?? UNKNOWN_REASON, at: timeOf(event) };
}

function quotedReason(note = ''): string | undefined {
  const named = /\[([a-z_]+)\]$/.exec(note)?.[1];
  return REFUSALS.find((refusal) => refusal === named);
}

/**
 * The Event for the owner that people look at. Its name is the same for the whole of ten minutes: a leader that does not
 * know that another has told it gets a 409.
 */
export function refusedEvent(denial: Denial, regarding: Regarding, instance: string, now: number): object {
  const { namespace, reason, words } = denial;
  const window = Math.floor(now / TELL_AGAIN_MS);
  const hash = createHash('sha256').update(`${regarding.uid} ${reason} ${window}`).digest('hex').slice(0, 16);
  const what = { name: `gridgate-placement-refused-${hash}`, namespace, reason: PLACEMENT_REFUSED, action: 'Admit' };
  return toEvent({ type: 'Warning', ...what, note: words, regarding, instance }, now);
}
