import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { BudgetReport } from '../../../src/questions/budget/budget-report.ts';
import { applyObjects } from '../../cluster/controllers-account.ts';
import { ofKind, type Rendered, render } from '../../cluster/rendered-manifests.ts';
import { skip } from '../../control-plane/assets.ts';
import { POD_METRICS_PATH, usage } from '../../control-plane/metrics-server.ts';
import { type ControlPlane, startControlPlane } from '../../control-plane/start.ts';
import { REGIONS_PATH } from '../../e2e/live-cluster.ts';
import { deployment, namespace, nodesIn, requesting } from '../../e2e/objects.ts';
import { skip as noPrometheus, startPrometheus } from '../../process/prometheus.ts';
import { runCommand } from '../../process/run-command.ts';
import { energyHistory } from '../../sources/energy-history.ts';

/** One of a team: it may see the pods of its namespace, and what they use. */
const TEAM = 'team';
const REGION = 'eu-west-1';
const OBSERVABILITY = 'observability';
/** kWh to kgCO2e: 400 g/kWh and the PUE of AWS. */
const KG_PER_KWH = 0.4 * 1.135;

/** The parts of the stack and a shop, by the CPU that each pod uses. */
const APPS = {
  [OBSERVABILITY]: { prometheus: ['500m', 1], grafana: ['100m', 1], loki: ['200m', 3] },
  shop: { web: ['900m', 4] },
} as const;

