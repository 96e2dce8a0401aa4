import type { IncomingMessage } from 'node:http';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import type { RequestOptions } from 'node:https';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { KubeConfig } from '@kubernetes/client-node';
import { ApiError } from './api-error.ts';
import type { Status } from './kube-object.ts';

export interface GetOptions {
  readonly accept: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** The request fails when nothing at all arrives for so long, at any time until its end. */
  readonly idleTimeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface ApiClient {
  /** The parsed JSON answer. Rejects with an ApiError on an error status, and with the network's own error otherwise. */
  get(path: string, options: GetOptions): Promise<unknown>;
  /** The same request with the body still to be read: a watch. */
  open(path: string, options: GetOptions): Promise<IncomingMessage>;
  close(): void;
}

const MOST_IDLE_MS = 30_000;

/**
 * GET requests to the API server with the kubeconfig's credentials. Not client-node's own fetch: it builds a new TLS agent
 * for every request, cannot be closed, and drops the sentence with which the API server explains a refusal.
 */
export function createApiClient(kubeConfig: KubeConfig): ApiClient {
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig has no current cluster');
  const server = cluster.server.replace(/\/+$/, '');
  const { Agent, request } = server.startsWith('http:')
    ? { Agent: HttpAgent, request: httpRequest }
    : { Agent: HttpsAgent, request: httpsRequest };
  const agent = new Agent({ keepAlive: true, timeout: MOST_IDLE_MS });

  async function requestOptions({ accept, idleTimeoutMs, signal }: GetOptions): Promise<RequestOptions> {
    const options: RequestOptions = {};
    await kubeConfig.applyToHTTPSOptions(options); // each time: tokens rotate, and it is what reads them again
    options.headers = { ...options.headers, accept };
    options.timeout = idleTimeoutMs;
    if (!cluster?.proxyUrl) options.agent = agent;
    if (signal) options.signal = signal;
    return options;
  }

  async function open(path: string, options: GetOptions): Promise<IncomingMessage> {
    const url = new URL(server + path);
    for (const [key, value] of Object.entries(options.query ?? {})) {
      if (value !== undefined) url.searchParams.set(key, value);
    }
    const prepared = await requestOptions(options);
    const response = await send((onResponse) => request(url, prepared, onResponse), options.idleTimeoutMs);
    if (response.statusCode === 200) return response;
    throw toApiError(`GET ${path}`, response, await text(response));
  }

  return {
    open,
    async get(path, options) {
      const body = await text(await open(path, options));
      try {
        return JSON.parse(body);
      } catch (cause) {
        throw new Error(`GET ${path} answers something that is not JSON`, { cause });
      }
    },
    close: () => agent.destroy(),
  };
}

type Start = (onResponse: (response: IncomingMessage) => void) => ReturnType<typeof httpRequest>;

function send(start: Start, idleTimeoutMs: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let response: IncomingMessage | undefined;
    const outgoing = start((incoming) => {
      response = incoming;
      resolve(incoming);
    });
    outgoing.on('error', reject); // kept on: an error may come again after the response, which then carries it
    outgoing.on('timeout', () => {
      (response ?? outgoing).destroy(new Error(`nothing arrives from ${outgoing.host} for ${idleTimeoutMs} ms`));
    });
    outgoing.end();
  });
}

function toApiError(request: string, { statusCode = 500, headers }: IncomingMessage, body: string): ApiError {
  const retryAfterMs = Number(headers['retry-after'] ?? 0) * 1000 || 0;
  return new ApiError(request, { ...parseStatus(body), code: statusCode }, retryAfterMs);
}

function parseStatus(body: string): Status {
  try {
    const { reason, message } = JSON.parse(body) as Status;
    return { ...(reason && { reason }), ...(message && { message }) };
  } catch {
    return { message: body.slice(0, 200) }; // a proxy's page: its beginning says who it is
  }
}
