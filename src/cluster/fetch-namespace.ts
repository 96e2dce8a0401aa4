import type { NamespaceRecord } from '../decision/namespace-record.ts';
import { within } from '../units/deadline.ts';
import type { ApiClient } from './api-client.ts';
import { getIfThere } from './get-if-there.ts';
import type { KubeObject } from './kube-object.ts';
import { ACCEPT_NAMESPACE, NAMESPACES_PATH, toNamespaceRecord } from './namespaces.ts';

const MOST_IDLE_MS = 30_000;

/** One live GET; undefined when there is no such namespace. Rejects on any other error, and after `timeoutMs`. */
export async function fetchNamespace(
  api: ApiClient,
  name: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<NamespaceRecord | undefined> {
  const path = `${NAMESPACES_PATH}/${encodeURIComponent(name)}`;
  const options = { accept: ACCEPT_NAMESPACE, idleTimeoutMs: MOST_IDLE_MS };
  const get = (limit: AbortSignal) => getIfThere(api, path, { ...options, signal: limit });
  const object = await within('the API server', timeoutMs, get, signal);
  return object === undefined ? undefined : toNamespaceRecord(object as KubeObject);
}
