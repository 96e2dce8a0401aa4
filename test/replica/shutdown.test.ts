import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:https';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { makePod } from '../builders.ts';
import { writeWorld } from '../commands/world-files.ts';
import { addressOf, openTls, send } from '../webhook/client.ts';
import { toReview } from '../webhook/reviews.ts';
import { type Serving, serveWorld, until, untilLogged } from './serving.ts';

const BODY = JSON.stringify(toReview({ object: makePod() }));
/** A name of 253 characters makes a long line in the log. */
const LONG_LINE = JSON.stringify(toReview({ object: makePod({ metadata: { name: 'n'.repeat(250) } }) }));
const HEAD = `POST /mutate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n`;
const DELAY = ['--shutdown-delay', '2s'];

/** A request of which the last bytes are still to come; answers what sends them and reads the answer. */
async function holdRequest(test: TestContext, serving: Serving): Promise<() => Promise<string>> {
  const socket = await openTls(serving);
  test.after(() => socket.destroy());
  socket.write(HEAD + BODY.slice(0, -10));
  return async () => {
    const answered = once(socket, 'data');
    socket.write(BODY.slice(-10));
    return String((await answered)[0]);
  };
}

async function untilUnready({ page }: Serving): Promise<void> {
  await until('readiness to fail', async () => (await page('/readyz')).status === 503);
}

describe('gridgate serve that is told to stop', { timeout: 300_000, concurrency: 3 }, () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    it(`by ${signal} fails readiness first and serves on, giving connections back, then exits 0`, async (t) => {
      const serving = await serveWorld(t, DELAY);
      const { gridgate, page } = serving;
      const ended = gridgate.end(signal);
      await untilUnready(serving);
      assert.deepEqual(await page('/readyz'), { status: 503, text: 'not ready: shutting down\n' });
      assert.equal((await page('/healthz')).status, 200);
      const { status, headers, body } = await send(serving, '/mutate', BODY);
      assert.deepEqual([status, headers.connection], [200, 'close']);
      assert.equal(JSON.parse(body).response.auditAnnotations.reason, 'steered');
      assert.equal(await ended, 0);
      assert.equal((await untilLogged(gridgate, 'closing'))['signal'], signal);
      await untilLogged(gridgate, 'closed');
      assert.equal(gridgate.stderr(), '');
    });

  it('as soon as it says that it listens ends in good order', async (t) => {
    const codes: (number | null)[] = [];
    for (let i = 0; i < 5; i++) codes.push(await (await serveWorld(t)).gridgate.end());
    assert.deepEqual(codes, [0, 0, 0, 0, 0]);
  });

  it('answers a request in flight, without a delay', async (t) => {
    const serving = await serveWorld(t);
    const finish = await holdRequest(t, serving);
    const ended = serving.gridgate.end();
    await untilLogged(serving.gridgate, 'closing');
    const answer = await finish();
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.match(answer, /\r\nconnection: close\r\n/i);
    assert.match(answer, /"reason":"steered"/);
    assert.equal(await ended, 0);
  });

  it('answers a request that the delay overtakes', async (t) => {
    const serving = await serveWorld(t, ['--shutdown-delay', '200ms']);
    const finish = await holdRequest(t, serving);
    const ended = serving.gridgate.end();
    await until('the listener to close', () =>
      openTls(serving).then(
        (socket) => !socket.destroy(),
        () => true,
      ),
    );
    assert.match(await finish(), /^HTTP\/1\.1 200 /);
    assert.equal(await ended, 0);
  });

  it('loses none of the reviews that keep coming', async (t) => {
    const serving = await serveWorld(t, ['--shutdown-delay', '5s']);
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    t.after(() => agent.destroy());
    const answered = { before: 0, after: 0 };
    let stopsAt = Number.POSITIVE_INFINITY;
    let closing = false;
    async function client(): Promise<void> {
      for (let afterwards = 0; afterwards < 20; afterwards += Number(closing)) {
        const isTold = closing;
        const reply = await send(serving, '/mutate', BODY, { agent }).catch((error: unknown) => {
          if (performance.now() < stopsAt) throw error;
        });
        if (!reply) return; // a machine so slow that the delay was over
        assert.equal(reply.status, 200);
        if (isTold) assert.equal(reply.headers.connection, 'close');
        answered[isTold ? 'after' : 'before'] += 1;
      }
    }
    const clients = Promise.all(Array.from({ length: 4 }, client));
    await until('some answers', () => answered.before > 20);
    stopsAt = performance.now() + 5_000;
    const ended = serving.gridgate.end();
    await untilUnready(serving);
    closing = true;
    await clients;
    assert.ok(answered.after > 0);
    assert.equal(await ended, 0);
  });

  it('does not wait for connections that are idle between reviews', async (t) => {
    const serving = await serveWorld(t);
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    await send(serving, '/mutate', BODY, { agent });
    assert.equal(await serving.gridgate.end(), 0);
  });

  it('does not wait for connections that never sent a request, as Go clients keep them in reserve', async (t) => {
    const serving = await serveWorld(t);
    const silent = (await openTls(serving)).on('error', () => {});
    t.after(() => silent.destroy());
    assert.equal(await serving.gridgate.end(), 0);
  });

  it('does not wait for connections that never shook hands', async (t) => {
    const { gridgate, port } = await serveWorld(t);
    const silent = connect(port, '127.0.0.1').on('error', () => {});
    t.after(() => silent.destroy());
    await once(silent, 'connect');
    assert.equal(await gridgate.end(), 0);
  });

  it('answers and ends in good order when nobody reads its log', async (t) => {
    const files = await writeWorld(t);
    const child = spawn(
      process.execPath,
      [
        'src/main.ts',
        'serve',
        '--host',
        '127.0.0.1',
        '--port',
        '0',
        '--metrics-port',
        '0',
        '--log-level',
        'trace',
        ...files.args,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    t.after(() => child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    const [line] = await once(child.stdout, 'data');
    child.stdout.pause();
    const { webhook, operators } = JSON.parse(
      String(line)
        .split('\n')
        .find((one) => one.includes('"listening"')) ?? '{}',
    );
    const address = addressOf(webhook, files.ca);
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    t.after(() => agent.destroy());
    const dropped = async () => {
      const metrics = await (await fetch(`${operators}/metrics`, { headers: { connection: 'close' } })).text();
      return Number(/^gridgate_log_lines_dropped_total (\d+)$/m.exec(metrics)?.[1] ?? Number.NaN);
    };
    while ((await dropped()) === 0)
      await Promise.all(Array.from({ length: 500 }, () => send(address, '/mutate', LONG_LINE, { agent })));
    const { status, body } = await send(address, '/mutate', BODY, { agent });
    assert.deepEqual([status, JSON.parse(body).response.auditAnnotations.reason], [200, 'steered']);
    agent.destroy();
    child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
  });

  it('twice ends at once with 1', async (t) => {
    const { gridgate } = await serveWorld(t, ['--shutdown-delay', '1h']);
    const ended = gridgate.end();
    await untilLogged(gridgate, 'closing');
    process.kill(gridgate.pid, 'SIGTERM');
    assert.equal(await ended, 1);
  });
});
