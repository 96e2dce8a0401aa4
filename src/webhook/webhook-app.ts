import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { type BodyBudget, createBodyBudget, MOST_BODY_BYTES } from './body-budget.ts';
import { answerClientErrors } from './client-errors.ts';
import { followConnections } from './connections.ts';
import { createEndpoints, type EndpointDeps } from './endpoints.ts';
import { createTurns } from './one-at-a-time.ts';
import { createBodyReceiver } from './receive-body.ts';
import { createRejections, type RejectionCause } from './rejections.ts';
import { createService } from './serve-review.ts';

export interface ServedTls {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** PEM of the authorities of callers; absent: anybody may call. */
  readonly clientCa?: string | undefined;
}

export interface WebhookDeps extends EndpointDeps {
  readonly tls: ServedTls;
  /** True while shutting down: answers then ask the API server to take its connections elsewhere. */
  readonly isClosing: () => boolean;
  readonly log: Pick<Logger, 'warn'>;
  readonly countRejection: (status: string, cause: RejectionCause) => void;
  /** How long a client may take to send the head of a request. */
  readonly requestTimeoutMs?: number;
  /** How many connections are open at most. */
  readonly mostConnections?: number;
}

export interface WebhookApp {
  readonly server: Server;
  /** Answers where it listens: `https://127.0.0.1:8443`. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>;
  /** Serves other certificates from the next handshake on. */
  setTls(tls: ServedTls): void;
  /** Stops listening; resolves when the last request is answered. */
  close(): Promise<void>;
  readonly bodies: BodyBudget['state'];
}

/** The API server keeps idle connections 90 s; whoever closes first must not be us, or a review is lost. */
const IDLE_TIMEOUT_MS = 120_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** More than API servers open, which is one for each review in flight; 60 KB each. */
const MOST_CONNECTIONS = 1_000;

/** Builds the HTTPS server of the webhook endpoints; it does not listen by itself. */
export function createWebhookApp(deps: WebhookDeps): WebhookApp {
  const { tls, isClosing, requestTimeoutMs = IDLE_TIMEOUT_MS, mostConnections = MOST_CONNECTIONS } = deps;
  const reject = createRejections({ log: deps.log, count: deps.countRejection });
  const budget = createBodyBudget(MOST_BODY_BYTES);
  const service = createService({
    endpoints: createEndpoints(deps),
    receiveBody: createBodyReceiver({ budget, takeTurns: createTurns() }),
    reject,
    isClosing,
  });
  const server = createServer(
    {
      ...contextOf(tls),
      // Whoever has no certificate of these authorities gets no answer at all.
      requestCert: tls.clientCa !== undefined,
      rejectUnauthorized: tls.clientCa !== undefined,
      handshakeTimeout: Math.min(requestTimeoutMs, HANDSHAKE_TIMEOUT_MS),
      keepAliveTimeout: IDLE_TIMEOUT_MS,
      // To Node, a connection that the API server opened in reserve is a request whose head is late. A body has a time of
      // its own, see receive-body.ts.
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(requestTimeoutMs / 4, 5_000),
    },
    service,
  );
  answerClientErrors(server, reject);
  const connections = followConnections(server, mostConnections);

  return {
    server,
    listen: ({ host, port }) =>
      new Promise((resolve, fail) => {
        server.once('error', fail);
        server.listen(port, host, () => {
          server.off('error', fail);
          resolve(originOf(server.address() as AddressInfo));
        });
      }),
    setTls: (next) => server.setSecureContext(contextOf(next)),
    async close() {
      connections.closeSilent();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await closed;
    },
    bodies: budget.state,
  };
}

function contextOf({ cert, key, clientCa }: ServedTls) {
  return { cert, key, minVersion: 'TLSv1.3', ...(clientCa !== undefined && { ca: clientCa }) } as const;
}

function originOf({ address, family, port }: AddressInfo): string {
  return `https://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
