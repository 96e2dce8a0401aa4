/** The `reportingController` of every Event of ours. */
export const REPORTER = 'gridgate.dev/controllers';

/** What the API server takes. */
const MAX_INSTANCE = 128;
const MAX_NOTE_BYTES = 1_024;

/** What an Event is about; it stands in the namespace of that object. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid?: string;
}

export interface Warning {
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

/** Where Events of a namespace are created. */
export function eventsPath(namespace: string): string {
  return `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`;
}

/** An `events.k8s.io/v1` Event of type Warning; `now` is epoch milliseconds. */
export function warningEvent(warning: Warning, now: number): object {
  const { name, namespace, reason, action, note, regarding, instance } = warning;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name, namespace },
    eventTime: new Date(now).toISOString().replace('Z', '000Z'), // MicroTime
    type: 'Warning',
    reason,
    action,
    note: shorten(note),
    regarding: { ...regarding, namespace },
    reportingController: REPORTER,
    reportingInstance: instance.slice(0, MAX_INSTANCE),
  };
}

function shorten(text: string): string {
  if (Buffer.byteLength(text) <= MAX_NOTE_BYTES) return text;
  const cut = Buffer.from(text).subarray(0, MAX_NOTE_BYTES - 3);
  return `${cut.toString('utf8').replace(/\uFFFD+$/, '')}...`;
}
