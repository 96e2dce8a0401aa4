import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { it } from 'node:test';
import type { SourceDeps } from '../../src/sources/asking/get-json.ts';
import { type Failure, SourceError } from '../../src/sources/asking/source-error.ts';
import { type Asked, PATIENT, type Reply, startProvider } from './fake-provider.ts';

/** Asks a source anything that needs the provider. */
type Ask = (baseUrl: string, deps: SourceDeps, abort: AbortSignal) => Promise<unknown>;

interface Row {
  readonly name: string;
  readonly reply: Reply;
  readonly failure: Failure;
  readonly says: RegExp;
  readonly retryAfterMs?: number;
}

const NOW = Date.parse('2026-11-22T09:00:00Z');
const DEPS: SourceDeps = { fetch, clock: () => NOW };
const IN_90_S = 'Sun, 22 Nov 2026 09:01:30 GMT';

function retry(value: string): Reply {
  return { status: 429, headers: { 'retry-after': value }, body: { message: 'slow down' } };
}

const ROWS: readonly Row[] = [
  { name: '401', reply: { status: 401 }, failure: 'unauthorized', says: /^HTTP 401: the credentials are refused/ },
  { name: '403', reply: { status: 403, body: '<html>' }, failure: 'unauthorized', says: /^HTTP 403: the cred/ },
  { name: '404', reply: { status: 404, body: '{}' }, failure: 'not_covered', says: /^HTTP 404: .* nothing for/ },
  { name: '204', reply: { status: 204 }, failure: 'not_covered', says: /^HTTP 204: .* nothing for/ },
  { name: '400', reply: { status: 400 }, failure: 'malformed', says: /^HTTP 400$/ },
  {
    name: '429 with seconds',
    reply: retry('17'),
    failure: 'rate_limited',
    says: /again in 17 s/,
    retryAfterMs: 17_000,
  },
  {
    name: '429 with a date',
    reply: retry(IN_90_S),
    failure: 'rate_limited',
    says: /again in 90 s/,
    retryAfterMs: 90_000,
  },
  {
    name: '429 with a date that is past',
    reply: retry('Sun, 22 Nov 2026 08:00:00 GMT'),
    failure: 'rate_limited',
    says: /again in 0 s/,
    retryAfterMs: 0,
  },
  { name: '429 with nonsense', reply: retry('-5'), failure: 'rate_limited', says: /too many requests(?!.* again)/ },
  { name: '429 alone', reply: { status: 429 }, failure: 'rate_limited', says: /too many requests(?!.* again)/ },
  { name: '500', reply: { status: 500, body: 'oops' }, failure: 'unavailable', says: /^HTTP 500$/ },
  { name: '503', reply: { status: 503 }, failure: 'unavailable', says: /^HTTP 503$/ },
  { name: 'HTML', reply: { body: '<!doctype html><p>Welcome' }, failure: 'malformed', says: /is HTML/ },
  { name: 'JSON that breaks off', reply: { body: '{"zone": "DE", "carb' }, failure: 'malformed', says: /is not JSON/ },
  { name: 'nothing', reply: {}, failure: 'malformed', says: /is not JSON/ },
  { name: 'JSON of another shape', reply: { body: { hello: 1 } }, failure: 'malformed', says: /another shape/ },
  {
    name: 'a redirect',
    reply: { status: 302, headers: { location: '/elsewhere' } },
    failure: 'unavailable',
    says: /redirects/,
  },
];

/** Declares the failures that every source reports alike; `before` answers what is asked ahead, such as a login. */
export function itReportsFailures(ask: Ask, before: (asked: Asked) => Reply | undefined = () => undefined): void {
  for (const { name, reply, failure, says, retryAfterMs } of ROWS)
    it(`reports ${name} as ${failure}`, async (t) => {
      const { baseUrl } = await startProvider(t, (asked) => before(asked) ?? reply);
      const error = await rejection(ask(baseUrl, DEPS, PATIENT));
      assert.deepEqual([error.failure, error.retryAfterMs], [failure, retryAfterMs]);
      assert.match(error.message, says);
    });

  it('reports a refused connection as unavailable', async () => {
    const error = await rejection(ask(await closedAddress(), DEPS, PATIENT));
    assert.deepEqual([error.failure, error.message], ['unavailable', 'the connection is refused']);
  });

  it('reports a connection that breaks in the middle as unavailable', async (t) => {
    const { baseUrl } = await startProvider(t, (asked, response) => {
      const reply = before(asked);
      if (reply) return reply;
      response.writeHead(200, { 'content-length': '1000' }).write('{"zone":', () => response.destroy());
      return undefined;
    });
    const error = await rejection(ask(baseUrl, DEPS, PATIENT));
    assert.deepEqual([error.failure, error.message], ['unavailable', 'the connection broke']);
  });

  for (const [name, begin] of [
    ['no answer', false],
    ['an answer that stops', true],
  ] as const)
    it(`reports ${name} in time as unavailable`, async (t) => {
      const patience = new AbortController();
      const { baseUrl } = await startProvider(t, (asked, response) => {
        const reply = before(asked);
        if (reply) return reply;
        // The deadline of AbortSignal.timeout, without waiting for one.
        const giveUp = () => patience.abort(new DOMException('too late', 'TimeoutError'));
        if (begin) response.writeHead(200).write('{"zone":', giveUp);
        else giveUp();
        return undefined;
      });
      const error = await rejection(ask(baseUrl, DEPS, patience.signal));
      assert.deepEqual([error.failure, error.message], ['unavailable', 'no answer in time']);
    });
}

async function closedAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

/** The SourceError that a promise rejects with: any other is a mistake of the source. */
export async function rejection(promise: Promise<unknown>): Promise<SourceError> {
  const error = await promise.then(
    (value) => assert.fail(`answered ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SourceError, String(error));
  return error;
}
