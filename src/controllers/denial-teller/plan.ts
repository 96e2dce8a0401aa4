import { createHash } from 'node:crypto';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { denialIn } from '../../decision/denial-words.ts';
import { REFUSALS } from '../../decision/reasons.ts';
import { REPORTER, type Regarding, warningEvent } from '../warning-event.ts';

/** The `reason` of our Event. */
export const PLACEMENT_REFUSED = 'PlacementRefused';

/** One owner hears one reason once in so long. */
export const TELL_AGAIN_MS = 10 * 60_000;

/** What an owner hears, or heard. A uid counts within its namespace alone: who may write Events there can name any. */
export interface DenialKey {
  readonly namespace: string;
  readonly uid: string;
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** A pod that gridgate denied, as the Event of the controller that wanted it tells. */
export interface Denial extends DenialKey {
  /** What wanted the pod: a ReplicaSet rather than its Deployment. */
  readonly kind: string;
  readonly name: string;
  /** Ours, without those around them. */
  readonly words: string;
}

/** A core Event as far as it is read; whoever may create Events wrote it. */
interface EventObject extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly creationTimestamp?: string };
  readonly involvedObject?: { readonly kind?: string; readonly name?: string; readonly uid?: string };
  readonly message?: string;
  readonly eventTime?: string | null;
  readonly lastTimestamp?: string | null;
  readonly series?: { readonly lastObservedTime?: string } | null;
  readonly reportingComponent?: string;
}

/** As many characters as an Event's note may have bytes. */
const MOST_WORDS = 1_024;
/** Longer than any real one: the API server takes an Event of a megabyte. */
const MOST_NAME = 253;
/** Where the words were cut before their reason. */
const UNKNOWN_REASON = 'refused';

/** The denial of ours that a controller's Event tells of; `undefined` where it tells of something else. */
export function toDenial(object: KubeObject): Denial | undefined {
  const event = object as EventObject;
  const { kind = '', name = '', uid = '' } = event.involvedObject ?? {};
  const quoted = denialIn(event.message);
  if (!quoted || uid === '' || [kind, name, uid].some(({ length }) => length > MOST_NAME)) return undefined;
  const { words, reason = UNKNOWN_REASON } = quoted;
  const { namespace = '' } = event.metadata;
  return { namespace, kind, name, uid, reason, words: copyOf(words.slice(0, MOST_WORDS)), at: timeOf(event) };
}

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

/** A part of a string holds the whole of it in memory. */
function copyOf(part: string): string {
  return Buffer.from(part).toString();
}

function timeOf({ lastTimestamp, series, eventTime, metadata }: EventObject): number {
  const at = Date.parse(lastTimestamp ?? series?.lastObservedTime ?? eventTime ?? metadata.creationTimestamp ?? '');
  return Number.isNaN(at) ? 0 : at;
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
  return warningEvent({ ...what, note: words, regarding, instance }, now);
}
