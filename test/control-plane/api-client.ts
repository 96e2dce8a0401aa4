import { once } from 'node:events';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

const TIMEOUT_MS = 30_000;
/** As client-go does: a resource whose definition has just changed is not served for a second. */
const MOST_TRIES = 10;

// biome-ignore lint/suspicious/noExplicitAny: tests look into objects of every kind; the assertion is the check
export type ApiResponse = { readonly status: number; readonly body: any };

export type ApiClient = {
  /**
   * One request to the API server with the client's token, again where it is told to come back later (429). `body` is sent as JSON
   * (set `content-type` for a patch); the answer is parsed when it is JSON and text otherwise. Rejects on network errors only, not on
   * an error status.
   */
  request(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<ApiResponse>;
  /** Drops all connections; the next request opens new ones. */
  disconnect(): void;
};

export function createApiClient({ url, ca, token }: { url: string; ca: string; token: string }): ApiClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 32, ca });

  async function send(method: string, path: string, headers: OutgoingHttpHeaders, payload?: string) {
    const outgoing = httpsRequest(new URL(path, url), {
      method,
      agent,
      headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    outgoing.end(payload);
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    return { status: incoming.statusCode ?? 0, headers: incoming.headers, content: await text(incoming) };
  }

  /** Comes back as often as it is told to, within reason. */
  async function sendPatiently(...request: Parameters<typeof send>): ReturnType<typeof send> {
    for (let tries = 1; ; tries++) {
      const answer = await send(...request);
      if (answer.status !== 429 || tries === MOST_TRIES) return answer;
      await sleep(Number(answer.headers['retry-after'] ?? 1) * 1000);
    }
  }

  return {
    async request(method, path, body, headers) {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const contentHeaders =
        payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
      const sent = { authorization: `Bearer ${token}`, ...contentHeaders, ...headers };
      const answer = await sendPatiently(method, path, sent, payload);
      const isJson = answer.headers['content-type']?.startsWith('application/json') ?? false;
      return { status: answer.status, body: isJson ? JSON.parse(answer.content) : answer.content };
    },
    disconnect: () => agent.destroy(),
  };
}
