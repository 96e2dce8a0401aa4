import type { KubeObject } from '../cluster/kube-object.ts';
import { denialIn } from '../decision/denial-words.ts';

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
export interface EventObject extends KubeObject {
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
/** Longer than any real name: the API server takes an Event of a megabyte. */
export const MOST_NAME = 253;
/** Where the words were cut before their reason. */
export const UNKNOWN_REASON = 'refused';

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

/** When an Event was last seen, epoch milliseconds; 0 where it does not say. */
export function timeOf({ lastTimestamp, series, eventTime, metadata }: EventObject): number {
  const at = Date.parse(lastTimestamp ?? series?.lastObservedTime ?? eventTime ?? metadata.creationTimestamp ?? '');
  return Number.isNaN(at) ? 0 : at;
}

/** A part of a string holds the whole of it in memory. */
function copyOf(part: string): string {
  return Buffer.from(part).toString();
}
