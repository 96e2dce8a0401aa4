import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { regionYaml } from '../../commands/world-files.ts';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { runCommand } from '../../process/run-command.ts';
import { type ApiRequest, type PodApi, type PodApiOptions, type Refusal, startPodApi } from './pod-api.ts';

const REPORTS = '/apis/openreports.io/v1alpha1';
const REGION_LABEL = 'topology.kubernetes.io/region';
const REGIONS = [regionYaml('eu-north', { gramsPerKwh: 50 }), regionYaml('us-east', { gramsPerKwh: 380 })];

/** One in the middle of each namespace is pinned to the dirty region. */
function podIn(namespaces: readonly string[]) {
  return (index: number): object => ({
    metadata: { name: `pod-${index}`, namespace: namespaces[index % namespaces.length] },
    spec: {
      nodeName: 'node-east',
      containers: [{ name: 'main' }],
      ...(index < namespaces.length && { nodeSelector: { [REGION_LABEL]: 'us-east' } }),
    },
    status: { phase: 'Running' },
  });
}

interface World extends PodApi {
  readonly directory: string;
  audit(...args: readonly string[]): ReturnType<typeof runCommand>;
}

async function startWorld(
  test: TestContext,
  namespaces: readonly string[],
  options: Partial<PodApiOptions> = {},
): Promise<World> {
  const directory = makeTemporaryDirectory(test);
  const regions = join(directory, 'regions.yaml');
  writeFileSync(regions, REGIONS.join('---\n'));
  const api = await startPodApi({
    pods: { count: 4 * namespaces.length, at: podIn(namespaces) },
    lists: {
      '/api/v1/namespaces': namespaces.map((name) => ({
        metadata: { name, resourceVersion: '1', annotations: { 'gridgate.dev/mode': 'enforce' } },
      })),
      '/api/v1/nodes': ['north', 'east'].map((side) => ({
        metadata: { name: `node-${side}`, labels: { [REGION_LABEL]: side === 'east' ? 'us-east' : 'eu-north' } },
      })),
    },
    directory,
    ...options,
  });
  test.after(api.stop);
  const audit = (...args: readonly string[]) =>
    runCommand(['audit', '--live', '--kubeconfig', api.kubeconfig, '--regions', regions, ...args]);
  return { ...api, directory, audit };
}

/** An API server with openreports; `refuse` is asked before each write. */
function reportStore(refuse: (request: ApiRequest) => Refusal | undefined = () => undefined) {
  const stored = new Map<string, { readonly metadata: object } & Readonly<Record<string, unknown>>>();
  const writes: string[] = [];
  function handle(request: ApiRequest): Refusal | undefined {
    const { method, path, body } = request;
    if (path === REPORTS) return { status: 200, body: { resources: [{ name: 'reports' }] } };
    if (path === `${REPORTS}/reports`)
      return { status: 200, body: { metadata: { resourceVersion: '1' }, items: [...stored.values()] } };
    if (method === 'GET') return stored.has(path) ? { status: 200, body: stored.get(path) ?? {} } : undefined;
    const refusal = refuse(request);
    if (refusal) return refusal;
    writes.push(`${method} ${path.split('/')[5]}`);
    if (method === 'DELETE') stored.delete(path);
    else stored.set(path, JSON.parse(body));
    return { status: 200, body: {} };
  }
  return { handle, stored, writes };
}

