import type { Logger } from 'pino';
import type { ApiClient } from '../../cluster/api-client.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { type LastEvents, lastEventOf } from '../../cluster/last-events.ts';
import { listPages } from '../../cluster/list-watch.ts';
import { createReflector, type Reflector, type ReflectorDeps } from '../../cluster/reflector.ts';
import type { WatchedResource } from '../../cluster/watched-resource.ts';
import { type Denial, type DenialKey, PLACEMENT_REFUSED, toDenial, toDenialKey } from './plan.ts';

const EVENTS = '/api/v1/events';

/** What controllers say of pods that they could not create; the API server sends no other Event. */
const FAILED_CREATES: WatchedResource<Denial | undefined> = {
  name: 'events',
  path: EVENTS,
  content: 'full',
  fieldSelector: 'reason=FailedCreate',
  project: toDenial,
  differs: () => false,
};

export interface DenialWatch {
  /** Does nothing while it hears. */
  open(): void;
  close(): Promise<void>;
  isOpen(): boolean;
  lastEventAt(): LastEvents;
}

/** Hears of each denial through a watch that can be opened and closed again; nothing is kept of what passes. */
export function createDenialWatch(deps: {
  readonly api: ApiClient;
  readonly log: Logger;
  /** Answers whether there is something to do about it. */
  readonly note: (denial: Denial) => boolean;
  /** After each list or event with something to do. */
  readonly onNoted: () => void;
}): DenialWatch {
  const { api, log, note, onNoted } = deps;
  let reflector: Reflector | undefined;
  return {
    open() {
      if (reflector) return;
      const store = passOn(note);
      reflector = createReflector({ api, resource: FAILED_CREATES, store, log, onChange: onNoted });
      reflector.start().catch(() => {}); // rejected only when closed before the first list
    },
    async close() {
      const closing = reflector;
      reflector = undefined;
      await closing?.stop();
    },
    isOpen: () => reflector !== undefined,
    lastEventAt: () => lastEventOf(FAILED_CREATES.name, reflector?.lastEventAt()),
  };
}

/** The shape of a store, so that a reflector fills it, with nothing in it. */
function passOn(note: (denial: Denial) => boolean): ReflectorDeps<unknown>['store'] {
  function put(object: KubeObject): boolean {
    const denial = toDenial(object);
    return denial !== undefined && note(denial);
  }
  return {
    put,
    remove: () => false,
    beginReplacement() {
      let isNoted = false;
      return {
        add(object) {
          isNoted = put(object) || isNoted;
        },
        commit: () => isNoted,
      };
    },
  };
}

/** What the leaders before told, as far as Events of it are left. */
export async function recallTold(
  api: Pick<ApiClient, 'get'>,
  markTold: (told: DenialKey) => void,
  signal: AbortSignal,
): Promise<void> {
  const resource = { path: EVENTS, content: 'full', fieldSelector: `reason=${PLACEMENT_REFUSED}` } as const;
  for await (const { items } of listPages(api, resource, signal)) {
    for (const told of (items ?? []).map(toDenialKey)) if (told) markTold(told);
  }
}
