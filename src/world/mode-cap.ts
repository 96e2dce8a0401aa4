import type { ApiClient } from '../cluster/api-client.ts';
import { getIfThere } from '../cluster/get-if-there.ts';
import { MAX_MODE_KEY, toKillSwitchSetting } from '../cluster/kill-switch.ts';
import type { KubeObject } from '../cluster/kube-object.ts';
import { describeReadFailure } from '../cluster/read-failure.ts';
import type { Mode } from '../decision/policy.ts';

/** Where the manifests have the kill switch. */
export const KILL_SWITCH = 'gridgate-system/gridgate-kill-switch';

const IDLE_TIMEOUT_MS = 15_000;

interface ModeCap {
  /** The strongest mode that counts in the cluster; absent where no switch is set, or it may not be read. */
  readonly cap: Mode | undefined;
  /** What is not known, or not understood, a sentence each. */
  readonly notes: readonly string[];
}

/** Reads what the kill switch caps modes to; without the right to see it, each namespace's own mode is taken to count. Never rejects. */
export async function readModeCap(
  deps: { readonly api: Pick<ApiClient, 'get'>; readonly signal: AbortSignal },
  namespacedName: string,
): Promise<ModeCap> {
  const { api, signal } = deps;
  const [namespace = '', name = ''] = namespacedName.split('/');
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/${encodeURIComponent(name)}`;
  try {
    const options = { accept: 'application/json', idleTimeoutMs: IDLE_TIMEOUT_MS, signal };
    const configMap = (await getIfThere(api, path, options)) as KubeObject | undefined;
    if (!configMap) return { cap: undefined, notes: [] };
    const { cap, unreadable } = toKillSwitchSetting(configMap);
    const odd = `${MAX_MODE_KEY} of ConfigMap ${namespacedName} is no mode: ${JSON.stringify(unreadable)}; it counts as ${cap}`;
    return { cap, notes: unreadable === undefined ? [] : [odd] };
  } catch (error) {
    return {
      cap: undefined,
      notes: [`${describeReadFailure(error)}: whether the kill switch caps the mode is not known`],
    };
  }
}
