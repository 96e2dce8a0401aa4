import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ReportedFlow, SpilloverReport } from '../../../src/questions/spillover/report.ts';
import { render } from '../../cluster/rendered-manifests.ts';
import { skip as noControlPlane } from '../../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../../control-plane/start.ts';
import { skip as noPrometheus, type Prometheus, startPrometheus } from '../../process/prometheus.ts';
import { runGridgate } from '../../process/run-gridgate.ts';
import { startCloudWatch } from './fake-cloudwatch.ts';

const REGIONS_PATH = '/apis/gridgate.dev/v1alpha1/regions';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const READER = 'incident-reader';
const STRANGER = 'stranger';
const SENT = 'node_network_transmit_bytes_total{device="eth0"}';
const PLACES = ['--region', 'us-west-2', '--to', 'eu-central-1'];
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };

const SPECS = {
  'us-west-2': { gramsPerKwh: 120.5 },
  'eu-central-1': { gramsPerKwh: 338.2, latencyMs: { 'us-west-2': 142 } },
  'us-east-1': { gramsPerKwh: 379.1, latencyMs: { 'us-west-2': 62 } },
  'eu-north-1': { gramsPerKwh: 20, latencyMs: { 'us-west-2': 160 } },
};

describe('spillover of a real cluster', { skip: noControlPlane || noPrometheus }, () => {
  let controlPlane: ControlPlane;

  before(async () => {
    controlPlane = await startControlPlane({ workers: [], users: [{ name: READER }, { name: STRANGER }] });
    const crds = (await render(controlPlane, 'base')).filter(({ kind }) => kind === 'CustomResourceDefinition');
    const input = crds.map((crd) => JSON.stringify(crd)).join('\n---\n');
    assert.equal((await controlPlane.kubectl(['apply', '-f', '-'], input)).code, 0);
    const { request, waitFor } = controlPlane;
    await waitFor('the Region resource', async () => (await request('GET', REGIONS_PATH)).status === 200 || undefined);
    for (const [name, spec] of Object.entries(SPECS))
      await create(REGIONS_PATH, { apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', metadata: { name }, spec });
    await create(`${RBAC}/clusterroles`, {
      metadata: { name: READER },
      rules: [{ apiGroups: ['gridgate.dev'], resources: ['regions'], verbs: ['list'] }],
    });
    await create(`${RBAC}/clusterrolebindings`, {
      metadata: { name: READER },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: READER },
      subjects: [{ kind: 'User', name: READER, apiGroup: 'rbac.authorization.k8s.io' }],
    });
  });
  after(() => controlPlane?.stop());

  async function create(path: string, body: unknown): Promise<void> {
    const { status, body: answer } = await controlPlane.request('POST', path, body);
    assert.equal(status, 201, JSON.stringify(answer));
  }

  function gridgate(args: readonly string[], user = READER, env: Record<string, string> = {}) {
    const kubeconfig = ['--kubeconfig', controlPlane.kubeconfigFor(user)];
    return runGridgate(['spillover', ...PLACES, ...kubeconfig, ...args], { env });
  }

  async function reportOf(args: readonly string[], env: Record<string, string> = {}): Promise<SpilloverReport> {
    const { code, stdout, stderr } = await gridgate([...args, '--output', 'json'], READER, env);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  }

  test('its Regions are enough, and the right to list them', async () => {
    const { code, stdout, stderr } = await gridgate(['--bytes', '1e12', '--max-latency', '150ms']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /0\.60876 kgCO2e, \+14\.5% of the baseline of 4\.2 kgCO2e/);
    assert.match(stdout, /^eu-central-1 +142ms +338\.2 +static.* chosen, went here$/m);
    assert.match(stdout, /^eu-north-1 +160ms +20 +static.* too_far$/m);
  });

  test('without that right: exit 3, and who may not what', async () => {
    const { code, stdout, stderr } = await gridgate(['--bytes', '1e12'], STRANGER);
    assert.deepEqual([code, stdout], [3, '']);
    assert.match(stderr, /cannot read regions: you \(.*stranger.*\) may not list regions\.gridgate\.dev/);
  });

  test('CloudWatch, over its wire', async (t) => {
    const { endpoint, asked } = await startCloudWatch(t, {
      instances: { 'i-1': { '2026-11-20T08:00:00Z': 6e11, '2026-11-20T09:00:00Z': 4e11 } },
    });
    const times = ['--start', '2026-11-20T08:00:00Z', '--end', '2026-11-20T10:00:00Z'];
    const { total, plans } = await reportOf(['--cloudwatch', '--endpoint', endpoint, ...times], CREDENTIALS);
    assert.equal(total.kgCO2e.toFixed(5), '0.60876');
    assert.equal(plans[0]?.chosen, 'eu-north-1');
    assert.deepEqual(
      asked.map(({ action }) => action),
      ['ListMetrics', 'GetMetricData'],
    );
  });

  test('a Prometheus that really scraped what node_exporter says', async (t) => {
    const prometheus = await startPrometheus(t);
    for (const bytes of [5e6, 5e11, 1e12]) await send(prometheus, bytes);
    const end = Math.floor(Date.now() / 1_000);
    const times = ['--start', iso(end - 300), '--end', iso(end)];
    const report = await reportOf(['--prometheus-url', prometheus.url, ...times]);
    const bytes = await increaseOf(prometheus, end);
    assert.ok(bytes >= 4e11, `${bytes}`);
    assert.ok(Math.abs(sumOf(report.flows) / bytes - 1) < 1e-9, `${sumOf(report.flows)} is not ${bytes}`);
    assert.match(report.bytesFrom.query ?? '', /node_network_transmit_bytes_total/);

    const own = [...times, '--prometheus-query', 'rate(node_network_transmit_bytes_total[5s])'];
    const { notes } = await reportOf(['--prometheus-url', prometheus.url, ...own]);
    assert.match(
      notes.join('\n'),
      /Prometheus finds 2 series; their sum counts\n.*no value for \d+ of 60 steps of 5 s/,
    );

    const wrong = await gridgate(['--prometheus-url', prometheus.url, ...times, '--prometheus-query', 'sum(']);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /--prometheus-query: Prometheus refuses it: .*bad_data: .*parse error/);

    await prometheus.stop();
    const gone = await gridgate(['--prometheus-url', prometheus.url, ...times]);
    assert.deepEqual([gone.code, gone.stdout], [3, '']);
    assert.match(gone.stderr, /cannot read bytes from Prometheus .*the connection is refused/);
  });
});

/** Lets the exporter say that so many bytes left, and many more within the machine, and waits until that is scraped. */
async function send(prometheus: Prometheus, bytes: number): Promise<void> {
  prometheus.metrics.set('node_network_transmit_bytes_total{device="lo"}', bytes * 1_000);
  prometheus.metrics.set(SENT, bytes);
  await prometheus.untilAnswers(SENT, bytes);
}

/** What Prometheus itself makes of the same five minutes. */
async function increaseOf({ url }: Prometheus, time: number): Promise<number> {
  const query = encodeURIComponent(`increase(${SENT}[300s])`);
  const answer = await fetch(`${url}/api/v1/query?query=${query}&time=${time}`);
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
  return Number(data.result[0]?.value[1]);
}

function sumOf(flows: readonly ReportedFlow[]): number {
  return flows.reduce((sum, { bytes }) => sum + bytes, 0);
}

function iso(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}
