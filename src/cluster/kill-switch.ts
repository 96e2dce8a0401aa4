import type { Logger } from 'pino';
import { MODES, type Mode } from '../decision/policy.ts';
import { nearestKey, quoted } from '../decision/policy-annotations.ts';
import type { ApiClient } from './api-client.ts';
import type { KubeObject } from './kube-object.ts';
import { followResource, type Reflector } from './reflector.ts';
import type { WatchedResource } from './watched-resource.ts';

/** The key of the kill switch's ConfigMap that caps the mode of every namespace. */
export const MAX_MODE_KEY = 'max-mode';

/** What the kill switch says; `unreadable` is the value that is no mode. */
interface KillSwitchSetting {
  readonly cap?: Mode;
  readonly unreadable?: string;
}

export interface KillSwitch extends Reflector {
  /** The strongest mode that counts anywhere; undefined: every namespace's own. A field read. */
  cap(): Mode | undefined;
  /** Why it is not as it was meant, with what counts instead; `undefined` where it can be read. */
  problem(): string | undefined;
}

interface KillSwitchDeps {
  readonly api: ApiClient;
  readonly namespace: string;
  readonly name: string;
  readonly log: Logger;
  /** After each change of the cap or of the problem. */
  readonly onChange?: () => void;
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
 * Anything else counts as `audit`, because whoever writes it wants gridgate to do less: as under `off` nothing is changed or
 * denied, but what would have been stays visible.
 */
export function toKillSwitchSetting(object: KubeObject): KillSwitchSetting {
  const value = (object as KubeObject & { readonly data?: Readonly<Record<string, string>> }).data?.[MAX_MODE_KEY];
  if (value === undefined) return {};
  const cap = MODES.find((mode) => mode === value.trim());
  return cap ? { cap } : { cap: 'audit', unreadable: value.slice(0, 80) };
}

const NO_MODE = `is none of ${MODES.join(', ')}; counts as audit`;

function problemOf({ unreadable }: KillSwitchSetting): string | undefined {
  if (unreadable === undefined) return undefined;
  const nearest = nearestKey(unreadable.trim(), MODES);
  return `${MAX_MODE_KEY} ${quoted(unreadable)} ${NO_MODE}${nearest === undefined ? '' : `, did you mean ${nearest}?`}`;
}

/** Follows the kill switch; while the API server is away, its last setting stays. */
export function createKillSwitch(deps: KillSwitchDeps): KillSwitch {
  const { api, namespace, name, log } = deps;
  const resource: WatchedResource<KillSwitchSetting> = {
    name: 'kill-switch',
    path: `/api/v1/namespaces/${namespace}/configmaps`,
    content: 'full',
    // By name: RBAC can allow no more than this one.
    fieldSelector: `metadata.name=${name}`,
    project: toKillSwitchSetting,
    differs: (before, after) => before.cap !== after.cap || before.unreadable !== after.unreadable,
  };
  let current: KillSwitchSetting = {};

  function onChange(): void {
    const [setting = {}] = followed.values();
    const { cap, unreadable } = setting;
    const where = { configMap: `${namespace}/${name}`, cap };
    if (unreadable !== undefined) log.error({ ...where, value: unreadable }, `kill switch: ${MAX_MODE_KEY} ${NO_MODE}`);
    else if (cap !== current.cap || current.unreadable !== undefined)
      log.warn(
        where,
        cap ? `kill switch: no mode above ${cap} counts` : 'kill switch: every namespace has its own mode',
      );
    const hasChanged = cap !== current.cap || unreadable !== current.unreadable;
    current = setting;
    if (hasChanged) deps.onChange?.();
  }

  const followed = followResource({ api, resource, log, onChange });
  return { ...followed, cap: () => current.cap, problem: () => problemOf(current) };
}
