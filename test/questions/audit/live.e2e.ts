import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { AuditedWorkload, AuditReport } from '../../../src/questions/audit/audited-workload.ts';
import { regionYaml } from '../../commands/world-files.ts';
import { skip } from '../../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../../control-plane/start.ts';
import { deployment, namespace, nodesIn, pod } from '../../e2e/objects.ts';
import type { Finished } from '../../process/finished.ts';
import { runGridgate } from '../../process/run-gridgate.ts';

const INTENSITIES = { 'eu-north-1': 40, 'us-west-2': 120.5, 'eu-central-1': 338.2, 'us-east-1': 379.1 };
const REGION_LABEL = 'topology.kubernetes.io/region';
const OPENREPORTS = '/apis/openreports.io/v1alpha1';
const WGPOLICY = '/apis/wgpolicyk8s.io/v1alpha2';
const DEV = 'dev';

/**
 * By hand, for 500m of CPU and 1Gi: 0.5 vCPU * (0.74 + 50% * (3.5 - 0.74)) W + 1.073741824 GB * 0.392 W = 1.48090679501 W,
 * times the PUE of AWS 1.135: 1.68082921233 Wh in an hour.
 */
const WATT_HOURS = 1.680_829_212_33;
const REQUESTS = { requests: { cpu: '500m', memory: '1Gi' } };
const CONTAINERS = [{ name: 'main', image: 'example.invalid/main:1', resources: REQUESTS }];

