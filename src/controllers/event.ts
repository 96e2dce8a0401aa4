import type { Logger } from 'pino';
import { ApiError } from '../cluster/api-error.ts';
import type { ApiWriter } from '../cluster/api-writer.ts';
import type { Clock } from './pace.ts';

/** The `reportingController` of every Event of ours. */
export const REPORTER = 'gridgate.dev/controllers';

/** The namespace of Events about what has none, as the API server wants it. */
export const HOME_OF_EVENTS = 'default';

/** What the API server takes. */
const MAX_INSTANCE = 128;
const MAX_NOTE_BYTES = 1_024;

/** What an Event is about; it stands in the namespace of that object, or in `default` where that has none. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid?: string;
  /** `undefined`: it has none. */
  readonly namespace?: undefined;
}

/** What an Event says, and of what. */
export interface EventParts {
  readonly type: 'Normal' | 'Warning';
  readonly name: string;
  readonly namespace: string;
  readonly reason: string;
  readonly action: string;
  /** Cut to what the API server takes. */
  readonly note: string;
  readonly regarding: Regarding;
  /** Who reports, for people: the pod or the host. */
  readonly instance: string;
}

/** What every controller that tells by Events is made of. */
export interface EventTellerDeps {
  /** Who reports, for people: the pod or the host. */
  readonly instance: string;
  readonly writer: Pick<ApiWriter, 'create'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Logger;
  readonly clock?: Clock;
}

const TOLD_BEFORE = 409;

/** Creates an Event in a namespace, unless one of its name is there: the leader before, or this one in an earlier term, told the same. */
export async function tellOnce(writer: Pick<ApiWriter, 'create'>, namespace: string, event: object): Promise<void> {
  try {
    await writer.create(`/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`, event);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== TOLD_BEFORE) throw error;
  }
}

/** An `events.k8s.io/v1` Event; `now` is epoch milliseconds. */
export function toEvent(parts: EventParts, now: number): object {
  const { type, name, namespace, reason, action, note, regarding, instance } = parts;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name, namespace },
    eventTime: new Date(now).toISOString().replace('Z', '000Z'), // MicroTime
    type,
    reason,
    action,
    note: shorten(note),
    regarding: { namespace, ...regarding },
    reportingController: REPORTER,
    reportingInstance: instance.slice(0, MAX_INSTANCE),
  };
}

function shorten(text: string): string {
  if (Buffer.byteLength(text) <= MAX_NOTE_BYTES) return text;
  const cut = Buffer.from(text).subarray(0, MAX_NOTE_BYTES - 3);
  return `${cut.toString('utf8').replace(/\uFFFD+$/, '')}...`;
}
