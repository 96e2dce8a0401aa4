import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { createApiClient } from '../../../src/cluster/api-client.ts';
import { readKubeletConfigs } from '../../../src/cluster/kubelet-config.ts';
import { policyOfKubeletConfig } from '../../../src/questions/preflight/cpu-manager-policy.ts';

const STATIC = JSON.stringify({ kubeletconfig: { cpuManagerPolicy: 'static' } });
const NAMES = ['n1', 'n2', 'n3'];

/** Asks the kubelets of these nodes through a server that answers as told; answers also who was asked. */
async function ask(test: TestContext, answer: RequestListener, names: readonly string[] = NAMES, timeoutMs = 60_000) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(decodeURIComponent(/^\/api\/v1\/nodes\/([^/]+)\/proxy\/configz$/.exec(request.url ?? '')?.[1] ?? '?'));
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const kubeConfig = new KubeConfig();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  kubeConfig.loadFromClusterAndUser({ name: 't', server: url, skipTLSVerify: true }, { name: 't' });
  const api = createApiClient(kubeConfig);
  test.after(() => {
    api.close();
    server.close().closeAllConnections();
  });
  const { found, failures } = await readKubeletConfigs(api, names, { read: policyOfKubeletConfig, timeoutMs });
  return { found: [...found], failures, asked };
}

/** The first node answers well, the others so. */
function others(answer: RequestListener): RequestListener {
  return (request, response) => (request.url?.includes('/n1/') ? response.end(STATIC) : answer(request, response));
}

describe('kubelets', () => {
  it('tell their policy', async (t) => {
    const { found, failures } = await ask(t, (_, response) => response.end(STATIC));
    assert.deepEqual(
      found.sort(),
      NAMES.map((name) => [name, 'static']),
    );
    assert.deepEqual(failures, []);
  });

  it('are asked by names that need escaping', async (t) => {
    const { asked } = await ask(t, (_, response) => response.end(STATIC), ['a/../b', 'ü%2f']);
    assert.deepEqual(asked, ['a/../b', 'ü%2f']);
  });

  it('that the caller may not ask are asked once, and why is told', async (t) => {
    const message = 'nodes "n1" is forbidden: User "reader" cannot get resource "nodes/proxy"';
    const { asked, failures } = await ask(t, (_, response) =>
      response.writeHead(403).end(JSON.stringify({ kind: 'Status', reason: 'Forbidden', message })),
    );
    assert.deepEqual(asked, ['n1']);
    assert.equal(failures.length, 1);
    assert.match(failures[0] ?? '', /right to get nodes\/proxy.*cannot get resource "nodes\/proxy"/);
  });

  const FAULTS: readonly [name: string, answer: RequestListener, told: RegExp][] = [
    ['403 of some nodes alone', (_, res) => res.writeHead(403).end(), /^2 of 3 kubelets: HTTP 403 \(n2: /],
    ['404', (_, res) => res.writeHead(404).end('404 page not found'), /^2 of 3 kubelets: HTTP 404/],
    ['500', (_, res) => res.writeHead(500).end('oops'), /^2 of 3 kubelets: HTTP 500/],
    ['503 of the proxy', (_, res) => res.writeHead(503).end('{"message":"dial tcp: no route"}'), /HTTP 503.*no route/],
    ['a page', (_, res) => res.end('<html>login</html>'), /^2 of 3 kubelets: the answer is not JSON/],
    ['nothing', (_, res) => res.end(), /^2 of 3 kubelets: the answer is not JSON/],
    ['JSON cut short', (_, res) => res.end(STATIC.slice(0, 20)), /^2 of 3 kubelets: the answer is not JSON/],
    [
      'a broken connection',
      (_, res) => res.writeHead(200, { 'content-length': 99 }).write('{') && res.destroy(),
      /the connection failed/,
    ],
    ['silence', () => {}, /^2 of 3 kubelets: no answer within 1 s/],
    ['a drip', (_, res) => void drip(res), /^2 of 3 kubelets: no answer within 1 s/],
    ['a flood', (_, res) => void flood(res), /larger than 1048576 bytes/],
    ['another document', (_, res) => res.end('{"kubeletconfig":{}}'), /does not tell the CPU manager policy/],
  ];
  for (const [name, answer, told] of FAULTS)
    it(`that answer with ${name} do not spoil the others`, async (t) => {
      const timeoutMs = told.source.includes('no answer') ? 1_000 : undefined;
      const { found, failures } = await ask(t, others(answer), NAMES, timeoutMs);
      assert.deepEqual(found, [['n1', 'static']]);
      assert.equal(failures.length, 1);
      assert.match(failures[0] ?? '', told);
    });

  it('of whom none answers are given up', async (t) => {
    const names = Array.from({ length: 5_000 }, (_, i) => `n${i}`);
    const { asked, failures } = await ask(t, (_, response) => response.writeHead(503).end(), names);
    assert.ok(asked.length < 60, `${asked.length} were asked`);
    assert.match(failures.at(-1) ?? '', /32 kubelets running did not answer: the other 49\d\d are not asked/);
  });

  it('of whom none answers are all asked where they are few', async (t) => {
    const names = Array.from({ length: 40 }, (_, i) => `n${i}`);
    const { asked, failures } = await ask(t, (_, response) => response.writeHead(503).end(), names);
    const [, left = '0'] = /the other (\d+) are not asked/.exec(failures.join()) ?? [];
    assert.equal(asked.length + Number(left), names.length);
  });

  it('says nothing of others where there are none', async (t) => {
    const names = Array.from({ length: 32 }, (_, i) => `n${i}`);
    const { failures } = await ask(t, (_, response) => response.writeHead(503).end(), names);
    assert.equal(failures.length, 1, failures.join());
  });

  it('are few or none', async (t) => {
    assert.deepEqual(await ask(t, (_, response) => response.end(STATIC), []), { found: [], failures: [], asked: [] });
  });
});

async function drip(response: NodeJS.WritableStream & { readonly destroyed?: boolean }): Promise<void> {
  const timer = setInterval(() => response.write(' '), 50);
  response.on('close', () => clearInterval(timer));
}

async function flood(response: NodeJS.WritableStream): Promise<void> {
  for (let i = 0; i < 40; i++) response.write(' '.repeat(65_536));
  response.end(STATIC);
}
