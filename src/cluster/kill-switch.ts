import type { Logger } from 'pino';
import { MODES, type Mode } from '../decision/policy.ts';
import type { ApiClient } from './api-client.ts';
import type { KubeObject } from './kube-object.ts';
import { createProjectionStore } from './projection-store.ts';
import { createReflector } from './reflector.ts';
import type { WatchedResource } from './watched-resource.ts';

/** The key of the kill switch's ConfigMap that caps the mode of every namespace. */
export const MAX_MODE_KEY = 'max-mode';

/** What the kill switch says; `unreadable` is the value that is no mode. */
export interface KillSwitchSetting {
  readonly cap?: Mode;
  readonly unreadable?: string;
}

export interface KillSwitch {
  /** Resolves when the ConfigMap was looked for once, however long that takes; rejects when stopped before. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The strongest mode that counts anywhere; undefined: every namespace's own. A field read. */
  cap(): Mode | undefined;
  synced(): boolean;
  /** Why the ConfigMap cannot be watched now, in words for the user. */
  failure(): string | undefined;
  /** Epoch milliseconds of the last sign of life. */
  lastEventAt(): number | undefined;
}

interface KillSwitchDeps {
  readonly api: ApiClient;
  /** Of the ConfigMap. */
  readonly namespace: string;
  readonly name: string;
  readonly log: Logger;
  /** After each change of the cap. */
  readonly onChange?: () => void;
}

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/**
 * Reads the ConfigMap:
 *
 * | `max-mode`                         | cap      |
 * | ---------------------------------- | -------- |
 * | `off` `audit` `warn` `enforce`     | that one |
 * | absent (or the whole ConfigMap is) | none     |
 * | anything else                      | `audit`  |
 *
 * Who writes it wants gridgate to do less: under `audit` nothing is changed and nothing denied, as under `off`, but what
 * would have been stays visible.
 */
export function toKillSwitchSetting(object: KubeObject): KillSwitchSetting {
  const value = (object as ConfigMap).data?.[MAX_MODE_KEY];
  if (value === undefined) return {};
  const cap = MODES.find((mode) => mode === value.trim());
  return cap ? { cap } : { cap: 'audit', unreadable: value.slice(0, 80) };
}

/** The one ConfigMap, by name: RBAC can allow no more than that. */
export function killSwitchResource(namespace: string, name: string): WatchedResource<KillSwitchSetting> {
  return {
    name: 'kill-switch',
    path: `/api/v1/namespaces/${namespace}/configmaps`,
    content: 'full',
    fieldSelector: `metadata.name=${name}`,
    project: toKillSwitchSetting,
    differs: (before, after) => before.cap !== after.cap || before.unreadable !== after.unreadable,
  };
}

/** Follows the kill switch; while the API server is away, its last setting stays. */
export function createKillSwitch(deps: KillSwitchDeps): KillSwitch {
  const { api, namespace, name, log } = deps;
  const resource = killSwitchResource(namespace, name);
  const store = createProjectionStore(resource);
  let current: KillSwitchSetting = {};

  function onChange(): void {
    const [setting = {}] = store.values();
    const { cap, unreadable } = setting;
    const where = { configMap: `${namespace}/${name}`, cap };
    if (unreadable !== undefined)
      log.error(
        { ...where, value: unreadable },
        `kill switch: ${MAX_MODE_KEY} is none of ${MODES.join(', ')}; counts as audit`,
      );
    else if (cap !== current.cap || current.unreadable !== undefined)
      log.warn(
        where,
        cap ? `kill switch: no mode above ${cap} counts` : 'kill switch: every namespace has its own mode',
      );
    const hasChanged = cap !== current.cap;
    current = setting;
    if (hasChanged) deps.onChange?.();
  }

  const reflector = createReflector({ api, resource, store, log, onChange });
  return {
    start: reflector.start,
    stop: reflector.stop,
    cap: () => current.cap,
    synced: reflector.synced,
    failure: reflector.failure,
    lastEventAt: reflector.lastEventAt,
  };
}