describe('gridgate audit --live', () => {
  it('exits with 1 and says where pods run that policy refuses', async (test) => {
    const { audit } = await startWorld(test, ['shop']);
    const { code, stdout, stderr } = await audit('--output', 'json');
    assert.equal(code, 1, stderr);
    const { totals } = JSON.parse(stdout);
    assert.deepEqual([totals.pods, totals.denied, totals.misplaced], [4, 1, 4]);
    assert.doesNotMatch(stderr, /% of/, 'no progress where nobody watches');
  });

  const switches: readonly [setting: string, mode: string, code: number, denied: number, note: RegExp][] = [
    ['enforce', 'enforce', 1, 1, /^(?!.*kill switch)/s],
    ['warn', 'warn', 0, 0, /^(?!.*kill switch)/s],
    ['off', 'off', 0, 0, /^(?!.*kill switch)/s],
    [
      'audti',
      'audit',
      0,
      0,
      /max-mode of ConfigMap gridgate-system\/gridgate-kill-switch is no mode: "audti"; it counts as audit/,
    ],
  ];
  for (const [setting, mode, code, denied, told] of switches)
    it(`under the kill switch ${setting} says what happens in mode ${mode}`, async (test) => {
      const path = '/api/v1/namespaces/gridgate-system/configmaps/gridgate-kill-switch';
      const body = { metadata: { name: 'gridgate-kill-switch' }, data: { 'max-mode': setting } };
      const handle = (request: ApiRequest) => (request.path === path ? { status: 200, body } : undefined);
      const { audit } = await startWorld(test, ['shop'], { handle });
      const found = await audit('--output', 'json');
      const { totals, workloads, modeCap } = JSON.parse(found.stdout);
      assert.deepEqual([found.code, totals.denied, workloads[0].mode, modeCap], [code, denied, mode, mode]);
      assert.match(found.stderr, told);
    });

  it('takes namespaces at their word where the kill switch may not be read, and says so', async (test) => {
    const body = { kind: 'Status', reason: 'Forbidden', message: 'may not' };
    const { audit } = await startWorld(test, ['shop'], { handle: () => ({ status: 403, body }) });
    const { code, stderr } = await audit();
    assert.equal(code, 1);
    assert.match(stderr, /whether the kill switch caps the mode is not known/);
  });

  it('knows the machines of what runs by the types of their nodes', async (test) => {
    const labels = { [REGION_LABEL]: 'us-east', 'node.kubernetes.io/instance-type': 'm6g.large' };
    const { audit } = await startWorld(test, ['shop'], {
      lists: {
        '/api/v1/namespaces': [{ metadata: { name: 'shop', resourceVersion: '1' } }],
        '/api/v1/nodes': [{ metadata: { name: 'node-east', labels } }],
      },
    });
    const { workloads, totals } = JSON.parse((await audit('--output', 'json')).stdout);
    // 0.1 vCPU, which are assumed, * 1333.12 kg * 1000 / 35040 h / 64
    assert.ok(Math.abs(workloads[0].embodied.gramsPerHour - 0.059_446_347) < 1e-8, JSON.stringify(workloads[0]));
    assert.equal(workloads[0].embodied.basis, 'looked-up');
    assert.equal(totals.embodied.estimated, 0);
  });

  it('exits with 3 and a remedy where the caller may not read all pods', async (test) => {
    const body = { kind: 'Status', reason: 'Forbidden', message: 'pods is forbidden' };
    const { audit } = await startWorld(test, ['shop'], { refuse: () => ({ status: 403, body }) });
    const { code, stdout, complaints } = await audit();
    assert.equal(code, 3);
    assert.equal(stdout, '');
    assert.match(
      complaints.at(-1) ?? '',
      /^gridgate: cannot read the pods: you may not list pods .*; name a namespace .* with -n$/,
    );
  });

  it('exits with 2 where there is no such namespace', async (test) => {
    const { audit } = await startWorld(test, ['shop']);
    const { code, complaints } = await audit('-n', 'shopp');
    assert.equal(code, 2);
    assert.deepEqual(complaints, ['gridgate: there is no namespace shopp in this cluster']);
  });

  it('exits with 3 where nobody answers', async (test) => {
    const { audit, stop } = await startWorld(test, ['shop']);
    await stop();
    const { code, stderr } = await audit();
    assert.equal(code, 3);
    assert.match(stderr, /^gridgate: cannot read the cluster: .*ECONNREFUSED/);
  });

  it('leaves nothing behind when it is interrupted in the middle', async (test) => {
    const held = Promise.withResolvers<void>();
    const refuse = (start: number) => {
      if (start < 500) return undefined;
      held.resolve();
      return 'hang' as const;
    };
    const pods = { count: 1_000, at: podIn(['shop']) };
    const { kubeconfig, directory } = await startWorld(test, ['shop'], { pods, refuse });
    const before = readdirSync(directory);
    const page = join(directory, 'audit.html');
    const args = ['audit', '--live', '--kubeconfig', kubeconfig, '--html', page];
    const child = spawn(process.execPath, ['src/main.ts', ...args], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    await held.promise;
    child.kill('SIGINT');
    assert.notEqual((await ended)[0], 0);
    assert.deepEqual(readdirSync(directory), before);
  });
});

describe('gridgate audit --live --report', () => {
  const namespaces = ['bank', 'lab', 'shop'];

  it('writes what has changed, and nothing twice', async (test) => {
    const { handle, stored, writes } = reportStore();
    const { audit } = await startWorld(test, namespaces, { handle });
    const first = await audit('--report');
    assert.equal(first.code, 1, 'what is denied still says so');
    assert.match(first.stderr, /3 policy reports \(openreports\.io\/v1alpha1 Report\): 3 written, 0 unchanged$/m);
    assert.match((await audit('--report')).stderr, /0 written, 3 unchanged$/m);
    assert.deepEqual(writes.toSorted(), ['PATCH bank', 'PATCH lab', 'PATCH shop']);
    const [report] = stored.values();
    assert.deepEqual(Object.keys(report ?? {}).toSorted(), [
      'apiVersion',
      'kind',
      'metadata',
      'results',
      'scope',
      'summary',
    ]);
  });

  it('removes a report of a namespace without workloads', async (test) => {
    const { handle, stored, writes } = reportStore();
    const metadata = { name: 'gridgate-audit', namespace: 'old', uid: 'x', resourceVersion: '7' };
    stored.set(`${REPORTS}/namespaces/old/reports/gridgate-audit`, { metadata });
    const { audit } = await startWorld(test, namespaces, { handle });
    assert.match((await audit('--report')).stderr, /3 written, 0 unchanged, 1 removed$/m);
    assert.equal(writes.at(-1), 'DELETE old');
  });

  const message = 'namespace shop is not for you';
  const refusals = [
    { what: 'a right that is missing in one namespace', status: 403, message, code: 3, told: /shop: .*not for you/ },
    { what: 'a namespace that went away meanwhile', status: 404, message: 'not found', code: 1, told: /2 written/ },
    {
      what: 'a namespace that is about to',
      status: 403,
      message: 'unable to create new content in namespace shop because it is being terminated',
      code: 1,
      told: /2 written/,
    },
  ];
  for (const { what, status, message, code, told } of refusals)
    it(`goes on after ${what}`, async (test) => {
      const refuse = ({ path }: ApiRequest) =>
        path.includes('/shop/') ? { status, body: { kind: 'Status', message } } : undefined;
      const { handle, writes } = reportStore(refuse);
      const { audit } = await startWorld(test, namespaces, { handle });
      const finished = await audit('--report');
      assert.equal(finished.code, code, finished.stderr);
      assert.match(finished.stderr, told);
      assert.deepEqual(writes.toSorted(), ['PATCH bank', 'PATCH lab']);
    });

  it('exits with 2 where the cluster knows no reports', async (test) => {
    const { audit } = await startWorld(test, namespaces);
    const { code, stdout, complaints } = await audit('--report');
    assert.equal(code, 2);
    assert.match(
      complaints.at(-1) ?? '',
      /^gridgate: --report: this cluster knows no policy reports; install the CRDs/,
    );
    assert.notEqual(stdout, '', 'the audit itself is told');
  });

  it('waits for an API server that is not ready yet', async (test) => {
    let isReady = false;
    const { handle, writes } = reportStore();
    const initializing = (request: ApiRequest): Refusal | undefined => {
      if (isReady || request.path !== `${REPORTS}/reports`) return handle(request);
      isReady = true;
      return { status: 429, body: { kind: 'Status', message: 'storage is (re)initializing' } };
    };
    const { audit } = await startWorld(test, ['shop'], { handle: initializing });
    const { code, stderr } = await audit('--report');
    assert.equal(code, 1, stderr);
    assert.deepEqual(writes, ['PATCH shop']);
  });

  it('exits with 3 where the API server cannot say what it knows', async (test) => {
    const handle = () => ({ status: 500, body: 'etcd is away' });
    const { audit } = await startWorld(test, namespaces, { handle });
    const { code, complaints } = await audit('--report');
    assert.equal(code, 3);
    assert.match(complaints.at(-1) ?? '', /^gridgate: cannot write policy reports: .* 500: etcd is away$/);
  });
});