describe('gridgate audit --live', () => {
  let controlPlane: ControlPlane;
  let regionsFile: string;

  before(async () => {
    if (skip) return;
    controlPlane = await startControlPlane({ users: [{ name: DEV }] });
    regionsFile = join(controlPlane.dir, 'regions.yaml');
    writeFileSync(regionsFile, regionDocuments());
    await kubectl(['apply', '-k', 'manifests/crd']);
    await controlPlane.waitFor('Regions', async () => (await get('/apis/gridgate.dev/v1alpha1/regions')) || undefined);
    await apply(regionDocuments());
    await controlPlane.addNodes(
      nodesIn(Object.keys(INTENSITIES)).map((node, index) => ({
        ...node,
        labels: { ...node.labels, 'kubernetes.io/arch': index % 2 === 0 ? 'amd64' : 'arm64' },
      })),
    );
    await createWorkloads();
  });
  after(() => controlPlane?.stop());

  /** All placed by their own constraints, so that every figure is known beforehand; the namespaces opt in afterwards. */
  async function createWorkloads(): Promise<void> {
    for (const name of ['shop', 'lab', 'calm', 'old']) await create(namespace(name, {}));
    const inRegion = (region: string) => ({ containers: CONTAINERS, nodeSelector: { [REGION_LABEL]: region } });
    await create(deployment('pinned', 2, inRegion('us-east-1')), 'shop');
    await create(deployment('placed', 3, inRegion('us-west-2')), 'shop');
    await create(statefulSet('db', 2, inRegion('eu-north-1')), 'shop');
    await create(daemonSet('agent', { containers: CONTAINERS }), 'shop');
    await create(job('import', inRegion('eu-north-1')), 'shop');
    await create(job('nightly-29384040', { containers: CONTAINERS, nodeSelector: { disk: 'none' } }), 'shop');
    await create(pod('lonely', inRegion('eu-central-1')), 'lab');
    await create(pod('anywhere', inRegion('us-east-1')), 'calm');
    await create(pod('leaving', inRegion('eu-north-1')), 'old');
    await kubectl(['annotate', 'namespace', 'shop', 'old', 'gridgate.dev/mode=enforce']);
    await kubectl(['annotate', 'namespace', 'lab', 'gridgate.dev/mode=audit']);
    await controlPlane.waitFor('23 pods where they belong', async () => {
      const { items } = (await get('/api/v1/pods')) as { items: RunningPod[] };
      const bound = items.filter(({ spec, status }) => spec.nodeName !== undefined && status.phase !== 'Pending');
      const isDone = items.some(({ status }) => status.phase === 'Succeeded');
      return (items.length === 24 && bound.length === 23 && isDone) || undefined;
    });
  }

  function audit(args: readonly string[] = [], kubeconfig = controlPlane.kubeconfig): Promise<Finished> {
    return runGridgate(['audit', '--live', '--kubeconfig', kubeconfig, '--default-region', 'us-east-1', ...args]);
  }

  async function auditReport(args: readonly string[] = []): Promise<AuditReport & { readonly finished: Finished }> {
    const finished = await audit(['--output', 'json', ...args]);
    assert.match(finished.stdout, /^\{/, finished.stderr);
    return { ...(JSON.parse(finished.stdout) as AuditReport), finished };
  }

  test('judges what runs by its owner, and counts what runs where policy refuses it', { skip }, async () => {
    const report = await auditReport();
    assert.equal(report.finished.code, 1, 'something is denied');
    assert.equal(report.source, 'cluster');
    const ours = report.workloads.filter(({ namespace }) => namespace !== 'kube-system');
    const seen = ours.map(
      ({ namespace, kind, name, mode, decision, denied, pods, runsIn, misplaced }) =>
        [`${namespace}/${kind}/${name}`, mode, decision, denied, pods, runsIn, misplaced] as const,
    );
    const everywhere = Object.fromEntries(Object.keys(INTENSITIES).map((region) => [region, 3]));
    const expected: typeof seen = [
      ['calm/Pod/anywhere', 'off', 'deny', false, 1, { 'us-east-1': 1 }, 1],
      ['lab/Pod/lonely', 'audit', 'deny', false, 1, { 'eu-central-1': 1 }, 1],
      ['old/Pod/leaving', 'enforce', 'allow', false, 1, { 'eu-north-1': 1 }, 0],
      ['shop/CronJob/nightly', 'enforce', 'allow', false, 1, { '': 1 }, 0], // no node has what it asks for
      ['shop/DaemonSet/agent', 'enforce', 'allow', false, 12, everywhere, 0],
      ['shop/Deployment/pinned', 'enforce', 'deny', true, 2, { 'us-east-1': 2 }, 2],
      ['shop/Deployment/placed', 'enforce', 'allow', false, 3, { 'us-west-2': 3 }, 0],
      ['shop/StatefulSet/db', 'enforce', 'allow', false, 2, { 'eu-north-1': 2 }, 0],
    ];
    const sorted = (rows: typeof seen) => rows.toSorted(([a], [b]) => (a < b ? -1 : 1));
    assert.deepEqual(sorted(seen), sorted(expected));
    assert.equal(report.passedOver['Pod (succeeded)'], 1, 'the Job is done');
  });

  test('has the figures that were computed by hand', { skip }, async () => {
    const report = await auditReport();
    const figures = (name: string) => only(report, name).gramsPerHour;
    // Two pods: 2 * 1.68082921233 Wh * 379.1 g/kWh; denied, so placed nowhere.
    close(figures('pinned').asWritten, 1.274_404_708_8);
    close(figures('pinned').atHome, 1.274_404_708_8);
    assert.equal(figures('pinned').placed, null);
    // Three pods at 120.5, at home 379.1.
    close(figures('placed').asWritten, (3 * WATT_HOURS * 120.5) / 1_000);
    close(figures('placed').atHome, (3 * WATT_HOURS * 379.1) / 1_000);
    assert.deepEqual(only(report, 'pinned').alternative?.region, 'eu-north-1');
    close(only(report, 'pinned').alternative?.gramsPerHour, (2 * WATT_HOURS * 40) / 1_000);
    assert.deepEqual(only(report, 'pinned').requests.basis, 'looked-up');
    const shop = report.namespaces.find(({ namespace }) => namespace === 'shop');
    assert.deepEqual([shop?.denied, shop?.wouldBeDenied, shop?.misplaced], [1, 0, 2]);
    const lab = report.namespaces.find(({ namespace }) => namespace === 'lab');
    assert.deepEqual([lab?.denied, lab?.wouldBeDenied, lab?.misplaced], [0, 1, 1]);
  });

  test('exits with 0 where nothing would be denied', { skip }, async () => {
    const report = await auditReport(['-n', 'lab']);
    assert.equal(report.finished.code, 0);
    assert.deepEqual(
      report.workloads.map(({ name }) => name),
      ['lonely'],
    );
  });

  test('writes a page whole, and nothing but pages', { skip }, async () => {
    const page = join(controlPlane.dir, 'audit.html');
    const { code } = await audit(['--html', page]);
    assert.equal(code, 1);
    assert.match(readFileSync(page, 'utf8'), /^<!doctype html>.*<\/html>\s*$/is);
    assert.deepEqual(
      readdirSync(controlPlane.dir).filter((file) => file.includes('audit.html.')),
      [],
    );
    const nowhere = join(controlPlane.dir, 'no', 'such', 'audit.html');
    const failed = await audit(['--html', nowhere]);
    assert.equal(failed.code, 2);
    assert.equal(existsSync(nowhere), false);
  });

  test('serves who may read one namespace only', { skip }, async () => {
    await create({ ...binding('view', 'ClusterRole'), metadata: { name: 'dev-views' } }, 'lab');
    const dev = controlPlane.kubeconfigFor(DEV);
    const refused = await audit([], dev);
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /you \(dev\) may not list namespaces; .*-n/);
    const { code, stdout, stderr } = await audit(['-n', 'lab', '--regions', regionsFile, '--output', 'json'], dev);
    assert.equal(code, 0, stderr);
    const [lonely, ...others] = (JSON.parse(stdout) as AuditReport).workloads;
    assert.equal(others.length, 0);
    assert.deepEqual([lonely?.name, lonely?.mode, lonely?.decision], ['lonely', 'audit', 'deny']);
    // Nodes are not theirs to read, and they hear of it.
    assert.deepEqual(lonely?.runsIn, { '': 1 });
    assert.match(stderr, /you \(dev\) may not list nodes:/);
    const report = await audit(['-n', 'lab', '--regions', regionsFile, '--report'], dev);
    assert.notEqual(report.code, 0);
  });

  describe('--report', () => {
    test('says where there is no resource for it', { skip }, async () => {
      const { code, stderr } = await audit(['--report']);
      assert.equal(code, 2);
      assert.match(stderr, /knows no policy reports; install the CRDs of openreports\.io\/v1alpha1 or wgpolicyk8s/);
    });

    test('prefers openreports, one report for each namespace', { skip }, async () => {
      await installReports();
      const { stderr } = await audit(['--report']);
      assert.match(stderr, /policy reports \(openreports\.io\/v1alpha1 Report\): 3 written, 0 unchanged/);
      const { items } = (await get(`${OPENREPORTS}/reports`)) as { items: StoredReport[] };
      const found = items.map(({ metadata, summary }) => [metadata.namespace, metadata.name, summary]);
      assert.deepEqual(found.toSorted(), [
        ['lab', 'gridgate-audit', { error: 0, fail: 0, pass: 0, skip: 0, warn: 1 }],
        ['old', 'gridgate-audit', { error: 0, fail: 0, pass: 1, skip: 0, warn: 0 }],
        ['shop', 'gridgate-audit', { error: 0, fail: 1, pass: 3, skip: 1, warn: 0 }],
      ]);
      const shop = items.find(({ metadata }) => metadata.namespace === 'shop');
      const [worst] = shop?.results ?? [];
      assert.deepEqual(worst?.resources, [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'pinned' }]);
      assert.deepEqual([worst.result, worst.severity, worst.rule], ['fail', 'high', 'high_carbon']);
      assert.match(worst.message, /^2 of 2 pods run where the policy refuses them \(us-east-1: 2\); /);
      assert.deepEqual(((await get(`${WGPOLICY}/policyreports`)) as { items: unknown[] }).items, []);
    });

    test('changes nothing when nothing has changed', { skip }, async () => {
      const before = await get(`${OPENREPORTS}/namespaces/shop/reports/gridgate-audit`);
      const { stderr } = await audit(['--report']);
      assert.match(stderr, /0 written, 3 unchanged/);
      assert.deepEqual(await get(`${OPENREPORTS}/namespaces/shop/reports/gridgate-audit`), before);
    });

    test('mends what somebody changed, and keeps what is not its own', { skip }, async () => {
      const path = `${OPENREPORTS}/namespaces/lab/reports`;
      await create({ apiVersion: 'openreports.io/v1alpha1', kind: 'Report', metadata: { name: 'other' } }, 'lab');
      await kubectl([
        ...['patch', 'reports.openreports.io', 'gridgate-audit', '-n', 'lab', '--type', 'merge'],
        ...['-p', '{"results":[],"summary":{"warn":0}}'],
      ]);
      const { stderr } = await audit(['--report']);
      assert.match(stderr, /1 written, 2 unchanged/);
      assert.equal(((await get(`${path}/gridgate-audit`)) as StoredReport).results?.length, 1);
      assert.ok(await get(`${path}/other`));
    });

    test('takes back what nothing stands behind any more, but not from where it did not look', { skip }, async () => {
      await kubectl(['delete', 'pod', 'leaving', '-n', 'old', '--now']);
      assert.match((await audit(['--report', '-n', 'lab'])).stderr, /1 policy report .*: 0 written, 1 unchanged$/m);
      assert.ok(await get(`${OPENREPORTS}/namespaces/old/reports/gridgate-audit`));
      assert.match((await audit(['--report'])).stderr, /0 written, 2 unchanged, 1 removed/);
      assert.equal(await get(`${OPENREPORTS}/namespaces/old/reports/gridgate-audit`), undefined);
    });

    test('empties the report of a namespace that opted out', { skip }, async () => {
      await kubectl(['annotate', 'namespace', 'lab', 'gridgate.dev/mode-']);
      assert.match((await audit(['--report'])).stderr, /1 written, 1 unchanged/);
      const report = (await get(`${OPENREPORTS}/namespaces/lab/reports/gridgate-audit`)) as StoredReport;
      assert.deepEqual(report.results, []);
      assert.equal(report.summary['skip'], 1);
      await kubectl(['annotate', 'namespace', 'lab', 'gridgate.dev/mode=audit']);
    });

    test('writes the older kind where there is no other', { skip }, async () => {
      await kubectl(['delete', 'crd', 'reports.openreports.io']);
      await controlPlane.waitFor('its end', async () => ((await get(OPENREPORTS)) ? undefined : true));
      assert.match(
        (await audit(['--report'])).stderr,
        /2 policy reports \(wgpolicyk8s\.io\/v1alpha2 PolicyReport\): 2 written/,
      );
      const report = (await get(`${WGPOLICY}/namespaces/shop/policyreports/gridgate-audit`)) as StoredReport;
      assert.equal(report.results?.[0]?.message.includes('us-east-1'), true);
      assert.match((await audit(['--report'])).stderr, /0 written, 2 unchanged/);
    });
  });

  test('goes by the regions of nodes and yearly averages where nobody described regions', { skip }, async () => {
    await kubectl(['delete', 'crd', 'regions.gridgate.dev']);
    await controlPlane.waitFor('its end', async () =>
      (await get('/apis/gridgate.dev/v1alpha1/regions')) ? undefined : true,
    );
    const report = await auditReport();
    assert.equal(report.finished.code, 0, 'a yearly average refuses nothing');
    assert.deepEqual(only(report, 'pinned').runsIn, { 'us-east-1': 2 });
    assert.match(report.finished.stderr, /regions are those of the nodes, with yearly averages/);
    assert.ok((only(report, 'pinned').gramsPerHour.asWritten ?? 0) > 0);
  });

  async function installReports(): Promise<void> {
    for (const file of ['openreports', 'wgpolicyk8s'])
      await kubectl(['apply', '-f', `test/fixtures/crds/${file}.yaml`]);
    for (const path of [`${OPENREPORTS}/reports`, `${WGPOLICY}/policyreports`])
      await controlPlane.waitFor(path, async () => (await get(path)) ?? undefined);
  }

  async function kubectl(args: readonly string[], input?: string): Promise<void> {
    const { code, stderr } = await controlPlane.kubectl(args, input);
    assert.equal(code, 0, stderr);
  }

  async function apply(input: string): Promise<void> {
    await kubectl(['apply', '-f', '-'], input);
  }

  async function create(object: object, namespace?: string): Promise<void> {
    await kubectl(['create', ...(namespace ? ['-n', namespace] : []), '-f', '-'], JSON.stringify(object));
  }

  async function get(path: string): Promise<unknown> {
    const { status, body } = await controlPlane.request('GET', path);
    return status === 200 ? body : undefined;
  }
});

