import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { makePod } from '../builders.ts';
import { pollUntil } from '../control-plane/poll.ts';
import { ask, openTls } from './client.ts';
import { toReview } from './reviews.ts';
import { type TestWebhook, useWebhook } from './start-webhook.ts';

const MIB = 1024 * 1024;
const REVIEW = JSON.stringify(toReview({ object: makePod() }));

function head(length: number, timeout = '10s'): string {
  return `POST /mutate?timeout=${timeout} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
}

async function open(webhook: TestWebhook, test: TestContext, text: string): Promise<TLSSocket> {
  const socket = await openTls(webhook);
  test.after(() => socket.destroy());
  socket.on('error', () => {});
  socket.write(text);
  return socket;
}

function untilClosed(socket: TLSSocket): Promise<unknown> {
  return new Promise((resolve) => (socket.destroyed ? resolve(0) : socket.on('close', resolve)));
}

function untilBodies(webhook: TestWebhook, isTrue: (bodies: ReturnType<TestWebhook['app']['bodies']>) => boolean) {
  return pollUntil({
    what: 'bodies',
    probe: async () => isTrue(webhook.app.bodies()) || undefined,
    deadlineMs: 60_000,
  });
}

describe('the memory of a body is given back', { timeout: 300_000 }, () => {
  const webhook = useWebhook();
  const huge = REVIEW + ' '.repeat(MIB);
  const rows: Readonly<Record<string, (t: TestContext) => Promise<unknown>>> = {
    'when it is answered': async (t) => once(await open(webhook, t, head(huge.length) + huge), 'data'),
    'when it is malformed': async (t) =>
      once(await open(webhook, t, `${head(300_000)}{${' '.repeat(299_999)}`), 'data'),
    'when its sender leaves': async (t) => {
      const socket = await open(webhook, t, head(MIB) + REVIEW);
      await untilBodies(webhook, ({ large }) => large.bytes === MIB);
      socket.destroy();
    },
    'when its time is over': async (t) => untilClosed(await open(webhook, t, head(MIB, '100ms') + REVIEW)),
  };
  for (const [name, act] of Object.entries(rows))
    it(name, async (t) => {
      await act(t);
      await untilBodies(webhook, ({ small, large }) => small.bytes + large.bytes + small.waiting + large.waiting === 0);
      assert.equal((await ask(webhook, '/mutate', { object: makePod() })).auditAnnotations['reason'], 'steered');
    });

  it('and never refused for want of it: there is room for one of these at a time, and all are answered', async (t) => {
    const bytes = 18.5 * MIB;
    const body = REVIEW + ' '.repeat(bytes - REVIEW.length);
    const sockets = await Promise.all(Array.from({ length: 3 }, () => open(webhook, t, head(bytes, '30s') + body)));
    const answers = await Promise.all(sockets.map(async (socket) => String((await once(socket, 'data'))[0])));
    for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 200 /);
    await untilBodies(webhook, ({ small, large }) => small.bytes + large.bytes === 0);
  });
});

describe('many that stop half way', { timeout: 300_000 }, () => {
  const webhook = useWebhook();
  for (const [name, bytes] of [
    ['256 KiB', 256 * 1024],
    ['7 MiB', 7 * MIB],
  ] as const)
    it(`of ${name} each take nobody's place`, async (t) => {
      const half = ' '.repeat(bytes / 2);
      const stopped = await Promise.all(Array.from({ length: 80 }, () => open(webhook, t, head(bytes) + half)));
      const own = await open(webhook, t, head(bytes) + REVIEW + ' '.repeat(bytes - REVIEW.length));
      const [answer] = await once(own, 'data');
      assert.match(String(answer), /"reason":"steered"/);
      for (const socket of stopped) socket.destroy();
    });
});

describe('bodies of one byte a packet', { timeout: 300_000 }, () => {
  const webhook = useWebhook();

  // That they take no more memory than their bytes while they wait is measured by `make bench` (hostile-memory.ts).
  it('are answered', async (t) => {
    const socket = await open(webhook, t, head(REVIEW.length));
    const answer = once(socket, 'data');
    for (const byte of REVIEW) socket.write(byte);
    assert.match(String((await answer)[0]), /"reason":"steered"/);
  });
});

describe('bodies in chunks, whose length nobody knows', { timeout: 300_000 }, () => {
  const webhook = useWebhook();
  const crumbs = '1\r\n \r\n'.repeat(2_000);

  for (const path of ['/mutate', '/nowhere'])
    it(`are not read, at ${path}`, async (t) => {
      const text = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;
      const socket = await open(webhook, t, text + crumbs);
      let said = '';
      socket.on('data', (data) => {
        said += data;
      });
      await untilClosed(socket);
      assert.match(said, path === '/mutate' ? /^HTTP\/1\.1 411 .*content-length is required/s : /^HTTP\/1\.1 404 /);
      assert.deepEqual(webhook.app.bodies().large, { bytes: 0, waiting: 0 });
    });
});

describe('bodies that come whole while they wait', { timeout: 300_000 }, () => {
  const webhook = useWebhook();

  it('are answered once there is room, one after the other of one connection, too', async (t) => {
    const length = 256 * 1024;
    // Connected before they send: a body has 3 s, in which a busy machine does not open 80 connections.
    const [socket, ...holders] = await Promise.all(Array.from({ length: 81 }, () => open(webhook, t, '')));
    for (const holder of holders) holder.write(head(length));
    await untilBodies(webhook, ({ small }) => small.waiting > 0);
    const request = `${head(32 * 1024)}${REVIEW}${' '.repeat(32 * 1024 - REVIEW.length)}`;
    socket?.write(request.repeat(12));
    await untilBodies(webhook, ({ small }) => small.waiting > 0);
    let said = '';
    socket?.on('data', (chunk) => {
      said += chunk;
    });
    await pollUntil({
      what: 'twelve answers',
      probe: async () => said.split('"reason":"steered"').length === 13 || undefined,
      deadlineMs: 60_000,
    });
    for (const holder of holders) holder.destroy();
  });
});
