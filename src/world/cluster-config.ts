import type { ApiClient } from '../cluster/api-client.ts';
import { type ConfigRead, parseConfigText } from '../config/config-file.ts';
import { openCluster, readFromCluster, type Unread } from './open-cluster.ts';
import type { ChosenCluster } from './which-cluster.ts';

/** Where the manifests have what the cluster's own gridgate is configured by. */
const CONFIG_MAP = 'gridgate';
const KEY = 'gridgate.yaml';

/** The cluster's own gridgate.yaml; `undefined` where there is none, and defaults count. Rejects as `getIfThere` does. */
export async function readClusterConfig(
  api: Pick<ApiClient, 'get'>,
  systemNamespace: string,
  timeoutMs: number,
): Promise<ConfigRead | undefined> {
  const { getIfThere } = await import('../cluster/get-if-there.ts');
  const path = `/api/v1/namespaces/${encodeURIComponent(systemNamespace)}/configmaps/${CONFIG_MAP}`;
  const configMap = (await getIfThere(api, path, { accept: 'application/json', idleTimeoutMs: timeoutMs })) as
    | { readonly data?: Readonly<Record<string, string>> }
    | undefined;
  const text = configMap?.data?.[KEY];
  return text === undefined ? undefined : parseConfigText(text, `ConfigMap ${systemNamespace}/${CONFIG_MAP}`);
}

/** The same of a cluster that is not open yet. */
export async function readConfigOf(
  cluster: ChosenCluster,
  systemNamespace: string,
): Promise<{ readonly value: ConfigRead | undefined } | Unread> {
  const opened = await openCluster(cluster);
  if ('issues' in opened) return opened;
  const { api } = opened;
  const read = (timeoutMs: number) => readClusterConfig(api, systemNamespace, timeoutMs);
  return readFromCluster(`the ConfigMap ${systemNamespace}/${CONFIG_MAP}`, read).finally(api.close);
}
