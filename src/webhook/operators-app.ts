import fastify, { type FastifyInstance } from 'fastify';
import { followConnections } from './connections.ts';
import { PAGE_POLICY } from './page/page.ts';
import { type StatusDeps, type UnreadSetting, whyWaitingUnknown } from './page/status.ts';
import { createStatusPage } from './status-page.ts';

export interface OperatorsDeps extends StatusDeps {
  readonly renderMetrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

/** A stale page misleads, and names from the cluster are nobody else's business. */
const STATUS_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** More than probes and scrapes open. */
const MOST_CONNECTIONS = 200;

/** Builds the plain HTTP server for people and probes; it does not listen by itself. */
export function createOperatorsApp(deps: OperatorsDeps): FastifyInstance {
  const app = fastify({ return503OnClosing: false, forceCloseConnections: true, requestTimeout: 10_000 });
  followConnections(app.server, MOST_CONNECTIONS);
  const status = createStatusPage(deps);
  app.get('/healthz', (_request, reply) => reply.type('text/plain').send('ok\n'));
  app.get<{ Querystring: Readonly<Record<string, unknown>> }>('/readyz', ({ query }, reply) => {
    const reasons = deps.unready();
    const verdict = reasons.length === 0 ? 'ok' : `not ready: ${reasons.join('; ')}`;
    const details = Object.hasOwn(query, 'verbose') ? readyDetails(reasons, notesOf(deps)) : [];
    return reply
      .code(reasons.length === 0 ? 200 : 503)
      .type('text/plain')
      .send([...details, verdict, ''].join('\n'));
  });
  app.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await deps.renderMetrics();
    return reply.type(contentType).send(body);
  });
  app.get('/', (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .headers({ ...STATUS_HEADERS, 'content-security-policy': PAGE_POLICY })
      .send(status.page()),
  );
  app.get('/status.json', (_request, reply) =>
    reply.type('application/json; charset=utf-8').headers(STATUS_HEADERS).send(status.document()),
  );
  return app;
}

/** What somebody should look at, and that leaves the webhook as it was. */
function notesOf({ unreadSettings, waiting }: OperatorsDeps): readonly UnreadSetting[] {
  const why = whyWaitingUnknown(waiting?.());
  const unknown = why === undefined ? [] : [{ setting: 'waiting', problem: `what waits is not known: ${why}` }];
  return [...(unreadSettings?.() ?? []), ...unknown];
}

/**
 * A line each, in the API server's way; settings that cannot be read never make a replica unready: what counted before
 * still does.
 */
function readyDetails(reasons: readonly string[], unread: readonly UnreadSetting[]): readonly string[] {
  return [
    ...reasons.map((reason) => `[-] ${reason}`),
    ...unread.map(({ setting, problem }) => `[!] ${setting}: ${problem}`),
    ...(reasons.length + unread.length === 0 ? ['[+] everything that it needs is there, all settings were read'] : []),
  ];
}
