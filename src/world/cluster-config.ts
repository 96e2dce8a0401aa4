import type { ApiClient } from '../cluster/api-client.ts';
import { type ConfigRead, parseConfigText } from '../config/config-file.ts';

/** Where the manifests have what the cluster's own gridgate is configured by. */
export const CONFIG_MAP = 'gridgate';
const KEY = 'gridgate.yaml';

/** The cluster's own gridgate.yaml; `undefined` where there is none, and defaults count. Rejects as `getIfThere` does. */
export async function readClusterConfig(
  api: Pick<ApiClient, 'get'>,
  systemNamespace: string,
  timeoutMs: number,
): Promise<ConfigRead | undefined> {
  const { getIfThere } = await import('../cluster/get-if-there.ts');
  const path = `/api/v1/namespaces/${systemNamespace}/configmaps/${CONFIG_MAP}`;
  const configMap = (await getIfThere(api, path, { accept: 'application/json', idleTimeoutMs: timeoutMs })) as
    | { readonly data?: Readonly<Record<string, string>> }
    | undefined;
  const text = configMap?.data?.[KEY];
  return text === undefined ? undefined : parseConfigText(text, `ConfigMap ${systemNamespace}/${CONFIG_MAP}`);
}