describe('gridgate budget on a real cluster', { skip, timeout: 900_000 }, () => {
  let controlPlane: ControlPlane;

  before(async () => {
    controlPlane = await startControlPlane({ resourceMetrics: true, users: [{ name: TEAM }] });
    await applyObjects(controlPlane, ofKind(await render(controlPlane, 'base'), 'CustomResourceDefinition'));
    const spec = { gramsPerKwh: 400 };
    const region = { apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', metadata: { name: REGION }, spec };
    await controlPlane.waitFor('the Region resource', async () => {
      const { status } = await controlPlane.request('POST', REGIONS_PATH, region);
      return status === 201 || status === 409 || undefined;
    });
    await controlPlane.addNodes(nodesIn([REGION]));
    await applyObjects(controlPlane, [
      namespace(OBSERVABILITY, { 'carbon-budget': '0.01' }),
      namespace('shop', { 'carbon-budget': '5g' }),
      ...rightsOf(TEAM, OBSERVABILITY),
    ]);
    for (const [where, apps] of Object.entries(APPS))
      for (const [app, [cpu, replicas]] of Object.entries(apps)) {
        const containers = [requesting({ cpu: '1', memory: '64Mi' })];
        const one = deployment(app, replicas, { containers }, usage({ cpu, memory: '64Mi' }));
        const { status } = await controlPlane.request('POST', `/apis/apps/v1/namespaces/${where}/deployments`, one);
        assert.equal(status, 201);
      }
    await controlPlane.waitFor('9 pods to run', async () => (await runningPods()).length === 9 || undefined);
  });
  after(() => controlPlane?.stop());

  async function runningPods(): Promise<readonly Rendered[]> {
    const { body } = await controlPlane.request('GET', '/api/v1/pods?fieldSelector=status.phase=Running');
    return body.items;
  }

  async function budget(...args: readonly string[]): Promise<BudgetReport & { readonly code: number | null }> {
    const { code, stdout, stderr } = await run(...args, '-o', 'json');
    assert.notEqual(stdout, '', stderr);
    return { ...JSON.parse(stdout), code };
  }

  function run(...args: readonly string[]) {
    const kubeconfig = args.includes('--kubeconfig') ? [] : ['--kubeconfig', controlPlane.kubeconfig];
    return runCommand(['budget', ...kubeconfig, ...args], { env: { COLUMNS: '120' } });
  }

  const named = ({ components }: BudgetReport, name: string) => components.find((one) => one.name === name);

  test('counts requests where there is no metrics-server, and says so', async () => {
    const found = await budget();
    assert.deepEqual(found.total.knownBy, { requests: 9 });
    assert.match(found.notes.join('\n'), /metrics.k8s.io tells no usage: it is not installed/);
    assert.deepEqual([named(found, OBSERVABILITY)?.pods, named(found, 'shop')?.pods], [5, 4]);
  });

  test('counts what pods use once there is one; a namespace above its budget is exit code 1', async () => {
    await controlPlane.startMetricsServer();
    await controlPlane.waitFor('the usage of 9 pods', async () => {
      const { status, body } = await controlPlane.request('GET', POD_METRICS_PATH);
      return (status === 200 && body.items.length === 9) || undefined;
    });
    // 4 pods: 1 vCPU reserved, 0.9 used, 64 MiB.
    const watts = 4 * (0.74 + 0.9 * 2.76 + 0.067_108_864 * 0.392);
    // metrics-server notes another moment than that of the counter that it read: some of its rates are off by more.
    const found = await controlPlane.waitFor(`${watts} W of shop`, async () => {
      const now = await budget();
      return Math.abs((named(now, 'shop')?.watts ?? 0) / watts - 1) < 0.05 ? now : undefined;
    });
    assert.deepEqual([found.total.knownBy, found.total.basis, found.notes], [{ usage: 9 }, 'estimated', []]);
    const shop = named(found, 'shop');
    assert.ok(Math.abs((shop?.kgPerHour ?? 0) / ((watts / 1_000) * KG_PER_KWH) - 1) < 0.05);
    assert.deepEqual([shop?.budgetKgPerHour, shop?.state, found.code], [0.005, 'over', 1]);
    assert.equal(named(found, OBSERVABILITY)?.state, 'under');
  });

  test('groups by Deployment and by label, and shows it to people', async () => {
    const { components } = await budget('-n', OBSERVABILITY, '--by', 'deployment');
    assert.deepEqual(
      components.map(({ kind, name, pods }) => [kind, name, pods]),
      [
        ['Deployment', 'loki', 3],
        ['Deployment', 'prometheus', 1],
        ['Deployment', 'grafana', 1],
      ],
    );
    const { code, stdout, stderr } = await run('-n', OBSERVABILITY, '--by', 'label:app');
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^loki +3 +~0\.\d+ +\d+\.\d% █/m);
    assert.match(stdout, /^Namespace +~0\.\d+ kgCO2e an hour, .* of the total; budget 0\.01: under$/m);
  });

  test('answers one who may see the pods of one namespace alone for that namespace', async () => {
    const kubeconfig = controlPlane.kubeconfigFor(TEAM);
    const everywhere = await run('--kubeconfig', kubeconfig);
    assert.equal(everywhere.code, 3);
    assert.match(everywhere.stderr, /who may look into one namespace names it with -n/);
    const found = await budget('--kubeconfig', kubeconfig, '-n', OBSERVABILITY);
    assert.deepEqual(
      found.components.map(({ name, pods, knownBy, kgPerHour }) => [name, pods, knownBy, kgPerHour]),
      [[OBSERVABILITY, 5, {}, null]],
    );
    assert.match(found.notes.join('\n'), /nobody knows in which regions pods are/);
    assert.match(found.notes.join('\n'), /shares are of this namespace alone/);
  });

  test('takes what a real Prometheus has measured, with what changed in an hour', { skip: noPrometheus }, async (t) => {
    const pods = await runningPods();
    const series = ({ metadata }: Rendered) =>
      `kepler_pod_cpu_joules_total{pod_id="${metadata.name}",pod_name="${metadata.name}",pod_namespace="${metadata['namespace']}",state="running",zone="package"}`;
    const wattsOf = ({ metadata }: Rendered) => (metadata['namespace'] === 'shop' ? 43 : 5.6);
    const gone = { metadata: { name: 'loki-7d4b9c-x2x9z', namespace: OBSERVABILITY } } as unknown as Rendered;
    const meters = [
      ...pods.map((pod) => ({ series: series(pod), watts: wattsOf(pod) })),
      // The pods are young: what drew power an hour ago is another one.
      { series: series(gone), watts: 56, untilHours: 0.5 },
    ];
    const { url } = await startPrometheus(t, { history: energyHistory(meters, Date.now()) });
    const found = await budget('--prometheus-url', url);
    assert.deepEqual([found.total.knownBy, found.total.basis, found.notes], [{ pod: 9 }, 'measured', []]);
    const stack = named(found, OBSERVABILITY);
    assert.equal(stack?.watts?.toFixed(1), '28.0');
    assert.equal(stack?.sharePercent?.toFixed(1), '14.0');
    assert.equal(stack?.kgPerHour?.toFixed(4), (0.028 * KG_PER_KWH).toFixed(4));
    assert.equal(stack?.state, 'over');
    assert.equal(stack?.energyChangePercent?.toFixed(0), ((28 / (28 + 56) - 1) * 100).toFixed(0));
    const { stdout } = await run('--prometheus-url', url);
    assert.match(stdout, /^observability +5 +0\.0127 +14\.0% ██▊ +0\.01 +over +-67% +measured$/m);
    const byLabel = await run('-n', OBSERVABILITY, '--by', 'label:app', '--prometheus-url', url);
    assert.match(byLabel.stdout, /^loki +3 +0\.00763 .*measured$/m);
  });
});

/** A Role of one namespace. */
function rightsOf(user: string, where: string): Rendered[] {
  const verbs = ['get', 'list'];
  const group = 'rbac.authorization.k8s.io';
  const metadata = { name: user, namespace: where };
  return [
    {
      apiVersion: `${group}/v1`,
      kind: 'Role',
      metadata,
      rules: [
        { apiGroups: [''], resources: ['pods'], verbs },
        { apiGroups: ['metrics.k8s.io'], resources: ['pods'], verbs },
      ],
    },
    {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: group, kind: 'Role', name: user },
      subjects: [{ apiGroup: group, kind: 'User', name: user }],
    },
  ];
}
