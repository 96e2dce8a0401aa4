import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import { connect, type Socket } from 'node:net';
import { after, describe, it, type TestContext } from 'node:test';
import { makePod } from '../builders.ts';
import { ask, openTls } from './client.ts';
import { toReview } from './reviews.ts';
import { type TestWebhook, useWebhook } from './start-webhook.ts';

const REVIEW = JSON.stringify(toReview({ object: makePod() }));
const HEAD = `POST /mutate?timeout=200ms HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${REVIEW.length}\r\n\r\n`;
/** Of connections and heads; a body has what its review says, which is clearly less. */
const TIMEOUT_MS = 500;
const DRIBBLE_MS = 20;

interface Slow {
  readonly name: string;
  /** Before the handshake instead of after it. */
  readonly plain?: true;
  /** Sent at once. */
  readonly first: string;
  /** Sent a byte at a time. */
  readonly dribble?: string;
  /** `status cause`; nobody counts a connection in reserve. */
  readonly counted?: string;
}

const CLIENTS: readonly Slow[] = [
  { name: 'no handshake at all', plain: true, first: '', counted: 'closed no_handshake' },
  { name: 'half a handshake', plain: true, first: '\x16\x03\x01\x02\x00', counted: 'closed no_handshake' },
  { name: 'silence after the handshake', first: '' },
  { name: 'headers that stop', first: HEAD.slice(0, 40), counted: '408 slow_headers' },
  { name: 'headers that dribble', first: '', dribble: HEAD, counted: '408 slow_headers' },
  { name: 'a body that stops', first: HEAD + REVIEW.slice(0, 100), counted: 'closed slow_body' },
  { name: 'a body that dribbles', first: HEAD, dribble: REVIEW, counted: 'closed slow_body' },
];

interface Opened {
  readonly socket: Socket;
  /** What the server said until it closed the connection. */
  readonly closed: Promise<string>;
}

async function open(webhook: TestWebhook, test: TestContext, { plain, first, dribble = '' }: Slow): Promise<Opened> {
  const socket = plain ? connect(webhook.port, '127.0.0.1') : await openTls(webhook);
  let said = '';
  let sent = 0;
  socket.write(first, 'latin1');
  const timer = setInterval(() => {
    if (sent < dribble.length) socket.write(dribble.charAt(sent++));
  }, DRIBBLE_MS).unref();
  const closed = new Promise<string>((resolve) => {
    socket.on('close', () => {
      clearInterval(timer);
      resolve(said);
    });
  });
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    said += chunk.toString('latin1');
  });
  test.after(() => socket.destroy());
  return { socket, closed };
}

describe('a client that is too slow is closed, and others are served meanwhile:', { timeout: 300_000 }, () => {
  const webhook = useWebhook({ requestTimeoutMs: TIMEOUT_MS });

  describe('one with', { concurrency: true }, () => {
    for (const client of CLIENTS)
      it(client.name, { timeout: 300_000 }, async (t) => {
        const { closed } = await open(webhook, t, client);
        assert.equal((await ask(webhook, '/mutate', { object: makePod() })).allowed, true);
        const said = await closed;
        if (!client.plain && said !== '') assert.match(said, /^HTTP\/1\.1 408 /);
        if (client.counted) assert.ok(webhook.rejected.includes(client.counted), webhook.rejected.join());
      });
  });

  it('twenty at once', async (t) => {
    const slow = CLIENTS.filter(({ name }) => name.startsWith('headers'));
    const crowd = Array.from({ length: 10 }, () => slow).flat();
    const opened = await Promise.all(crowd.map((client) => open(webhook, t, client)));
    assert.equal((await ask(webhook, '/mutate', { object: makePod() })).allowed, true);
    await Promise.all(opened.map(({ closed }) => closed));
  });

  it('none of them was counted or logged as a decision', () => {
    assert.equal(webhook.counted.length, CLIENTS.length + 1);
    assert.equal(webhook.log.filter(({ msg }) => msg === 'decided').length, CLIENTS.length + 1);
  });
});

describe('a connection that is idle between reviews', { timeout: 300_000 }, () => {
  const webhook = useWebhook({ requestTimeoutMs: TIMEOUT_MS });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  after(() => agent.destroy());

  it('outlives the time a request may take', async (t) => {
    const ports = new Set<number | undefined>();
    webhook.app.server.on('request', ({ socket }) => ports.add(socket.remotePort));
    await ask(webhook, '/mutate', { object: makePod() }, { agent });
    const silent = await open(webhook, t, { name: 'silent', first: '' });
    await silent.closed;
    await ask(webhook, '/mutate', { object: makePod() }, { agent });
    assert.equal(ports.size, 1);
  });
});
