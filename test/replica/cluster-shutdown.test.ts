import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { startGridgate } from '../process/gridgate-process.ts';
import { runGridgate } from '../process/run-gridgate.ts';
import { until } from './serving.ts';

const NO_DELAY = ['--shutdown-delay', '0'];

/** A kubeconfig for an API server that answers as `listener` does. */
async function kubeconfigFor(test: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  test.after(() => server.close().closeAllConnections());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const file = join(makeTemporaryDirectory(test), 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: 'token-of-the-test' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(file, stringify(config));
  return file;
}

const SILENT: RequestListener = () => {};
const FAILING: RequestListener = (_request, response) => void response.writeHead(500).end('no etcd');
/** Nobody may do anything: what RBAC that was forgotten looks like. */
const FORBIDDING: RequestListener = (_request, response) => void response.writeHead(403).end('no RBAC');

/** A cluster with nothing in it but a Lease, where nobody may write a Secret: there will never be a certificate. */
function emptyCluster() {
  let lease: { spec?: { holderIdentity?: string } } | undefined;
  const listener: RequestListener = async (request, response) => {
    const { method = '', url = '' } = request;
    const answer = (status: number, body: object) => void response.writeHead(status).end(JSON.stringify(body));
    if (url.includes('watch=true')) response.writeHead(200).flushHeaders();
    else if (url.includes('/leases') && method !== 'GET') {
      lease = { ...((await json(request)) as object), metadata: { name: 'gridgate', resourceVersion: '1' } } as object;
      answer(200, lease);
    } else if (url.includes('/leases') && lease) answer(200, lease);
    else if (method !== 'GET') answer(403, { message: 'no' });
    else if (/\/(leases|secrets|\w+webhookconfigurations)\/./.test(url)) answer(404, { message: 'none' });
    else answer(200, { metadata: { resourceVersion: '1' }, items: [] });
  };
  return { listener, holder: () => lease?.spec?.holderIdentity };
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('gridgate serve that waits for its first certificate', { timeout: 300_000 }, () => {
  it('is alive and not ready, and ends with 0 by SIGTERM, its Lease released', async (t) => {
    const cluster = emptyCluster();
    const kubeconfig = await kubeconfigFor(t, cluster.listener);
    const metricsPort = await freePort();
    const args = ['src/main.ts', 'serve', '--host', '127.0.0.1', '--port', '0', '--metrics-port', String(metricsPort)];
    const child = spawn(process.execPath, [...args, '--kubeconfig', kubeconfig, ...NO_DELAY], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '' },
    });
    t.after(() => child.kill('SIGKILL'));
    const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]);
    const page = (path: string) =>
      fetch(`http://127.0.0.1:${metricsPort}${path}`, { headers: { connection: 'close' } });
    await until('the Lease to be taken', () => Boolean(cluster.holder()));
    await until('its probe', async () => (await page('/healthz')).ok);
    const ready = await page('/readyz');
    assert.equal(ready.status, 503);
    assert.match(await ready.text(), /no certificate to serve yet: waiting for Secret gridgate-system\/gridgate-tls/);

    child.kill('SIGTERM');
    const [[code], log, stderr] = await ended;
    assert.equal(code, 0, log);
    assert.match(log, /"msg":"closed"/);
    assert.equal(stderr, '');
    assert.equal(cluster.holder(), '');
  });
});

describe('gridgate serve in a cluster that it has not seen yet', { timeout: 300_000, concurrency: 2 }, () => {
  for (const [how, listener] of [
    ['never answers', SILENT],
    ['answers 500', FAILING],
    ['forbids everything', FORBIDDING],
  ] as const) {
    it(`ends with 0 by SIGTERM while the API server ${how}`, async (t) => {
      const kubeconfig = await kubeconfigFor(t, listener);
      const gridgate = await startGridgate({
        args: ['--roles', 'controllers', '--kubeconfig', kubeconfig, ...NO_DELAY],
      });
      t.after(() => gridgate.end('SIGKILL'));
      const began = performance.now();
      assert.equal(await gridgate.end(), 0);
      assert.ok(performance.now() - began < 5_000, 'waits for an API server');
    });
  }

  it('says with its status why it is not ready, and no token', async (t) => {
    const kubeconfig = await kubeconfigFor(t, FORBIDDING);
    const gridgate = await startGridgate({ args: ['--roles', 'controllers', '--kubeconfig', kubeconfig, ...NO_DELAY] });
    t.after(() => gridgate.end('SIGKILL'));
    const response = await fetch(`${gridgate.operators}/readyz`, { headers: { connection: 'close' } });
    assert.equal(response.status, 503);
    assert.match(await response.text(), /namespaces not seen yet/);
    assert.ok(!JSON.stringify(gridgate.log).includes('token-of-the-test'));
  });

  it('ends with 2 where a port is taken', async (t) => {
    const taken = createTcpServer().listen(0, '127.0.0.1');
    t.after(() => taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const kubeconfig = await kubeconfigFor(t, SILENT);
    const { code, stderr } = await runGridgate([
      ...['serve', '--host', '127.0.0.1', '--port', '0', '--metrics-port', String(port), '--kubeconfig', kubeconfig],
    ]);
    assert.match(stderr, /EADDRINUSE/);
    assert.equal(code, 2);
  });
});
