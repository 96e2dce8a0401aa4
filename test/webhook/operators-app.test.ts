import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { certificateTimes, unreadSettings, watchIdle } from '../../src/replica/server-metrics.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { regionMetrics } from '../../src/telemetry/region-metrics.ts';
import { createOperatorsApp } from '../../src/webhook/operators-app.ts';
import type { StatusDeps, UnreadSetting } from '../../src/webhook/page/status.ts';
import type { RecentDecision } from '../../src/webhook/recorder.ts';
import { makeRegion, makeSnapshot, NOW } from '../builders.ts';
import { makeWorld } from './start-webhook.ts';

const SCRIPT = `<script>alert("x")</script>&'`;
const ESCAPED = '&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;';
const HOSTILE: RecentDecision = {
  at: NOW,
  endpoint: '/mutate',
  namespace: SCRIPT,
  outcome: { mode: 'enforce', decision: 'deny', reason: 'outage', region: SCRIPT, owner: `ReplicaSet/${SCRIPT}` },
};

describe('the server for operators', () => {
  const state = {
    now: NOW,
    unready: [] as string[],
    unreadSettings: [] as UnreadSetting[],
    waiting: undefined as ReturnType<NonNullable<StatusDeps['waiting']>>,
    snapshot: makeWorld().snapshot,
    recent: [] as RecentDecision[],
  };
  const metrics = createMetrics({
    metrics: [
      ...regionMetrics(
        () => NOW,
        () => state.snapshot,
      ),
      ...certificateTimes(
        () => ({ notBefore: NOW, notAfter: NOW + 3_600_000 }),
        () => NOW,
      ),
      ...unreadSettings(
        () => 'policy.mode: no',
        () => undefined,
      ),
      watchIdle(
        () => ({ namespaces: NOW - 2_000 }),
        () => NOW,
      ),
    ],
  });
  const app = createOperatorsApp({
    renderMetrics: metrics.render,
    unready: () => state.unready,
    snapshot: () => state.snapshot,
    recent: () => state.recent,
    unreadSettings: () => state.unreadSettings,
    waiting: () => state.waiting,
    clock: () => state.now,
  });
  let origin = '';
  beforeEach(() => {
    state.now += 1000;
  });
  before(async () => {
    origin = await app.listen({ host: '127.0.0.1', port: 0 });
  });
  after(() => app.close());

  async function get(path: string, method = 'GET') {
    const response = await fetch(origin + path, { method });
    return { status: response.status, headers: response.headers, body: await response.text() };
  }

  it('/healthz is ok as long as the process answers, ready or not', async () => {
    state.unready = ['shutting down'];
    const { status, body } = await get('/healthz');
    assert.deepEqual([status, body], [200, 'ok\n']);
  });

  const readiness: readonly [reasons: string[], status: number, body: string][] = [
    [[], 200, 'ok\n'],
    [['shutting down'], 503, 'not ready: shutting down\n'],
    [
      ['nodes not seen yet', 'namespaces not seen yet: 403'],
      503,
      'not ready: nodes not seen yet; namespaces not seen yet: 403\n',
    ],
  ];
  for (const [reasons, status, body] of readiness)
    it(`/readyz with ${reasons.length} reasons against it: ${status}`, async () => {
      state.unready = reasons;
      const reply = await get('/readyz');
      assert.deepEqual([reply.status, reply.body], [status, body]);
      assert.match(reply.headers.get('content-type') ?? '', /^text\/plain/);
    });

  const UNREAD = { setting: 'kill switch', problem: 'max-mode "audti" is no mode; counts as audit' };
  const verbose: readonly [name: string, reasons: string[], unread: UnreadSetting[], status: number, body: string][] = [
    ['nothing to tell', [], [], 200, '[+] everything that it needs is there, all settings were read\nok\n'],
    [
      'a setting that cannot be read, which leaves it ready',
      [],
      [UNREAD],
      200,
      '[!] kill switch: max-mode "audti" is no mode; counts as audit\nok\n',
    ],
    [
      'what it waits for, too',
      ['shutting down'],
      [UNREAD],
      503,
      '[-] shutting down\n[!] kill switch: max-mode "audti" is no mode; counts as audit\nnot ready: shutting down\n',
    ],
  ];
  for (const [name, reasons, unread, status, body] of verbose)
    it(`/readyz?verbose: ${name}`, async () => {
      state.unready = reasons;
      state.unreadSettings = unread;
      const reply = await get('/readyz?verbose');
      assert.deepEqual([reply.status, reply.body], [status, body]);
      assert.deepEqual((await get('/readyz')).body, body.split('\n').slice(-2).join('\n'));
      state.unreadSettings = [];
    });

  it('/readyz?verbose and /status.json: a leader that does not see what waits, which leaves it ready', async () => {
    state.unready = [];
    state.waiting = { unknown: 'may not watch jobs' };
    const { status, body } = await get('/readyz?verbose');
    assert.deepEqual([status, body], [200, '[!] waiting: what waits is not known: may not watch jobs\nok\n']);
    const document = JSON.parse((await get('/status.json')).body);
    assert.deepEqual([document.waiting, document.waitingUnknown], [undefined, 'may not watch jobs']);
    state.waiting = undefined;
  });

  it('/status.json tells of a setting that cannot be read', async () => {
    state.unreadSettings = [UNREAD];
    const { replica } = JSON.parse((await get('/status.json')).body);
    assert.deepEqual(replica.unreadSettings, [UNREAD]);
    state.unreadSettings = [];
  });

  it('/metrics shows reviews, regions, certificate, watches and the process', async () => {
    metrics.countReview('/mutate', 'enforce', 'deny', 'outage');
    metrics.observeDuration('/mutate', 0.001);
    const { status, headers, body } = await get('/metrics');
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    for (const line of [
      'gridgate_admission_requests_total{endpoint="/mutate",mode="enforce",decision="deny",reason="outage"} 1',
      'gridgate_admission_duration_seconds_count{endpoint="/mutate"} 1',
      'gridgate_region_grams_per_kwh{region="eu-north",signal="average-lifecycle",source="static"} 50',
      'gridgate_region_band{region="eu-central",band="high"} 1',
      'gridgate_region_outage{region="eu-west"} 1',
      'gridgate_certificate_expiry_seconds 3600',
      'gridgate_watch_idle_seconds{resource="namespaces"} 2',
      'gridgate_config_reload_failed 1',
      'gridgate_kill_switch_unreadable 0',
    ])
      assert.ok(body.split('\n').includes(line), `${line}\nis not in\n${body}`);
    assert.match(body, /^process_resident_memory_bytes /m);
  });

  it('/ lists the regions, cleanest first', async () => {
    const { status, headers, body } = await get('/');
    assert.deepEqual([status, headers.get('content-type')], [200, 'text/html; charset=utf-8']);
    const names = [...body.matchAll(/<tr[^>]*><th scope="row">([a-z-]+)/g)].map(([, name]) => name);
    assert.deepEqual(names, ['eu-west', 'eu-north', 'us-west', 'eu-central', 'ca-east']);
    assert.match(body, /power loss \(set by hand\)/);
  });

  it('/ and /status.json are never kept by a browser or a proxy', async () => {
    for (const path of ['/', '/status.json'])
      assert.equal((await get(path)).headers.get('cache-control'), 'no-store', path);
  });

  it('/ runs no script but its own, whatever regions, namespaces and owners are called', async () => {
    state.snapshot = makeSnapshot([makeRegion(SCRIPT, 100, { outage: SCRIPT, reading: { source: SCRIPT } })]);
    state.recent = [HOSTILE];
    const { headers, body } = await get('/');
    assert.doesNotMatch(body, /alert\("/);
    const [, inline = '', ...others] = body.split('<script>');
    assert.deepEqual(others, []);
    assert.equal(body.split(ESCAPED).length - 1, 7);
    const policy = headers.get('content-security-policy') ?? '';
    const hash = createHash('sha256')
      .update(inline.slice(0, inline.indexOf('</script>')))
      .digest('base64');
    assert.match(policy, /default-src 'none'/);
    assert.ok(policy.includes(`script-src 'sha256-${hash}'`), policy);
    assert.doesNotMatch(policy, /unsafe|\*|http/);
  });

  it('/ shows a region that nothing is known of', async () => {
    state.snapshot = makeSnapshot([makeRegion('terra-incognita', undefined)]);
    assert.match((await get('/')).body, /terra-incognita\s*<td class="number" data-label="gCO2e\/kWh">unknown/);
  });

  it('/status.json tells the same for programs', async () => {
    state.snapshot = makeSnapshot([makeRegion('eu-north', 50), makeRegion('nowhere', undefined)]);
    state.recent = [];
    state.unready = ['shutting down'];
    const { headers, body } = await get('/status.json');
    assert.equal(headers.get('content-type'), 'application/json; charset=utf-8');
    const { apiVersion, replica, regions } = JSON.parse(body);
    assert.equal(apiVersion, 'gridgate.dev/status/v1');
    assert.deepEqual(replica, { ready: false, unready: ['shutting down'], unreadSettings: [] });
    assert.deepEqual(
      regions.map(({ name, rank }: { name: string; rank?: number }) => [name, rank]),
      [
        ['eu-north', 1],
        ['nowhere', undefined],
      ],
    );
  });

  for (const [method, path] of [
    ['GET', '/favicon.ico'],
    ['POST', '/metrics'],
    ['GET', '/../etc/passwd'],
    ['GET', '/mutate'],
  ] as const)
    it(`${method} ${path} is not found`, async () => {
      assert.equal((await get(path, method)).status, 404);
    });

  it('reads no body of unknown length', async (t) => {
    const { port } = new URL(origin);
    const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
    t.after(() => socket.destroy());
    socket.write(`GET /healthz HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${'1\r\n \r\n'.repeat(1_000)}`);
    socket.resume();
    await once(socket, 'close');
    assert.equal((await fetch(`${origin}/healthz`)).status, 200);
  });

  it('answers probes and scrapes while somebody opens one connection after the other', async (t) => {
    const { port } = new URL(origin);
    for (let i = 0; i < 400; i++) {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
      t.after(() => socket.destroy());
      await once(socket, 'connect');
    }
    assert.equal((await fetch(`${origin}/healthz`)).status, 200);
    const open = await new Promise<number>((resolve) => app.server.getConnections((_error, count) => resolve(count)));
    assert.ok(open <= 201, String(open));
  });
});
