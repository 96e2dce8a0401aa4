import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { makePod } from '../builders.ts';
import { pollUntil } from '../control-plane/poll.ts';
import { ask, openTls } from './client.ts';
import { toReview } from './reviews.ts';
import { type TestWebhook, useWebhook } from './start-webhook.ts';

const MOST = 8;
const CROWD = 5 * MOST;
const REVIEW = JSON.stringify(toReview({ object: makePod() }));
const REQUEST = `POST /mutate?timeout=10s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${REVIEW.length}\r\n\r\n${REVIEW}`;

type Open = (webhook: TestWebhook, test: TestContext, from?: string) => Promise<unknown>;

async function openIdle(webhook: TestWebhook, test: TestContext, localAddress = '127.0.0.1'): Promise<TLSSocket> {
  const { port } = webhook;
  const socket = await openTls(webhook, { socket: connect({ host: '127.0.0.1', port, localAddress }) });
  test.after(() => socket.destroy());
  return socket.on('error', () => {});
}

async function openAsking(webhook: TestWebhook, test: TestContext, from?: string): Promise<TLSSocket> {
  const socket = await openIdle(webhook, test, from);
  await review(socket);
  return socket;
}

async function openPlain({ port }: TestWebhook, test: TestContext): Promise<void> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  test.after(() => socket.destroy());
  await once(socket, 'connect');
}

async function review(socket: TLSSocket): Promise<void> {
  socket.write(REQUEST);
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /"reason":"steered"/);
}

function countOpen({ app }: TestWebhook): Promise<number> {
  return new Promise((resolve) => app.server.getConnections((_error, count) => resolve(count)));
}

const untilOpen = (webhook: TestWebhook, isTrue: (count: number) => boolean) =>
  pollUntil({
    what: 'connections',
    probe: async () => isTrue(await countOpen(webhook)) || undefined,
    deadlineMs: 60_000,
  });

describe('a crowd of connections', { timeout: 300_000 }, () => {
  const webhook = useWebhook({ mostConnections: MOST });
  const crowds: Readonly<Record<string, Open>> = {
    'that never shake hands': openPlain,
    'that ask nothing': openIdle,
    'that asked once': openAsking,
  };

  for (const [name, open] of Object.entries(crowds))
    it(`${name} is kept small, and closes nobody who asks all the time, or comes from elsewhere`, async (t) => {
      const used = await openAsking(webhook, t);
      const elsewhere = await openAsking(webhook, t, '127.0.0.2');
      for (let i = 0; i < CROWD; i++) {
        await open(webhook, t);
        await review(used);
        assert.ok((await countOpen(webhook)) <= MOST + 1, 'one more for as long as it takes to close it');
      }
      await review(elsewhere);
      assert.equal((await ask(webhook, '/mutate', { object: makePod() })).auditAnnotations['reason'], 'steered');
    });

  it('that comes one after the other is none', async (t) => {
    await untilOpen(webhook, (count) => count === 0);
    const idle = await openIdle(webhook, t);
    for (let i = 0; i < CROWD; i++) {
      const socket = await openIdle(webhook, t);
      socket.destroy();
      await untilOpen(webhook, (count) => count === 1);
    }
    await review(idle);
  });
});

describe('a connection', { timeout: 300_000 }, () => {
  const webhook = useWebhook();

  it('that sends thousands of requests in one go is closed, and few of them are looked at', async (t) => {
    const socket = await openIdle(webhook, t);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(8_000));
    socket.resume();
    await closed;
    assert.ok(webhook.rejected.length <= 33, String(webhook.rejected.length));
    await review(await openIdle(webhook, t));
  });

  it('that sends as many one after the other stays open', async (t) => {
    const socket = await openIdle(webhook, t);
    for (let sent = 0; sent < 100; sent++) await review(socket);
    assert.equal(socket.destroyed, false);
  });
});
