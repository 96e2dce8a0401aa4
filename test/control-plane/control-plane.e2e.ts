import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { skip } from './assets.ts';
import { readAuditLog } from './audit.ts';
import type { ControlPlane } from './start.ts';
import { startControlPlane } from './start.ts';

const REGION_LABEL = 'topology.kubernetes.io/region';
const REGIONS = ['eu-north', 'eu-west', 'us-east', 'us-west'];
const OPERATOR = 'system:serviceaccount:gridgate:operator';

describe('control plane', () => {
  let controlPlane: ControlPlane;

  before(async () => {
    if (skip) return;
    controlPlane = await startControlPlane({ users: [{ name: OPERATOR, groups: ['system:serviceaccounts'] }] });
  });
  after(() => controlPlane?.stop());

  test('schedules and runs a deployment over four regions', { skip }, async () => {
    await controlPlane.addNodes(
      REGIONS.map((region) => ({ name: `node-${region}`, labels: { [REGION_LABEL]: region } })),
    );
    const created = await controlPlane.request(
      'POST',
      '/apis/apps/v1/namespaces/default/deployments',
      deployment('web', 4),
    );
    assert.equal(created.status, 201);

    const nodeNames = await controlPlane.waitFor('4 running pods', () => runningPodNodes('web', 4));
    assert.deepEqual(
      nodeNames.toSorted(),
      REGIONS.map((region) => `node-${region}`),
    );
  });

  test('completes a job', { skip }, async () => {
    const created = await controlPlane.kubectl(['create', 'job', 'batch', '--image=example.invalid/batch:1']);
    assert.equal(created.code, 0, created.stderr);

    const done = await controlPlane.kubectl(['wait', '--for=condition=complete', 'job/batch', '--timeout=30s']);
    assert.equal(done.code, 0, done.stderr);
  });

  test('audits who creates and who binds a pod', { skip }, async () => {
    const actors = await controlPlane.waitFor('audit events of a pod', () => {
      const events = readAuditLog(controlPlane.auditLog).filter(({ objectRef }) => objectRef?.resource === 'pods');
      const creation = events.find(({ verb, objectRef }) => verb === 'create' && !objectRef?.subresource);
      const binding = events.find(({ objectRef }) => objectRef?.subresource === 'binding');
      return creation && binding && { creator: creation.user.username, binder: binding.user.username };
    });
    assert.deepEqual(actors, {
      creator: 'system:serviceaccount:kube-system:replicaset-controller',
      binder: 'system:kube-scheduler',
    });
  });

  test('lets an extra user do what RBAC allows', { skip }, async () => {
    const listPods = ['--kubeconfig', controlPlane.kubeconfigFor(OPERATOR), 'get', 'pods', '-n', 'default'];
    const before = await controlPlane.kubectl(listPods);
    assert.match(before.stderr, /Forbidden/);

    const binding = ['create', 'clusterrolebinding', 'operator', '--clusterrole=view', `--user=${OPERATOR}`];
    assert.equal((await controlPlane.kubectl(binding)).code, 0);

    await controlPlane.waitFor('the role binding to count', async () =>
      (await controlPlane.kubectl(listPods)).code === 0 ? true : undefined,
    );
  });

  test('keeps its objects over a restart of the API server', { skip }, async () => {
    await controlPlane.restartApiServer();
    const { status, body } = await controlPlane.request('GET', '/apis/apps/v1/namespaces/default/deployments/web');
    assert.deepEqual([status, body.spec.replicas], [200, 4]);
  });

  async function runningPodNodes(app: string, count: number): Promise<string[] | undefined> {
    const { body } = await controlPlane.request('GET', `/api/v1/namespaces/default/pods?labelSelector=app%3D${app}`);
    const running = body.items.filter((pod: Pod) => pod.status.phase === 'Running');
    return running.length === count ? running.map((pod: Pod) => pod.spec.nodeName) : undefined;
  }
});

type Pod = { readonly spec: { readonly nodeName?: string }; readonly status: { readonly phase: string } };

function deployment(app: string, replicas: number) {
  const labels = { app };
  const spread = {
    maxSkew: 1,
    topologyKey: REGION_LABEL,
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: labels },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: app },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'web', image: 'example.invalid/web:1' }], topologySpreadConstraints: [spread] },
      },
    },
  };
}
