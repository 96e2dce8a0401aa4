import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { KubeConfig } from '@kubernetes/client-node';
import { ApiError } from './api-error.ts';
import type { Status } from './kube-object.ts';

export interface GetOptions {
  readonly accept: string;
  readonly query?: Readonly<Record<string, string | undefined>> | undefined;
  /** The request fails when nothing at all arrives for so long, at any time until its end. */
  readonly idleTimeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface SendOptions extends Omit<GetOptions, 'accept'> {
  readonly contentType: string;
  readonly body: unknown;
  /** Called when credentials and connection are ready and only the request itself is left; what it throws is the answer. */
  readonly beforeSend?: () => void;
  /** Called with the answer's headers, whatever its status: what admission warns of stands there. */
  readonly onHeaders?: (headers: IncomingHttpHeaders) => void;
}

export type WriteMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface ApiClient {
  /** The parsed JSON answer. Rejects with an ApiError on an error status, and with the network's own error otherwise. */
  get(path: string, options: GetOptions): Promise<unknown>;
  /** The same request with the body still to be read: a watch. */
  open(path: string, options: GetOptions): Promise<IncomingMessage>;
  /** Writes `body` as JSON; answers and rejects as `get` does. Whoever acts for the cluster uses an ApiWriter instead. */
  send(method: WriteMethod, path: string, options: SendOptions): Promise<unknown>;
  close(): void;
}

const MOST_IDLE_MS = 30_000;

/**
 * Requests to the API server with the kubeconfig's credentials. Not client-node's own fetch: it builds a new TLS agent
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
    await kubeConfig.applyToHTTPSOptions(options).catch(tellCredentials); // each time: tokens rotate, and it is what reads them again
    options.headers = { ...options.headers, accept };
    options.timeout = idleTimeoutMs;
    if (!cluster?.proxyUrl) options.agent = agent;
    if (signal) options.signal = signal;
    return options;
  }

  async function exchange(
    method: WriteMethod | 'GET',
    path: string,
    options: GetOptions,
    content?: SendOptions,
  ): Promise<IncomingMessage> {
    const url = new URL(server + path);
    for (const [key, value] of Object.entries(options.query ?? {})) {
      if (value !== undefined) url.searchParams.set(key, value);
    }
    const prepared: RequestOptions = { ...(await requestOptions(options)), method };
    const body = content && JSON.stringify(content.body);
    if (content && body !== undefined) {
      // Node itself writes no length for a DELETE: its body would be read as the beginning of the next request.
      const length = { 'content-length': Buffer.byteLength(body) };
      prepared.headers = { ...prepared.headers, 'content-type': content.contentType, ...length };
    }
    const start: Start = (onResponse) => request(url, prepared, onResponse);
    const response = await transmit(start, options.idleTimeoutMs, body, content?.beforeSend);
    const { statusCode = 500, headers } = response;
    content?.onHeaders?.(headers);
    if (statusCode >= 200 && statusCode < 300) return response;
    throw toApiError(`${method} ${path}`, response, await text(response));
  }

  async function parsed(request: string, response: IncomingMessage): Promise<unknown> {
    const body = await text(response);
    try {
      return JSON.parse(body);
    } catch (cause) {
      throw new Error(`${request} answers something that is not JSON`, { cause });
    }
  }

  const open = (path: string, options: GetOptions) => exchange('GET', path, options);
  return {
    open,
    get: async (path, options) => parsed(`GET ${path}`, await open(path, options)),
    send: async (method, path, options) =>
      parsed(`${method} ${path}`, await exchange(method, path, { ...options, accept: 'application/json' }, options)),
    close: () => agent.destroy(),
  };
}

/** What a plugin prints, and what a command line of the kubeconfig holds, may be a token: neither is repeated. */
function tellCredentials(error: unknown): never {
  if (error instanceof SyntaxError) throw new Error("the plugin of the kubeconfig's user answers what is not JSON");
  if (error instanceof Error && /^Failed to refresh token/.test(error.message))
    throw new Error("the auth-provider of the kubeconfig's user gives no token");
  throw error;
}

type Start = (onResponse: (response: IncomingMessage) => void) => ClientRequest;

function transmit(
  start: Start,
  idleTimeoutMs: number,
  body: string | undefined,
  beforeSend?: () => void,
): Promise<IncomingMessage> {
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
    if (beforeSend) sendWhenConnected(outgoing, body, beforeSend);
    else outgoing.end(body);
  });
}

function toApiError(request: string, { statusCode = 500, headers }: IncomingMessage, body: string): ApiError {
  const retryAfterMs = Number(headers['retry-after'] ?? 0) * 1000 || 0;
  return new ApiError(request, { ...parseStatus(body), code: statusCode }, retryAfterMs);
}

function parseStatus(body: string): Status {
  try {
    const { reason, message, metadata } = JSON.parse(body) as Status;
    return { ...(reason && { reason }), ...(message && { message }), ...(metadata && { metadata }) };
  } catch {
    return { message: body.slice(0, 200) }; // a proxy's page: its beginning says who it is
  }
}

/**
 * Sends a request once `beforeSend` agrees, when its connection is there. Node would send it by itself then, which can be long
 * after the request was made: the process was stopped meanwhile, or the server was slow. What `beforeSend` throws becomes the
 * request's error, and nothing is sent.
 */
function sendWhenConnected(outgoing: ClientRequest, body: string | undefined, beforeSend: () => void): void {
  function send(): void {
    try {
      beforeSend();
      outgoing.end(body);
    } catch (error) {
      outgoing.destroy(error as Error);
    }
  }

  outgoing.once('socket', (socket: Socket & { readonly secureConnecting?: boolean }) => {
    if (socket.secureConnecting) socket.once('secureConnect', send);
    else if (socket.connecting) socket.once('connect', send);
    else send();
  });
}
