import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { Agent } from 'node:https';
import { connect, type Socket } from 'node:net';
import { after, afterEach, describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { NamespaceRecord } from '../../src/decision/namespace-record.ts';
import { makePod } from '../builders.ts';
import { ask, openTls, send } from './client.ts';
import { toReview } from './reviews.ts';
import { makeRecord, useWebhook } from './start-webhook.ts';

function rawRequest(uid: string, namespace = 'shop', path = '/mutate'): string {
  const body = JSON.stringify(toReview({ uid, namespace, object: makePod() }));
  return `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

/** Unlike `once`, also when it ends with an error. */
function closing(socket: Socket): Promise<unknown> {
  return new Promise((resolve) =>
    socket.destroyed ? resolve(socket) : socket.on('close', resolve).on('error', () => {}),
  );
}

/** Collects what a socket receives until it holds as many uids as wanted; answers them in order. */
async function receiveUids(socket: TLSSocket, count: number): Promise<readonly string[]> {
  let received = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    received += chunk;
    const uids = [...received.matchAll(/"uid":"([^"]+)"/g)].map(([, uid]) => uid ?? '');
    if (uids.length >= count) return uids;
  }
  throw new Error(`closed after ${received}`);
}

describe('a connection', { timeout: 300_000 }, () => {
  const webhook = useWebhook();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  after(() => agent.destroy());
  afterEach(async () => {
    assert.equal((await ask(webhook, '/mutate', { object: makePod() })).auditAnnotations['reason'], 'steered');
  });

  it('of TLS 1.3 is served', async (t) => {
    const socket = await openTls(webhook);
    t.after(() => socket.destroy());
    assert.equal(socket.getProtocol(), 'TLSv1.3');
  });

  for (const version of ['TLSv1.2', 'TLSv1.1'] as const)
    it(`of at most ${version} is refused`, async () => {
      const versions = { maxVersion: version, minVersion: 'TLSv1' } as const;
      await assert.rejects(openTls(webhook, versions), {
        code: /TLSV1_ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS/,
      });
    });

  it('of plain HTTP is closed without an HTTP answer', async (t) => {
    const socket = connect(webhook.port, '127.0.0.1', () => socket.write(rawRequest('plain')));
    t.after(() => socket.destroy());
    let answer = '';
    socket
      .on('error', () => {})
      .on('data', (chunk) => {
        answer += chunk.toString('latin1');
      });
    await closing(socket);
    assert.doesNotMatch(answer, /HTTP/);
  });

  it('that speaks no HTTP gets 400 and is closed', async (t) => {
    const socket = await openTls(webhook);
    t.after(() => socket.destroy());
    socket.write('\u0016\u0003 nonsense\r\n\r\n');
    const [answer] = await once(socket, 'data');
    assert.match(String(answer), /^HTTP\/1\.1 400 /);
    await closing(socket);
  });

  it('that never stops sending headers is refused', async (t) => {
    const socket = await openTls(webhook);
    t.after(() => socket.destroy());
    socket.on('error', () => {});
    socket.write(`POST /mutate HTTP/1.1\r\n${'x: y\r\n'.repeat(10_000)}`);
    const [answer] = await once(socket, 'data');
    assert.match(String(answer), /^HTTP\/1\.1 431 /);
  });

  it('that is kept alive serves one review after the other', async () => {
    const ports = new Set<number | undefined>();
    webhook.app.server.on('request', ({ socket }) => ports.add(socket.remotePort));
    for (let i = 0; i < 20; i++) await ask(webhook, '/mutate', { object: makePod(), uid: `uid-${i}` }, { agent });
    assert.equal(ports.size, 1);
  });

  it('is kept longer than the 90 s that the API server keeps it', async () => {
    const { headers } = await send(webhook, '/mutate', JSON.stringify(toReview({ object: makePod() })), { agent });
    assert.equal(headers.connection, 'keep-alive');
    assert.ok(Number(/timeout=(\d+)/.exec(String(headers['keep-alive']))?.[1]) > 90);
  });

  it('is given back while the process shuts down', async (t) => {
    webhook.world.isClosing = true;
    t.after(() => {
      webhook.world.isClosing = false;
    });
    const review = JSON.stringify(toReview({ object: makePod() }));
    for (const [what, path, body] of [
      ['an answer', '/mutate', review],
      ['an answer about a namespace', '/namespaces', review],
      ['an error', '/mutate', '{'],
    ] as const)
      assert.equal((await send(webhook, path, body, { agent })).headers.connection, 'close', what);
  });

  it('with pipelined requests gets the answers in order', async (t) => {
    const socket = await openTls(webhook);
    t.after(() => socket.destroy());
    socket.write(['a', 'b', 'c'].map((uid) => rawRequest(uid)).join(''));
    assert.deepEqual(await receiveUids(socket, 3), ['a', 'b', 'c']);
  });
});

describe('a client that hangs up', { timeout: 300_000 }, () => {
  let release: (record: NamespaceRecord | undefined) => void = () => {};
  const lookups = new EventEmitter();
  const webhook = useWebhook({
    fetchNamespace: () =>
      new Promise((resolve) => {
        release = resolve;
        lookups.emit('started');
      }),
  });

  type When = 'connected' | 'asked' | 'looked up';
  const rows: readonly [name: string, text: string, when: When][] = [
    ['right after the handshake', '', 'connected'],
    ['in the middle of its headers', rawRequest('gone').slice(0, 30), 'connected'],
    ['in the middle of its body', rawRequest('gone').slice(0, -20), 'asked'],
    ['before the answer', rawRequest('gone', 'unheard-of'), 'looked up'],
  ];
  for (const [name, text, when] of rows)
    it(`${name} disturbs nobody`, async (t) => {
      const { server } = webhook.app;
      const accepted = once(server, 'secureConnection');
      const reached = { connected: accepted, asked: once(server, 'request'), 'looked up': once(lookups, 'started') };
      const socket = await openTls(webhook);
      t.after(() => socket.destroy());
      socket.write(text);
      const [peer] = (await accepted) as [TLSSocket];
      await reached[when];
      const closed = closing(peer);
      socket.destroy();
      await closed;
      release(makeRecord('unheard-of', { mode: 'enforce' }));
      const { auditAnnotations } = await ask(webhook, '/mutate', { object: makePod() });
      assert.equal(auditAnnotations['reason'], 'steered');
    });

  it('a fast answer waits behind a slow one of the same connection', async (t) => {
    const socket = await openTls(webhook);
    t.after(() => socket.destroy());
    const asked = once(lookups, 'started');
    socket.write(rawRequest('slow', 'slow-to-know') + rawRequest('fast'));
    await asked;
    release(undefined);
    assert.deepEqual(await receiveUids(socket, 2), ['slow', 'fast']);
  });
});
