import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { skip } from '../../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../../control-plane/start.ts';
import { KWOK_NODE_ANNOTATION } from '../../control-plane/workers.ts';
import { skip as noPrometheus, startPrometheus } from '../../process/prometheus.ts';
import { runGridgate } from '../../process/run-gridgate.ts';
import { type FakeKubelet, startFakeKubelet } from './fake-kubelet.ts';
import { type NodeParts, nodeObject, X86 } from './fleet.ts';

const NODES = '/api/v1/nodes';
const REGIONS = '/apis/gridgate.dev/v1alpha1/regions';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
const KWOK = { [KWOK_NODE_ANNOTATION.key]: KWOK_NODE_ANNOTATION.value };
const NOTED_STATIC = { ...KWOK, 'kubernetes.io/kubelet-config': '{"cpuManagerPolicy":"static"}' };
/** A port of this machine that nobody listens on. */
const NOBODY = { daemonEndpoints: { kubeletEndpoint: { Port: 1 } } };

interface Row extends NodeParts {
  readonly kubelet?: 'static' | 'none';
}

/** A fleet in the middle of an upgrade. */
const FLEET: readonly Row[] = [
  { name: 'arm-0', kubelet: 'static' },
  { name: 'arm-1', kubelet: 'static', region: 'eu-central-1' },
  { name: 'arm-2', annotations: NOTED_STATIC },
  { name: 'arm-3', type: 'c7g.2xlarge', cpu: '8' },
  { name: 'x86-0', ...X86, kubelet: 'none' },
  { name: 'x86-1', ...X86, region: 'atlantis', version: 'v1.33.0+k3s1' },
  { name: 'old-0', ...X86, version: 'v1.32.7-eks-1', kubelet: 'static' },
];

// biome-ignore lint/suspicious/noExplicitAny: a report is data, and tests read single fields of it
type Report = any;

