import type { ApiClient } from '../cluster/api-client.ts';
import { messageOf } from '../cluster/api-error.ts';
import { readText } from '../documents/read-text.ts';
import { EXIT } from '../terminal/exit-codes.ts';

export interface ClusterOptions {
  readonly regions?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

/** Why a cluster could not be read, in words, and what the command's exit code says of it. */
export interface Unread {
  readonly issues: readonly string[];
  readonly exitCode: number;
}

const TIMEOUT_MS = 15_000;

/** A client for the kubeconfig's cluster, or the one we run in, with the caller's own rights; to be closed. */
export async function openCluster({
  kubeconfig,
  context,
}: Pick<ClusterOptions, 'kubeconfig' | 'context'>): Promise<{ readonly api: ApiClient } | Unread> {
  // Importing the Kubernetes client costs half a second: only those pay who use a cluster.
  const [{ loadKubeConfig }, { createApiClient }] = await Promise.all([
    import('../cluster/kube-config.ts'),
    import('../cluster/api-client.ts'),
  ]);
  try {
    const text = kubeconfig === undefined ? undefined : await readText(kubeconfig).catch(() => undefined);
    return { api: createApiClient(loadKubeConfig({ file: kubeconfig, text, context })) };
  } catch (error) {
    return { issues: [(error as Error).message], exitCode: EXIT.usage };
  }
}

/** Reads (or writes) something of a cluster, within 15 s unless told otherwise; what goes wrong is a value: exit code 3. */
export async function readFromCluster<T>(
  what: string,
  read: (timeoutMs: number) => Promise<T>,
  timeoutMs = TIMEOUT_MS,
  verb: 'read' | 'write' = 'read',
): Promise<{ readonly value: T } | Unread> {
  try {
    return { value: await read(timeoutMs) };
  } catch (error) {
    return { issues: [`cannot ${verb} ${what}: ${wordsOf(error, timeoutMs)}`], exitCode: EXIT.upstream };
  }
}

function wordsOf(error: unknown, timeoutMs: number): string {
  const { name } = error as Error;
  const isLate = name === 'TimeoutError' || name === 'AbortError';
  return isLate ? `the API server does not answer within ${timeoutMs / 1000} s` : messageOf(error);
}
