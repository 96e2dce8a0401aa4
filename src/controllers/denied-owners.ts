import type { Logger } from 'pino';
import type { ApiClient } from '../cluster/api-client.ts';
import type { KubeObject } from '../cluster/kube-object.ts';
import type { LastEvents } from '../cluster/last-events.ts';
import { createReflector, type Reflector } from '../cluster/reflector.ts';
import type { WatchedResource } from '../cluster/watched-resource.ts';
import { type Denial, type EventObject, toDenial } from './denial.ts';
import type { Controller } from './manager.ts';
import { type Clock, MONOTONIC } from './pace.ts';
import { createRounds, type Outcome } from './rounds.ts';

/** What controllers say of pods that they could not create; the API server sends no other Event. */
const FAILED_CREATES: WatchedResource<undefined> = {
  name: 'events',
  path: '/api/v1/events',
  content: 'full',
  fieldSelector: 'reason=FailedCreate',
  hasNoBookmarks: true,
  project: () => undefined,
  differs: () => false,
};
const ROUNDS = {
  name: 'denied-owners',
  on: ['namespaces', 'rules'],
  resyncMs: 10 * 60_000,
  settleMs: 1_000,
  restMs: 1_000,
} as const;
/** As long as Events live; whoever is stuck is denied again within 17 minutes. */
const REMEMBERED_MS = 60 * 60_000;
/** The words of the quota's admission plugin (`resourcequota/controller.go`, Kubernetes 1.35). */
const EXCEEDED_QUOTA = 'exceeded quota: ';
/** Some 4 MB; the oldest go first: Events that anybody wrote may claim as many as they like. */
const MOST_REMEMBERED = 20_000;

export interface DeniedOwnersDeps {
  readonly api: ApiClient;
  /** Whether any namespace denies pods now; where none does, and none holds pods back either, nothing is watched. */
  readonly mayDeny: () => boolean;
  /** Whether any namespace holds pods back for a cleaner hour; absent: none. */
  readonly mayHoldAny?: () => boolean;
  readonly log: Logger;
  readonly clock?: Clock;
}

export interface DenialListener {
  /** After each Event, new or listed again, that tells of a denial. */
  readonly onDenial?: (denial: Denial) => void;
  /** After each that tells of a pod for which a quota had no room. */
  readonly onExceededQuota?: (namespace: string) => void;
  /** After the first list: all that Events tell is known now. */
  readonly onListed?: () => void;
}

/** Whom gridgate denied pods, for the controllers that act on it. */
export interface DeniedOwners extends Controller {
  follow(listener: DenialListener): void;
  /** Keys (`ownerKey`) of the owners of a kind that were denied pods within the hour. */
  ofKind(kind: string): ReadonlySet<string>;
  lastEventAt(): LastEvents;
}

/** A uid within its namespace. */
export function ownerKey({ namespace = '', uid = '' }: Partial<Pick<Denial, 'namespace' | 'uid'>>): string {
  return `${namespace}/${uid}`;
}

/**
 * Hears of denials where the denied controllers complain of them, since the webhook may write nothing. By a watch: it brings
 * the news at once and costs nothing while there is none, whereas a list would read every Event of the cluster each time
 * (the API server keeps no cache of them).
 */
export function createDeniedOwners({
  api,
  mayDeny,
  mayHoldAny,
  log,
  clock = MONOTONIC,
}: DeniedOwnersDeps): DeniedOwners {
  const listeners: DenialListener[] = [];
  const heard = new Map<string, { readonly kind: string; readonly at: number }>();
  let reflector: Reflector | undefined;

  function hear(object: KubeObject): boolean {
    const denial = toDenial(object);
    if (!denial) hearOfQuota(object);
    if (!denial) return false;
    remember(denial);
    for (const { onDenial } of listeners) onDenial?.(denial);
    return false;
  }

  function hearOfQuota({ metadata: { namespace }, ...event }: EventObject): void {
    if (namespace === undefined || !event.message?.includes(EXCEEDED_QUOTA)) return;
    for (const { onExceededQuota } of listeners) onExceededQuota?.(namespace);
  }

  function remember(denial: Denial): void {
    const key = ownerKey(denial);
    heard.delete(key); // the latest stands last
    heard.set(key, { kind: denial.kind, at: clock.now() });
    const [oldest] = heard.keys();
    if (heard.size > MOST_REMEMBERED && oldest !== undefined) heard.delete(oldest);
  }

  function open(): void {
    // The shape of a store, so that a reflector fills it, with nothing in it.
    const store = {
      put: hear,
      remove: () => false,
      beginReplacement: () => ({ add: (object: KubeObject) => void hear(object), commit: () => false }),
    };
    reflector = createReflector({ api, resource: FAILED_CREATES, store, log, onChange: () => {} });
    reflector.start().then(tellListed, () => {}); // rejected only when closed before the first list
  }

  function tellListed(): void {
    for (const { onListed } of listeners) onListed?.();
  }

  async function close(): Promise<void> {
    const closing = reflector;
    reflector = undefined;
    await closing?.stop();
  }

  async function round(): Promise<Outcome> {
    if (!mayDeny() && !mayHoldAny?.()) await close();
    else if (!reflector) open();
    return 'done';
  }

  const rounds = createRounds({ ...ROUNDS, round, clock, log });
  return {
    ...rounds,
    async stop() {
      await rounds.stop();
      await close();
    },
    follow: (listener) => void listeners.push(listener),
    ofKind(kind) {
      const since = clock.now() - REMEMBERED_MS;
      return new Set([...heard].filter(([, one]) => one.kind === kind && one.at >= since).map(([key]) => key));
    },
    lastEventAt: () => reflector?.lastEvents() ?? {},
  };
}
