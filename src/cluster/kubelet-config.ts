import { bulkhead } from 'cockatiel';
import { LateError, within } from '../units/deadline.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError, messageOf } from './api-error.ts';
import { NODES_PATH } from './nodes.ts';

interface ReadOptions<T> {
  /** What to keep of a configuration; `undefined` where it does not tell. */
  readonly read: (config: unknown) => T | undefined;
  readonly onProgress?: (done: number) => void;
  readonly timeoutMs?: number;
}

const AT_ONCE = 16;
const TIMEOUT_MS = 5_000;
/** After so many consecutive failures no kubelet is taken to be reachable: 5,000 nodes of 5 s would be half an hour. */
const GIVE_UP_AFTER = 32;
/** A configuration is about 4 KB. */
const MOST_BYTES = 1024 * 1024;

/**
 * Asks kubelets what they are configured to do, through the API server's node proxy and with the caller's own rights
 * (`nodes/proxy`); never rejects. Failures are told in a sentence for each kind. A caller who may not ask the first node asks
 * no other.
 */
export async function readKubeletConfigs<T>(
  api: Pick<ApiClient, 'open'>,
  names: readonly string[],
  { read, onProgress, timeoutMs = TIMEOUT_MS }: ReadOptions<T>,
): Promise<{ readonly found: ReadonlyMap<string, T>; readonly failures: readonly string[] }> {
  const found = new Map<string, T>();
  const failures = new Map<string, { count: number; readonly example: string }>();
  let asked = 0;
  let done = 0;
  let running = 0;
  let gaveUp: string | undefined;

  async function ask(name: string): Promise<void> {
    asked += 1;
    try {
      const value = read(await readConfig(api, name, timeoutMs));
      if (value === undefined) fail('the answer does not tell the CPU manager policy', name);
      else found.set(name, value);
      running = 0;
    } catch (error) {
      const kind = kindOf(error, timeoutMs);
      if (done === 0 && error instanceof ApiError && error.status === 403)
        gaveUp = `kubelets are not asked, which needs the right to get nodes/proxy: ${messageOf(error)}`;
      else fail(kind, `${name}: ${messageOf(error).slice(0, 200)}`);
      running += 1;
      if (running >= GIVE_UP_AFTER && asked < names.length)
        gaveUp ??= `${GIVE_UP_AFTER} kubelets running did not answer: the other ${names.length - asked} are not asked`;
    }
    done += 1;
    onProgress?.(done);
  }

  function fail(kind: string, example: string): void {
    const known = failures.get(kind);
    if (known) known.count += 1;
    else failures.set(kind, { count: 1, example });
  }

  const [first, ...others] = names;
  if (first !== undefined) await ask(first);
  const few = bulkhead(AT_ONCE, others.length);
  await Promise.all(others.map((name) => few.execute(async () => (gaveUp === undefined ? ask(name) : undefined))));
  const sentences = [...failures].map(
    ([kind, { count, example }]) => `${count} of ${names.length} kubelets: ${kind} (${example})`,
  );
  return { found, failures: gaveUp === undefined ? sentences : [...sentences, gaveUp] };
}

async function readConfig(api: Pick<ApiClient, 'open'>, name: string, timeoutMs: number): Promise<unknown> {
  const path = `${NODES_PATH}/${encodeURIComponent(name)}/proxy/configz`;
  // The idle timeout is not enough: a kubelet that sends a byte now and then is never idle.
  const options = { accept: 'application/json', idleTimeoutMs: 2 * timeoutMs };
  const read = async (signal: AbortSignal) => readText(await api.open(path, { ...options, signal }));
  return JSON.parse(await within('the kubelet', timeoutMs, read));
}

async function readText(response: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`the answer is larger than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function kindOf(error: unknown, timeoutMs: number): string {
  if (error instanceof ApiError) return `HTTP ${error.status}`;
  if (error instanceof SyntaxError) return 'the answer is not JSON';
  if (error instanceof LateError) return `no answer within ${timeoutMs / 1_000} s`;
  return 'the connection failed';
}
