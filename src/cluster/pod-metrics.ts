import { type PodMetricsObject, type PodUsage, toPodUsages } from '../scaling/pod-usage.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { inShortTurns } from './short-turns.ts';

const PATH = '/apis/metrics.k8s.io/v1beta1';
const IDLE_TIMEOUT_MS = 10_000;
/** No APIService, and one whose server does not answer. */
const NOT_THERE: readonly number[] = [404, 503];

/** What pods use, by `usageKey`; or why nobody knows, in words. */
export type UsageReading = { readonly usages: ReadonlyMap<string, PodUsage> } | NoUsages;

interface NoUsages {
  readonly problem: string;
  /** Nobody is there to tell any; otherwise somebody is, and fails. */
  readonly isNotInstalled?: true;
}

/** What the pods of a namespace, or of all, use now. Rejects where the API server refuses, or does not answer. */
export async function readPodUsages(
  api: Pick<ApiClient, 'get'>,
  { namespace, signal }: { readonly namespace?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<UsageReading> {
  const within = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  try {
    const options = { accept: 'application/json', idleTimeoutMs: IDLE_TIMEOUT_MS, signal };
    const list = (await api.get(`${PATH}${within}/pods`, options)) as { items?: readonly PodMetricsObject[] | null };
    const steps = toPodUsages(list.items ?? []);
    return {
      usages: await inShortTurns(steps, { clock: performance, signal: signal ?? new AbortController().signal }),
    };
  } catch (error) {
    return tellMissing(error);
  }
}

/** Why nobody tells what pods use; `undefined` where somebody does. Rejects as `readPodUsages`. */
export async function usageProblem(api: Pick<ApiClient, 'get'>): Promise<string | undefined> {
  try {
    await api.get(PATH, { accept: 'application/json', idleTimeoutMs: IDLE_TIMEOUT_MS });
    return undefined;
  } catch (error) {
    return tellMissing(error).problem;
  }
}

function tellMissing(error: unknown): NoUsages {
  if (!(error instanceof ApiError) || !NOT_THERE.includes(error.status)) throw error;
  const isNotInstalled = error.status === 404;
  const why = isNotInstalled ? 'it is not installed' : 'it does not answer';
  const problem = `metrics.k8s.io tells no usage: ${why}; gridgate needs metrics-server`;
  return { problem, ...(isNotInstalled && { isNotInstalled }) };
}
