import fastify, { type FastifyInstance } from 'fastify';
import type { Snapshot } from '../regions/snapshot.ts';
import type { RecentDecision } from './recorder.ts';
import { renderStatusPage } from './status-page.ts';

export interface OperatorsDeps {
  readonly renderMetrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  /** What keeps the webhook from being ready; empty when it is. */
  readonly unready: () => readonly string[];
  readonly snapshot: () => Snapshot;
  readonly recent: () => readonly RecentDecision[];
  readonly clock: () => number;
}

/** Builds the plain HTTP server for people and probes; it does not listen by itself. */
export function createOperatorsApp(deps: OperatorsDeps): FastifyInstance {
  const app = fastify({ return503OnClosing: false, forceCloseConnections: true, requestTimeout: 10_000 });
  app.get('/healthz', (_request, reply) => reply.type('text/plain').send('ok\n'));
  app.get('/readyz', (_request, reply) => {
    const reasons = deps.unready();
    if (reasons.length === 0) return reply.type('text/plain').send('ok\n');
    return reply
      .code(503)
      .type('text/plain')
      .send(`not ready: ${reasons.join('; ')}\n`);
  });
  app.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await deps.renderMetrics();
    return reply.type(contentType).send(body);
  });
  app.get('/', (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .send(renderStatusPage(deps.snapshot(), deps.recent(), deps.clock())),
  );
  return app;
}