describe('gridgate preflight against a real control plane', { timeout: 240_000 }, () => {
  let controlPlane: ControlPlane;
  let kubelets: Readonly<Record<'static' | 'none', FakeKubelet>>;

  before(async () => {
    if (skip) return;
    kubelets = { static: await startFakeKubelet('static'), none: await startFakeKubelet('none') };
    controlPlane = await startControlPlane({ workers: ['kwok'], users: [{ name: 'operator' }, { name: 'reader' }] });
    const { code, stderr } = await controlPlane.kubectl(['apply', '--server-side', '-f', 'manifests/crd/regions.yaml']);
    assert.deepEqual([code, stderr], [0, '']);
    await controlPlane.waitFor('the Region resource', async () => (await get(REGIONS)).status === 200 || undefined);
    const region = { apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', metadata: { name: 'us-west-2' } };
    await send('POST', REGIONS, { ...region, spec: { gramsPerKwh: 120.5 } });
    await grant('reader', ['nodes']);
    await grant('operator', ['nodes', 'nodes/proxy'], ['regions']);
    for (const row of FLEET) await addNode(row);
  });
  after(async () => {
    await controlPlane?.stop();
    for (const kubelet of Object.values(kubelets ?? {})) await kubelet[Symbol.asyncDispose]();
  });

  const get = (path: string) => controlPlane.request('GET', path);

  async function send(method: string, path: string, body: object, headers?: Record<string, string>): Promise<void> {
    const answer = await controlPlane.request(method, path, body, headers);
    assert.ok(answer.status < 300, `${method} ${path} answers ${answer.status}: ${JSON.stringify(answer.body)}`);
  }

  async function grant(name: string, resources: readonly string[], ours: readonly string[] = []): Promise<void> {
    const rules = [
      { apiGroups: [''], resources, verbs: ['get', 'list'] },
      ...(ours.length > 0 ? [{ apiGroups: ['gridgate.dev'], resources: ours, verbs: ['list'] }] : []),
    ];
    await send('POST', `${RBAC}/clusterroles`, { metadata: { name }, rules });
    await send('POST', `${RBAC}/clusterrolebindings`, {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
    });
  }

  /** KWOK makes the node ready and writes a status; what a kubelet would have said of itself comes after that. */
  async function addNode({ kubelet, ...parts }: Row): Promise<void> {
    const node = nodeObject({ annotations: KWOK, ...parts }) as { readonly status: object };
    await send('POST', NODES, node);
    await controlPlane.waitFor(`${parts.name} to be ready`, async () => {
      const conditions: { type: string; status: string }[] =
        (await get(`${NODES}/${parts.name}`)).body.status.conditions ?? [];
      return conditions.some(({ type, status }) => type === 'Ready' && status === 'True') || undefined;
    });
    const reached = kubelet ? kubelets[kubelet].status : { ...(kubelets.static.status as object), ...NOBODY };
    await send('PATCH', `${NODES}/${parts.name}/status`, { status: { ...node.status, ...reached } }, MERGE_PATCH);
  }

  async function preflight(
    user: string,
    ...args: readonly string[]
  ): Promise<{ found: Report; code: number | null; stderr: string }> {
    const kubeconfig = controlPlane.kubeconfigFor(user);
    const { code, stdout, stderr } = await runGridgate([
      'preflight',
      '--kubeconfig',
      kubeconfig,
      '--output',
      'json',
      ...args,
    ]);
    return { code, stderr, found: stdout === '' ? undefined : JSON.parse(stdout) };
  }

  function policies(found: Report): readonly string[] {
    return found.nodes.map(({ name, policy, policyFrom }: Report) => `${name} ${policy} ${policyFrom}`);
  }

  test('reads policies from kubelets through the API server, then annotations, then assumes', { skip }, async () => {
    const { found, code, stderr } = await preflight('operator');
    assert.deepEqual(policies(found), [
      'arm-0 static configz',
      'arm-1 static configz',
      'arm-2 static annotation',
      'arm-3 static assumed',
      'x86-0 none configz',
      'x86-1 static assumed',
    ]);
    assert.deepEqual(kubelets.static.asked, ['/configz', '/configz'], 'not the kubelet of another version');
    assert.match(stderr, /3 of 6 kubelets: HTTP 50\d/);
    // 3 * 14.75 + 33.394 + 21.7 + 23.8917
    assert.deepEqual([code, found.total.watts, found.verdict], [0, 123.236, 'SAFE TO UPGRADE']);
    assert.deepEqual(found.skipped, [{ version: '1.32', nodes: 1 }]);
  });

  test('tells ARM and x86 apart, and the carbon of each region', { skip }, async () => {
    const { found } = await preflight('operator', '--baseline-watts', '100');
    assert.equal(found.verdict, 'IDLE POWER SPIKE');
    assert.deepEqual(
      found.architectures.map(({ arch, nodes, watts, wattsUnderNone }: Report) => [arch, nodes, watts, wattsUnderNone]),
      [
        ['arm64', 4, 77.644, 65.8],
        ['amd64', 2, 45.592, 43.4],
      ],
    );
    const sources = found.carbon.regions.map(({ region, source }: Report) => [region, source]);
    assert.deepEqual(new Map(sources).get('us-west-2'), 'static', 'from the Region of the cluster');
    assert.deepEqual(new Map(sources).get('eu-central-1'), 'embedded', 'which no Region describes');
    assert.deepEqual([new Map(sources).get('atlantis'), found.carbon.nodesLeftOut], [null, 1]);
  });

  test('goes on, and says so, for a caller without the right to nodes/proxy', { skip }, async () => {
    const { found, stderr } = await preflight('reader');
    assert.deepEqual(found.policiesFrom, { configz: 0, annotation: 1, assumed: 5 });
    assert.match(stderr, /needs the right to get nodes\/proxy: .*User "reader" cannot get resource "nodes\/proxy"/);
    assert.match(
      stderr,
      /you \(reader\) may not list regions\.gridgate\.dev; .*; yearly averages stand for intensities/,
    );
  });

  test('answers the same from a file of `kubectl get nodes -o json`, and compares it with staging', {
    skip,
  }, async (t) => {
    const directory = makeTemporaryDirectory(t);
    const kubectl = async (file: string, ...names: readonly string[]) => {
      const { stdout } = await controlPlane.kubectl(['get', 'nodes', ...names, '-o', 'json']);
      writeFileSync(join(directory, file), stdout);
      return join(directory, file);
    };
    const all = await kubectl('nodes.json');
    const staging = await kubectl('staging.json', 'x86-0', 'old-0');
    const { stdout, code } = await runGridgate([
      'preflight',
      '-f',
      all,
      '--compare',
      staging,
      '--baseline-watts',
      '100',
    ]);
    assert.equal(code, 1);
    assert.match(stdout, /^staging has no arm64 node: it cannot show what 4 of 7 nodes will do$/m);
    assert.match(stdout, /^IDLE POWER SPIKE: 125\.4 W is \+25\.4% on the baseline of 100 W/m);
  });

  test('takes watts that a real Prometheus scraped', { skip: skip || noPrometheus }, async (t: TestContext) => {
    const prometheus = await startPrometheus(t);
    prometheus.metrics.set('node_power_supply_power_watt{power_supply="PSU1",node="arm-0"}', 60);
    prometheus.metrics.set('node_power_supply_power_watt{power_supply="PSU2",node="arm-0"}', 58);
    prometheus.metrics.set('kepler_node_platform_watts{source="redfish",node_name="x86-0"}', 40);
    prometheus.metrics.set('kepler_node_platform_watts{source="redfish",node_name="database"}', 90);
    const startedAt = performance.now();
    const counting = setInterval(() => {
      const series = 'kepler_node_platform_joules_total{mode="idle",instance="arm-1"}';
      prometheus.metrics.set(series, 30 * ((performance.now() - startedAt) / 1_000));
    }, 100);
    t.after(() => clearInterval(counting));
    await prometheus.untilAnswers('count(irate(kepler_node_platform_joules_total[5m]) > 20)', 1);

    const { found, stderr } = await preflight('operator', '--prometheus-url', prometheus.url);
    const watts = new Map<string, Report>(found.nodes.map((node: Report) => [node.name, node]));
    assert.deepEqual([watts.get('arm-0').watts, watts.get('arm-0').wattsUnderNone], [118, 100]);
    assert.deepEqual([watts.get('x86-0').watts, watts.get('x86-0').wattsUnderStatic], [40, 44.04]);
    const rate = watts.get('arm-1').watts;
    assert.ok(rate > 20 && rate < 40, `${rate} W`);
    assert.deepEqual(found.bases, { measured: 3, 'looked-up': 3, estimated: 0 });
    assert.match(stderr, /Kepler: 1 series are of no node of the target version/);
    assert.match(stderr, /3 of 6 nodes are measured/);

    await prometheus.stop();
    const gone = await preflight('operator', '--prometheus-url', prometheus.url);
    assert.deepEqual([gone.code, gone.found], [3, undefined]);
  });

  test('exits 3 when the API server is gone', { skip }, async (t) => {
    const kubeconfig = join(makeTemporaryDirectory(t), 'kubeconfig');
    const { stdout } = await controlPlane.kubectl(['config', 'view', '--raw', '-o', 'json']);
    writeFileSync(kubeconfig, stdout.replaceAll(new URL(controlPlane.url).host, '127.0.0.1:1'));
    const { code, stderr } = await runGridgate(['preflight', '--kubeconfig', kubeconfig]);
    assert.equal(code, 3);
    assert.match(stderr, /cannot read the nodes: .*ECONNREFUSED/);
  });
});
