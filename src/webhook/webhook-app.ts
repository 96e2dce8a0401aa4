import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { createDirectLane, type Lane } from './direct-lane.ts';
import { createEndpoints, type EndpointDeps, failure } from './endpoints.ts';

export interface WebhookDeps extends EndpointDeps {
  readonly tls: { readonly cert: string; readonly key: string };
  /** True while shutting down: answers then ask the API server to take its connections elsewhere. */
  readonly isClosing: () => boolean;
  /** How long a client may take to send a request. */
  readonly requestTimeoutMs?: number;
}

export type WebhookApp = FastifyInstance<Server>;

const MAX_BODY_BYTES = 7 * 1024 * 1024;
/** The API server keeps idle connections 90 s; whoever closes first must not be us, or a review is lost. */
const KEEP_ALIVE_MS = 120_000;
/** As long: to Node, a connection that the API server opened in reserve is a request whose headers are late. */
const REQUEST_TIMEOUT_MS = KEEP_ALIVE_MS;
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Builds the HTTPS server of the webhook endpoints; it does not listen by itself. */
export function createWebhookApp(deps: WebhookDeps): WebhookApp {
  const { isClosing } = deps;
  const endpoints = createEndpoints(deps);
  const app = createApp(deps, createDirectLane({ endpoints, maxBodyBytes: MAX_BODY_BYTES, isClosing }));

  function send(reply: FastifyReply, statusCode: number, payload: Buffer): void {
    if (isClosing()) reply.header('connection', 'close');
    reply.code(statusCode).header('content-type', 'application/json').send(payload);
  }

  app.setErrorHandler((error: FastifyError, _request, reply) => sendError(error, send.bind(undefined, reply)));
  app.setNotFoundHandler((_request, reply) => send(reply, 404, failure('no such endpoint')));
  for (const [path, endpoint] of endpoints) {
    app.post(path, (request, reply) => {
      endpoint(bodyOf(request), timeoutOf(request), (statusCode, payload) => send(reply, statusCode, payload));
    });
  }
  return app;
}

function createApp({ tls, requestTimeoutMs = REQUEST_TIMEOUT_MS }: WebhookDeps, takesDirectly: Lane): WebhookApp {
  const https = {
    ...tls,
    minVersion: 'TLSv1.3',
    handshakeTimeout: Math.min(requestTimeoutMs, HANDSHAKE_TIMEOUT_MS),
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: requestTimeoutMs,
    // Node swaps the two when the time for headers is the longer one, and a slow body would get its 60 s.
    headersTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(requestTimeoutMs / 4, 5_000),
  } as const;
  const app = fastify({
    https,
    serverFactory: (route) =>
      createServer(https, (request, response) => {
        if (!takesDirectly(request, response)) route(request, response);
      }),
    bodyLimit: MAX_BODY_BYTES,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
  });
  closeSilentConnections(app);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  return app;
}

/**
 * Go clients open connections in reserve. Node counts one that never shook hands or never sent a request as busy, and
 * would wait for it when the server closes.
 */
function closeSilentConnections(app: WebhookApp): void {
  const unshaken = new Map<string, Socket>();
  const silent = new Set<Socket>();
  const keyOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
  app.server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    unshaken.set(key, socket);
    socket.once('close', () => unshaken.delete(key));
  });
  app.server.on('secureConnection', (socket) => {
    unshaken.delete(keyOf(socket));
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  app.server.on('request', ({ socket }) => {
    if (silent.size > 0) silent.delete(socket);
  });
  app.addHook('preClose', async () => {
    for (const socket of [...unshaken.values(), ...silent]) socket.destroy();
  });
}

function bodyOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

function timeoutOf({ query }: FastifyRequest): string | undefined {
  const { timeout } = query as { timeout?: unknown };
  return typeof timeout === 'string' ? timeout : undefined;
}

function sendError(error: FastifyError, send: (statusCode: number, payload: Buffer) => void): void {
  const statusCode = error.statusCode ?? 500;
  const known: Readonly<Record<number, string>> = {
    400: 'the body is not what its headers say',
    413: `the body is larger than ${MAX_BODY_BYTES} bytes`,
    415: 'the content type must be application/json',
  };
  send(statusCode, failure(known[statusCode] ?? 'gridgate failed inside'));
}
