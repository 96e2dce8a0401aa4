import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { parseDuration } from '../config/duration.ts';
import type { Policy } from '../decision/policy.ts';
import type { PolicyDefaults } from '../decision/policy-annotations.ts';
import { isWorkload } from '../decision/workload.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import { type Answer, writeAnswer } from './answer.ts';
import type { PolicyFinder } from './find-policy.ts';
import type { Recorder } from './recorder.ts';
import { parseReview, type Review, ReviewError } from './review.ts';
import type { BindingGuard } from './review-binding.ts';
import { reviewNamespace } from './review-namespace.ts';
import { type Moment, passed, reviewPod } from './review-pod.ts';
import { reviewWorkload } from './review-workload.ts';

export interface WebhookDeps {
  readonly tls: { readonly cert: string; readonly key: string };
  readonly snapshot: () => Snapshot;
  readonly policies: PolicyFinder;
  readonly policyDefaults: PolicyDefaults;
  readonly bindings: BindingGuard;
  readonly recorder: Recorder;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** True while shutting down: answers then ask the API server to take its connections elsewhere. */
  readonly isClosing: () => boolean;
  /** How long a client may take to send a request. */
  readonly requestTimeoutMs?: number;
}

export type WebhookApp = FastifyInstance<HttpsServer>;

type Answering = (review: Review, policy: Policy | undefined, moment: Moment) => Answer;

const MAX_BODY_BYTES = 7 * 1024 * 1024;
/** The API server keeps idle connections 90 s; whoever closes first must not be us, or a review is lost. */
const KEEP_ALIVE_MS = 120_000;
/** As long: to Node, a connection that the API server opened in reserve is a request whose headers are late. */
const REQUEST_TIMEOUT_MS = KEEP_ALIVE_MS;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** For a review without `?timeout=`: the API server's own default. */
const DEFAULT_DEADLINE_MS = 10_000;

/** Builds the HTTPS server of the four webhook endpoints; it does not listen by itself. */
export function createWebhookApp(deps: WebhookDeps): WebhookApp {
  const app = createServer(deps);
  const { policyDefaults, bindings, isClosing } = deps;

  function leave(reply: FastifyReply): FastifyReply {
    return isClosing() ? reply.header('connection', 'close') : reply;
  }

  app.setErrorHandler((error: FastifyError | ReviewError, _request, reply) => sendError(error, leave(reply)));
  app.setNotFoundHandler((_request, reply) => sendFailure(leave(reply), 404, 'no such endpoint'));

  /** Parses a review, has it answered, and fails open: what goes wrong inside lets the pod pass, and says so. */
  function answerPost(
    path: string,
    answerReview: (review: Review, request: FastifyRequest) => Promise<Answer> | Answer,
  ): void {
    app.post(path, (request, reply) => {
      const started = performance.now();
      const review = parseReview(bodyOf(request));
      const finish = (answer: Answer) => send(reply, path, review, answer, started);
      const fail = (error: unknown) => {
        if (error instanceof ReviewError) sendError(error, leave(reply));
        else finish(failedOpen(review, undefined, error));
      };
      let answer: Promise<Answer> | Answer;
      try {
        answer = answerReview(review, request);
      } catch (error) {
        fail(error);
        return;
      }
      if (answer instanceof Promise) answer.then(finish, fail);
      else finish(answer);
    });
  }

  function judge(path: string, answering: Answering): void {
    answerPost(path, (review, request) => {
      const answerUnder = (policy: Policy | undefined) => {
        try {
          return answering(review, policy, { snapshot: deps.snapshot(), now: deps.clock() });
        } catch (error) {
          return failedOpen(review, policy, error);
        }
      };
      const found = deps.policies.find(review.namespace, deps.clock() + timeLeft(request));
      return found instanceof Promise ? found.then(answerUnder) : answerUnder(found);
    });
  }

  function send(reply: FastifyReply, path: string, review: Review, answer: Answer, started: number): void {
    leave(reply).header('content-type', 'application/json').send(writeAnswer(review.uid, answer));
    deps.recorder.record(path, review, answer.outcome, performance.now() - started);
  }

  judge('/mutate', (review, policy, moment) => reviewPod(review, policy, moment, false));
  judge('/validate', (review, policy, moment) =>
    isWorkload(review.group, review.kind)
      ? reviewWorkload(review, policy, moment)
      : reviewPod(review, policy, moment, true),
  );
  judge('/validate-binding', bindings.review);
  answerPost('/namespaces', (review) => reviewNamespace(review, policyDefaults));
  return app;
}

function createServer({ tls, requestTimeoutMs = REQUEST_TIMEOUT_MS }: WebhookDeps): WebhookApp {
  const app = fastify({
    https: {
      ...tls,
      minVersion: 'TLSv1.3',
      handshakeTimeout: Math.min(requestTimeoutMs, HANDSHAKE_TIMEOUT_MS),
      // Node swaps the two when the time for headers is the longer one, and a slow body would get its 60 s.
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(requestTimeoutMs / 4, 5_000),
    },
    bodyLimit: MAX_BODY_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: requestTimeoutMs,
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

function failedOpen(review: Review, policy: Policy | undefined, error: unknown): Answer {
  if (error instanceof ReviewError) throw error;
  return passed(review, 'internal_error', policy, undefined, error);
}

function bodyOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

function timeLeft({ query }: FastifyRequest): number {
  const { timeout } = query as { timeout?: unknown };
  return (typeof timeout === 'string' ? parseDuration(timeout) : undefined) ?? DEFAULT_DEADLINE_MS;
}

function sendError(error: FastifyError | ReviewError, reply: FastifyReply): void {
  if (error instanceof ReviewError) {
    sendFailure(reply, 400, error.message, error.uid);
    return;
  }
  const statusCode = error.statusCode ?? 500;
  const known: Readonly<Record<number, string>> = {
    400: 'the body is not what its headers say',
    413: `the body is larger than ${MAX_BODY_BYTES} bytes`,
    415: 'the content type must be application/json',
  };
  sendFailure(reply, statusCode, known[statusCode] ?? 'gridgate failed inside');
}

function sendFailure(reply: FastifyReply, statusCode: number, error: string, uid?: string): void {
  reply.code(statusCode).header('content-type', 'application/json');
  reply.send(JSON.stringify({ error, ...(uid && { uid }) }));
}
