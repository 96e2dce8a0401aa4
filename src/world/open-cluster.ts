import { type ApiClient, createApiClient } from '../cluster/api-client.ts';
import { describeReadFailure } from '../cluster/read-failure.ts';
import { readText } from '../documents/read-text.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import type { ChosenCluster } from './which-cluster.ts';

/** Why a cluster could not be read, in words, and what the command's exit code says of it. */
export interface Unread {
  readonly issues: readonly string[];
  readonly exitCode: number;
}

const TIMEOUT_MS = 15_000;

/** With the namespace that kubectl takes where none is named; absent: `default`. */
interface OpenCluster {
  readonly api: ApiClient;
  readonly namespace: string | undefined;
  /** Which one it is, for people: its address, and the context that named it. */
  readonly called: string;
}

/** A client for a cluster, with the caller's own rights; to be closed. */
export async function openCluster({ kubeconfigs, context }: ChosenCluster): Promise<OpenCluster | Unread> {
  // Importing the Kubernetes client costs half a second: only those pay who use a cluster.
  const { loadKubeConfig, namespaceOf } = await import('../cluster/kube-config.ts');
  try {
    const files = await Promise.all(
      kubeconfigs.map(async (file) => ({ file, text: await readText(file).catch(() => undefined) })),
    );
    const kubeConfig = loadKubeConfig({ files, context });
    const called = `${kubeConfig.getCurrentCluster()?.server} (context ${kubeConfig.getCurrentContext()})`;
    return { api: createApiClient(kubeConfig), namespace: namespaceOf(kubeConfig), called };
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
  return isLate ? `the API server does not answer within ${timeoutMs / 1000} s` : describeReadFailure(error);
}
