import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { REGION_LABEL } from '../builders.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { runGridgate } from '../process/run-gridgate.ts';
import { skip } from './cluster.ts';
import { type LiveCluster, startLiveCluster } from './live-cluster.ts';
import { deployment, pod } from './objects.ts';

const DIRTY = { nodeSelector: { [REGION_LABEL]: 'us-east' } };
const PODS = '/api/v1/namespaces/shop/pods';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/shop/deployments';
const RBAC = '/apis/rbac.authorization.k8s.io/v1/namespaces/shop';

describe('gridgate explain, asked about a real cluster', () => {
  let cluster: LiveCluster;

  before(async () => {
    if (skip) return;
    cluster = await startLiveCluster({
      regions: { 'eu-north': { gramsPerKwh: 50 }, 'us-west': { gramsPerKwh: 120 }, 'us-east': { gramsPerKwh: 400 } },
    });
    await cluster.createNamespace('shop', { mode: 'enforce', 'max-intensity': '250', 'home-region': 'us-east' });
  });
  after(() => cluster?.stop());

  async function explain(...args: readonly string[]) {
    const kubeconfig = ['--kubeconfig', cluster.controlPlane.kubeconfig];
    const { code, stdout, stderr } = await runGridgate([
      'explain',
      ...args,
      '-n',
      'shop',
      ...kubeconfig,
      '--output',
      'json',
    ]);
    assert.equal(stderr, '');
    return { code, report: JSON.parse(stdout) };
  }

  test('a Deployment and its pods, where they were placed', { skip }, async () => {
    await cluster.send('POST', DEPLOYMENTS, deployment('web', 3));
    const pods: Rendered[] = await cluster.waitFor('the pods to run', async () => {
      const { items } = await cluster.send('GET', `${PODS}?labelSelector=app%3Dweb`);
      const run = items.filter(({ status }: Rendered) => status.phase === 'Running');
      return run.length === 3 ? run : undefined;
    });
    const { code, report } = await explain('deploy/web');
    assert.deepEqual(
      [code, report.pods],
      [0, { wanted: 3, running: { 'eu-north': 3 }, waiting: { count: 0, names: [] } }],
    );
    const { metadata, spec } = pods[0] ?? assert.fail();
    const one = await explain('pod', metadata.name);
    assert.equal(one.code, 0);
    const { record, runs, now, gramsPerHour, object } = one.report;
    assert.deepEqual([record.readable, record.reason, record.best[0]], [true, 'steered', 'eu-north 50 static']);
    assert.deepEqual([runs.node, runs.region, runs.reading.gramsPerKwh], [spec.nodeName, 'eu-north', 50]);
    assert.deepEqual([now.decision, now.region, object.owner.kind], ['steer', 'eu-north', 'ReplicaSet']);
    assert.equal(gramsPerHour.home / gramsPerHour.now, 8);
  });

  test('pods that wait', { skip }, async () => {
    await cluster.send('POST', PODS, pod('gated', { schedulingGates: [{ name: 'example.com/hold' }] }));
    await cluster.send('POST', PODS, pod('lost', { nodeSelector: { nowhere: 'true' } }));
    const { report } = await explain('pod', 'gated');
    assert.deepEqual([report.waiting.gates, report.runs], [['example.com/hold'], null]);
    const lost = await cluster.waitFor('the scheduler to give up', async () => {
      const { waiting } = (await explain('pod', 'lost')).report;
      return waiting.reason === 'Unschedulable' ? waiting : undefined;
    });
    assert.match(lost.message, /nodes are available/);
  });

  test('a Deployment that is refused', { skip }, async () => {
    await cluster.send('POST', DEPLOYMENTS, deployment('legacy', 1, DIRTY));
    const { code, report } = await cluster.waitFor('a refusal', async () => {
      const explained = await explain('deployment', 'legacy');
      return explained.report.refusal ? explained : undefined;
    });
    assert.equal(code, 1);
    const { byGridgate, reason, message, controller } = report.refusal;
    assert.deepEqual([byGridgate, reason, controller.kind], [true, 'high_carbon', 'ReplicaSet']);
    assert.match(message, /^gridgate refuses pod legacy-\S+: us-east is at 400 .*\[high_carbon\]$/);
    assert.deepEqual([report.now.decision, report.now.allowed], ['deny', false]);
  });

  test('by a developer who may only look into the namespace', { skip }, async () => {
    await cluster.send('POST', '/api/v1/namespaces/shop/serviceaccounts', { metadata: { name: 'dev' } });
    await cluster.send('POST', `${RBAC}/rolebindings`, {
      metadata: { name: 'dev' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: 'dev', namespace: 'shop' }],
    });
    const kubeconfig = await kubeconfigOf('dev');
    const regions = join(cluster.controlPlane.dir, 'regions.json');
    const items = (await cluster.send('GET', '/apis/gridgate.dev/v1alpha1/regions')).items;
    writeFileSync(
      regions,
      items
        .map(({ metadata, spec }: Rendered) =>
          stringify({ apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', metadata: { name: metadata.name }, spec }),
        )
        .join('---\n'),
    );
    const args = ['explain', 'deployment', 'legacy', '-n', 'shop', '--kubeconfig', kubeconfig];

    const alone = await runGridgate(args);
    assert.equal(alone.code, 1, 'that it is refused can be seen');
    assert.match(alone.stdout, /^Refused +ReplicaSet legacy-\S+ cannot create pods/m);
    assert.match(alone.stdout, /what would be decided now is not known: .*--regions/s);
    const withRegions = await runGridgate([...args, '--regions', regions]);
    assert.match(withRegions.stdout, /^Now +deny high_carbon/m);
    assert.match(withRegions.stdout, /may not list nodes/);
  });

  test('by somebody who may view the cluster, who sees the Regions, too', { skip }, async () => {
    const dev = { kind: 'ServiceAccount', name: 'dev', namespace: 'shop' };
    const kubeconfig = await kubeconfigOf('dev');
    const refused = await runGridgate(['regions', '--kubeconfig', kubeconfig]);
    assert.equal(refused.code, 3);
    assert.match(
      refused.stderr,
      /cannot read regions: you \(system:serviceaccount:shop:dev\) may not list regions\.gridgate\.dev; .* gridgate-view/,
    );
    await cluster.send('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: 'dev-views' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [dev],
    });
    const { stdout } = await cluster.waitFor('the right to read Regions', async () => {
      const listed = await runGridgate(['regions'], { env: { KUBECONFIG: kubeconfig } });
      return listed.code === 0 ? listed : undefined;
    });
    assert.match(stdout, /^eu-north .*50/m);
  });

  async function kubeconfigOf(account: string): Promise<string> {
    const path = `/api/v1/namespaces/shop/serviceaccounts/${account}/token`;
    const { status } = await cluster.send('POST', path, { spec: { expirationSeconds: 3_600 } });
    const config = parse(readFileSync(cluster.controlPlane.kubeconfig, 'utf8'));
    for (const user of config.users) user.user = { token: status.token };
    const file = join(cluster.controlPlane.dir, `kubeconfig-${account}`);
    writeFileSync(file, stringify(config));
    return file;
  }
});
