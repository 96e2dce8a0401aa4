import { once } from 'node:events';
import type { NamespaceRecord } from '../decision/namespace-record.ts';
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
  const timeout = AbortSignal.timeout(timeoutMs);
  const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
  const path = `${NAMESPACES_PATH}/${encodeURIComponent(name)}`;
  try {
    either.throwIfAborted();
    const answer = getIfThere(api, path, { accept: ACCEPT_NAMESPACE, idleTimeoutMs: MOST_IDLE_MS, signal: either });
    // Raced, because credentials can come from a slow plugin that knows no signal.
    const object = await Promise.race([answer, once(either, 'abort').then(() => either.throwIfAborted())]);
    return object === undefined ? undefined : toNamespaceRecord(object as KubeObject);
  } catch (error) {
    if (timeout.aborted) throw new Error(`the API server does not answer within ${timeoutMs} ms`, { cause: error });
    throw error;
  }
}