interface RunningPod {
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly phase?: string };
}

interface StoredReport {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly summary: Readonly<Record<string, number>>;
  readonly results?: readonly {
    readonly result: string;
    readonly severity: string;
    readonly rule: string;
    readonly message: string;
    readonly resources: readonly object[];
  }[];
}

function regionDocuments(): string {
  const documents = Object.entries(INTENSITIES).map(([name, gramsPerKwh]) => regionYaml(name, { gramsPerKwh }));
  return documents.join('---\n');
}

function only(report: AuditReport, name: string): AuditedWorkload {
  const found = report.workloads.find((workload) => workload.name === name);
  assert.ok(found, `no ${name} in the report`);
  return found;
}

function close(actual: number | null | undefined, expected: number): void {
  assert.ok(typeof actual === 'number' && Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);
}

function statefulSet(name: string, replicas: number, spec: object): object {
  const one = deployment(name, replicas, spec) as { spec: object };
  return { ...one, kind: 'StatefulSet', spec: { ...one.spec, serviceName: name } };
}

function daemonSet(name: string, podSpec: object): object {
  const { spec, ...one } = deployment(name, 1, podSpec) as { spec: { selector: object; template: object } };
  return { ...one, kind: 'DaemonSet', spec: { selector: spec.selector, template: spec.template } };
}

function job(name: string, podSpec: object): object {
  const { spec } = pod(name, { restartPolicy: 'Never', ...podSpec }) as { spec: object };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { template: { spec } } };
}

function binding(role: string, kind: string): object {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: role },
    subjects: [{ kind: 'User', name: DEV, apiGroup: 'rbac.authorization.k8s.io' }],
  };
}
