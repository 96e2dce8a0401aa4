import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { ApiError } from '../../../src/cluster/api-error.ts';
import { type Asked, findInstallation, type Installation } from '../../../src/commands/uninstall/find-installation.ts';
import { installedObjects } from '../../../src/commands/uninstall/installed-objects.ts';
import { findRefusals, removeInstallation } from '../../../src/commands/uninstall/remove-installation.ts';
import { renderRemovals, renderStays, tellObstacle } from '../../../src/commands/uninstall/render-installation.ts';
import { traceOfWorkload } from '../../../src/commands/uninstall/scaling-traces.ts';
import { formatBoundsBefore } from '../../../src/scaling/bounds-before.ts';
import { formatBudgetStatus, formatTargetStatuses } from '../../../src/scaling/budget-status.ts';
import { type FakeCluster, fakeCluster } from './fake-cluster.ts';

const SYSTEM = '/api/v1/namespaces/gridgate-system';
const APPS = '/apis/apps/v1/namespaces/gridgate-system';
const ASKED: Asked = { regions: false, policies: false, settings: false, namespace: 'gridgate-system' };
const OURS = { 'app.kubernetes.io/part-of': 'gridgate' };
const CARBON = 'gridgate.dev/carbon';
const TAINT = { key: CARBON, value: 'high', effect: 'PreferNoSchedule' };

/** Everything of the list, in a namespace made for it, with a pod of each Deployment. */
function installed(more: Readonly<Record<string, object>> = {}): Readonly<Record<string, object>> {
  const labels = { ...OURS, 'app.kubernetes.io/name': 'gridgate' };
  const objects = installedObjects('gridgate-system').filter(({ step }) => step !== 'settings');
  return {
    [SYSTEM]: { kind: 'Namespace', metadata: { labels } },
    ...Object.fromEntries(
      objects.map(({ path, kind }) => [path, { kind, metadata: { labels: OURS }, ...WHERE[kind] }]),
    ),
    ...podOf('gridgate'),
    ...podOf('gridgate-controllers'),
    '/api/v1/namespaces/shop': managed(),
    '/api/v1/nodes/n1': node([TAINT]),
    ...more,
  };
}

/** What tells the namespace that gridgate is in. */
const WHERE: Readonly<Record<string, object>> = {
  MutatingWebhookConfiguration: { webhooks: [{ clientConfig: { service: { namespace: 'gridgate-system' } } }] },
  ValidatingWebhookConfiguration: { webhooks: [{ clientConfig: { service: { namespace: 'gridgate-system' } } }] },
  ClusterRoleBinding: {
    subjects: [
      { kind: 'ServiceAccount', name: 'gridgate-controllers', namespace: 'gridgate-system' },
      { kind: 'ServiceAccount', name: 'backup', namespace: 'velero' },
    ],
  },
};

function podOf(deployment: string): Readonly<Record<string, object>> {
  const replicaSet = `${APPS}/replicasets/${deployment}-1`;
  const by = (kind: string, uid: string) => ({ ownerReferences: [{ apiVersion: 'apps/v1', kind, uid }] });
  return {
    [replicaSet]: { kind: 'ReplicaSet', metadata: by('Deployment', `${APPS}/deployments/${deployment}`) },
    [`${SYSTEM}/pods/${deployment}-1-a`]: { kind: 'Pod', metadata: by('ReplicaSet', replicaSet) },
  };
}

function managed(): object {
  const annotations = { 'gridgate.dev/mode': 'enforce', 'example.com/owner': 'shop' };
  return { kind: 'Namespace', metadata: { labels: { 'gridgate.dev/managed': 'true', team: 'a' }, annotations } };
}

function node(taints: readonly object[]): object {
  return { kind: 'Node', metadata: { labels: { [CARBON]: 'high', rack: '1' } }, spec: { taints, unschedulable: true } };
}

async function find({ api }: Pick<FakeCluster, 'api'>, asked: Partial<Asked> = {}): Promise<Installation> {
  const found = await findInstallation(api, { ...ASKED, ...asked }, () => {});
  assert.ok(!('obstacle' in found));
  return found;
}

/** Why nothing may be removed, in words. */
async function findObstacle({ api }: FakeCluster, asked: Partial<Asked> = {}): Promise<string> {
  const found = await findInstallation(api, { ...ASKED, ...asked }, () => {});
  assert.ok('obstacle' in found, 'nothing forbids it');
  return tellObstacle(found.obstacle);
}

async function run({ api }: FakeCluster, asked: Partial<Asked> = {}) {
  const all = { ...ASKED, ...asked };
  const found = await find({ api }, asked);
  const pause = async () => {};
  const told: string[] = [];
  const tell = async (step: string) => told.push(step);
  const failures = await removeInstallation({ api, asked: all, progress: { show: () => {} }, pause, tell }, found);
  return { found, failures, told };
}

const left = ({ objects }: FakeCluster) => [...objects.keys()].sort();

describe('gridgate uninstall', () => {
  it('knows every object of the manifests, each of which is labelled as part of gridgate', () => {
    const known = new Set(installedObjects('gridgate-system').map(({ kind, name }) => `${kind} ${name}`));
    for (const layout of ['base', 'check', 'crd', 'strict', 'single', 'uninstall']) {
      const [kustomization] = documents(`manifests/${layout}/kustomization.yaml`);
      assert.deepEqual(kustomization?.labels, [{ pairs: OURS }], layout);
      for (const file of readdirSync(`manifests/${layout}`).filter(
        (name) => name.endsWith('.yaml') && name !== 'kustomization.yaml',
      ))
        for (const { kind, metadata } of documents(`manifests/${layout}/${file}`))
          assert.ok(known.has(`${kind} ${metadata.name}`) || kind === 'Namespace', `${kind} ${metadata.name}`);
    }
  });

  it('knows every object of what manifests/capacity adds, each labelled by itself', () => {
    const known = new Set(installedObjects('gridgate-system').map(({ kind, called }) => `${kind} ${called}`));
    for (const component of readdirSync('manifests/capacity', { withFileTypes: true }).filter((one) =>
      one.isDirectory(),
    )) {
      const folder = `manifests/capacity/${component.name}`;
      for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml'))
        for (const { kind, metadata } of documents(`${folder}/${file}`)) {
          const called = [metadata.namespace, metadata.name].filter(Boolean).join('/');
          assert.ok(known.has(`${kind} ${called}`), `${kind} ${called}`);
          assert.partialDeepStrictEqual(metadata.labels, OURS, `${kind} ${called}`);
        }
    }
  });

  it('deletes NodeOverlays of carbon that the controller kept, once it is gone, and no other', async () => {
    const overlays = '/apis/karpenter.sh/v1alpha1/nodeoverlays';
    const labels = { 'app.kubernetes.io/managed-by': 'gridgate', 'gridgate.dev/overlay': 'carbon' };
    const byHand = { 'gridgate.dev/carbon-price': '0.0004217' };
    const annotations = { ...byHand, 'gridgate.dev/priced-at': '2026-11-29T14:00:00.000Z' };
    const othersLabels = { 'gridgate.dev/overlay': 'carbon' };
    const cluster = fakeCluster(
      installed({
        [`${overlays}/gridgate-1`]: { kind: 'NodeOverlay', metadata: { labels, annotations } },
        [`${overlays}/gridgate-2`]: { kind: 'NodeOverlay', metadata: { labels: othersLabels, annotations } },
        [`${overlays}/gridgate-3`]: { kind: 'NodeOverlay', metadata: { labels, annotations: byHand } },
        [`${overlays}/discount`]: { kind: 'NodeOverlay', metadata: {} },
      }),
    );
    const { failures } = await run(cluster);
    assert.deepEqual(failures, []);
    const at = (part: string) => cluster.writes.findIndex((write) => write.endsWith(part));
    assert.ok(at('deployments/gridgate-controllers') < at('nodeoverlays/gridgate-1'));
    assert.deepEqual(
      left(cluster).filter((path) => path.startsWith(overlays)),
      [`${overlays}/discount`, `${overlays}/gridgate-2`, `${overlays}/gridgate-3`],
    );
  });

  it('removes webhooks, controllers, traces, the rest and the namespace, in this order', async () => {
    const cluster = fakeCluster(installed());
    const { failures, told } = await run(cluster);
    assert.deepEqual(failures, []);
    assert.deepEqual(told, ['webhooks', 'controllers', 'policies', 'traces', 'rest', 'namespace']);
    const at = (part: string) => cluster.writes.findIndex((write) => write.endsWith(part));
    const order = [
      'mutatingwebhookconfigurations/gridgate',
      'validatingwebhookconfigurations/gridgate',
      'deployments/gridgate-controllers',
      'clusterrolebindings/gridgate-controllers',
      'validatingadmissionpolicies/gridgate-controllers',
      'PATCH /api/v1/namespaces/shop',
      '/roles/gridgate-controllers',
      'secrets/gridgate-tls',
      'DELETE /api/v1/namespaces/gridgate-system',
    ].map(at);
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
    assert.ok(order[0] === 0 && at('DELETE /api/v1/namespaces/gridgate-system') === -1 + cluster.writes.length);
    const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    assert.deepEqual(left(cluster), [
      '/api/v1/namespaces/shop',
      '/api/v1/nodes/n1',
      `${crds}/regionalautoscalers.gridgate.dev`,
      `${crds}/regions.gridgate.dev`,
    ]);
  });

  it('takes its rights away wherever Cluster Autoscaler is, and was', async () => {
    const places = ['kube-system', 'autoscaling', 'gridgate-system'];
    const roles = installedObjects('gridgate-system', places).filter(({ name }) => /expander|autoscaler-st/.test(name));
    const namespaced = roles.filter(({ path }) => path.includes('/namespaces/'));
    assert.equal(namespaced.length, 4 * places.length);
    const others = '/apis/rbac.authorization.k8s.io/v1/namespaces/autoscaling/roles/theirs';
    const more = Object.fromEntries(namespaced.map(({ path, kind }) => [path, { kind, metadata: { labels: OURS } }]));
    const cluster = fakeCluster(installed({ ...more, [others]: { kind: 'Role' } }));
    const { failures } = await run(cluster);
    assert.deepEqual(failures, []);
    assert.deepEqual(
      left(cluster).filter((path) => path.includes('rbac.authorization')),
      [others],
    );
  });

  it('takes what a hook of the chart left that was cut short, its guard last', async () => {
    const hooks = /\/gridgate-(check|uninstall)$/;
    const ofHelm = { ...OURS, 'app.kubernetes.io/managed-by': 'Helm' };
    const objects = installedObjects('gridgate-system').filter(({ path }) => hooks.test(path));
    assert.equal(objects.length, 2 * 7);
    const cluster = fakeCluster(
      Object.fromEntries(objects.map(({ path, kind }) => [path, { kind, metadata: { labels: ofHelm } }])),
    );
    const { failures } = await run(cluster);
    assert.deepEqual([failures, left(cluster)], [[], []]);
    const at = (part: string) => cluster.writes.findIndex((write) => write.endsWith(part));
    for (const name of ['gridgate-check', 'gridgate-uninstall'])
      assert.ok(at(`clusterrolebindings/${name}`) < at(`validatingadmissionpolicybindings/${name}`), name);
  });

  it('cleans nothing before the pods that would write it again are gone', async () => {
    const cluster = fakeCluster(installed());
    const pods: number[] = [];
    cluster.before = (write) => {
      if (write.startsWith('PATCH'))
        pods.push(left(cluster).filter((path) => path.startsWith(`${SYSTEM}/pods/`)).length);
    };
    await run(cluster);
    assert.deepEqual(pods, [0, 0]);
  });

  it('leaves what others wrote on namespaces, nodes and owners', async () => {
    const others = { key: CARBON, value: 'x', effect: 'NoSchedule' };
    const dedicated = { key: 'dedicated', value: 'a', effect: 'NoSchedule' };
    const job = '/apis/batch/v1/namespaces/shop/jobs/report';
    const nudged = {
      kind: 'Job',
      metadata: { annotations: { 'gridgate.dev/nudged': 'x', 'gridgate.dev/class': 'critical' } },
    };
    const cluster = fakeCluster(installed({ '/api/v1/nodes/n1': node([dedicated, TAINT, others]), [job]: nudged }));
    await run(cluster);
    const { metadata, spec } = cluster.objects.get('/api/v1/nodes/n1');
    assert.deepEqual([metadata.labels, spec], [{ rack: '1' }, { taints: [dedicated, others], unschedulable: true }]);
    const shop = cluster.objects.get('/api/v1/namespaces/shop').metadata;
    assert.deepEqual(shop.labels, { team: 'a' });
    assert.deepEqual(shop.annotations, { 'gridgate.dev/mode': 'enforce', 'example.com/owner': 'shop' });
    assert.deepEqual(cluster.objects.get(job).metadata.annotations, { 'gridgate.dev/class': 'critical' });
    assert.ok(cluster.writes.includes(`PATCH ${job}/status`));
  });

  const GATED = '/api/v1/namespaces/shop/pods/train';
  const SUSPENDED = '/apis/batch/v1/namespaces/shop/jobs/held';
  const waiting = (): Readonly<Record<string, object>> => ({
    [GATED]: { kind: 'Pod', spec: { schedulingGates: [{ name: 'example.com/hold' }, { name: 'gridgate.dev/defer' }] } },
    [SUSPENDED]: {
      kind: 'Job',
      metadata: {
        annotations: { 'gridgate.dev/deferred': 'suspend', 'gridgate.dev/not-before': '2026-11-29T20:00:00Z' },
      },
      spec: { suspend: true },
    },
    '/apis/batch/v1/namespaces/shop/jobs/by-hand': { kind: 'Job', spec: { suspend: true } },
    '/apis/batch/v1/namespaces/shop/jobs/done': {
      kind: 'Job',
      metadata: { annotations: { 'gridgate.dev/released': '2026-11-29T08:00:00Z', team: 'a' } },
    },
  });

  it('lets go what waits once the webhooks are gone and before the controllers go, and says so beforehand', async () => {
    const cluster = fakeCluster(installed(waiting()));
    const { found, failures } = await run(cluster);
    assert.deepEqual(failures, []);
    assert.match(renderRemovals(found, 200), /^waiting +1 +Pod +let go: shop\/train$/m);
    assert.match(renderRemovals(found, 200), /^waiting +1 +Job +let go: shop\/held$/m);
    const { spec, metadata } = cluster.objects.get(GATED);
    assert.deepEqual(spec.schedulingGates, [{ name: 'example.com/hold' }]);
    assert.ok(metadata.annotations['gridgate.dev/released']);
    const held = cluster.objects.get(SUSPENDED);
    assert.deepEqual([held.spec.suspend, held.metadata.annotations], [false, {}]);
    assert.equal(cluster.objects.get('/apis/batch/v1/namespaces/shop/jobs/by-hand').spec.suspend, true);
    const done = cluster.objects.get('/apis/batch/v1/namespaces/shop/jobs/done');
    assert.deepEqual(done.metadata.annotations, { team: 'a' });
    const at = (part: string) => cluster.writes.findIndex((write) => write.includes(part));
    assert.ok(at('validatingwebhookconfigurations/gridgate') < at(GATED));
    assert.ok(at(GATED) < at('deployments/gridgate'));
  });

  it('lets go what was made to wait while it worked, by an API server that heard late of it', async () => {
    const cluster = fakeCluster(installed());
    cluster.before = (write) => {
      if (write.includes('deployments/gridgate') && !cluster.objects.has(GATED))
        cluster.objects.set(GATED, {
          kind: 'Pod',
          metadata: { name: 'train', namespace: 'shop', uid: '1', resourceVersion: '1' },
          spec: { schedulingGates: [{ name: 'gridgate.dev/defer' }] },
        });
    };
    const { failures } = await run(cluster);
    assert.deepEqual([failures, cluster.objects.get(GATED).spec.schedulingGates], [[], []]);
  });

  it('goes on where one cannot be let go, and names it', async () => {
    const cluster = fakeCluster(installed(waiting()));
    cluster.before = (write) => {
      if (write.includes(GATED)) throw new ApiError(write, { code: 403, message: 'admission webhook denied it' });
    };
    const { failures } = await run(cluster);
    const refused = `cannot let go Pod shop/train: PATCH ${GATED} answers 403: admission webhook denied it`;
    assert.deepEqual(failures, [refused]);
    assert.ok(!cluster.objects.has(SYSTEM), 'all else is gone');
  });

  it('with --policies takes the annotations that people wrote for gridgate, and only those', async () => {
    const cluster = fakeCluster(installed());
    await run(cluster, { policies: true });
    const { annotations } = cluster.objects.get('/api/v1/namespaces/shop').metadata;
    assert.deepEqual(annotations, { 'example.com/owner': 'shop' });
  });

  /** Objects of others that would like to be taken for gridgate's. */
  const FOREIGN: Readonly<Record<string, object>> = {
    '/api/v1/namespaces/victim': {
      kind: 'Namespace',
      metadata: { labels: { ...OURS, 'app.kubernetes.io/name': 'gridgate' } },
    },
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/pools.example.com': {
      kind: 'CustomResourceDefinition',
      metadata: { labels: OURS },
    },
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/cluster-admin': {
      kind: 'ClusterRole',
      metadata: { labels: OURS },
    },
    '/apis/scheduling.k8s.io/v1/priorityclasses/batch': { kind: 'PriorityClass', metadata: { labels: OURS } },
  };
  it("deletes nothing for a label's sake", async () => {
    const cluster = fakeCluster(installed(FOREIGN));
    await run(cluster, { regions: true, policies: true, settings: true });
    assert.deepEqual(left(cluster), ['/api/v1/namespaces/shop', '/api/v1/nodes/n1', ...Object.keys(FOREIGN)].sort());
  });

  it('leaves what has a name of ours and is part of something else, with its namespace, and says so', async () => {
    const path = `${SYSTEM}/services/gridgate`;
    const labels = { 'app.kubernetes.io/part-of': 'another' };
    const cluster = fakeCluster(installed({ [path]: { kind: 'Service', metadata: { labels } } }));
    const { found } = await run(cluster);
    assert.ok(cluster.objects.has(path) && cluster.objects.has(SYSTEM));
    assert.match(renderStays(found.stays, 200), /Service gridgate-system\/gridgate: app\.kubernetes\.io\/part-of says/);
    assert.match(renderStays(found.stays, 200), /the namespace, which holds Service gridgate$/m);
  });

  it('removes nothing where what runs is part of something else, and names the label', async () => {
    const platform = { 'app.kubernetes.io/part-of': 'platform' };
    const unlabelled = /\/(leases|secrets)\//;
    const relabelled = Object.entries(installed())
      .filter(([path]) => /gridgate/.test(path))
      .map(([path, object]) => [
        path,
        {
          ...object,
          metadata: { labels: unlabelled.test(path) ? {} : { ...platform, 'app.kubernetes.io/name': 'gridgate' } },
        },
      ]);
    const says = await findObstacle(fakeCluster(installed(Object.fromEntries(relabelled))));
    assert.match(
      says,
      /^MutatingWebhookConfiguration gridgate, .*: the label app\.kubernetes\.io\/part-of says platform;/,
    );
  });

  const RUNS = [
    '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/gridgate',
    '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/gridgate-controllers',
    `${APPS}/deployments/gridgate`,
  ];
  for (const path of RUNS)
    it(`removes nothing where ${path} alone is part of something else`, async () => {
      const metadata = { labels: { 'app.kubernetes.io/part-of': 'another' } };
      const kind = /deployments/.test(path) ? 'Deployment' : /bindings/.test(path) ? 'ClusterRoleBinding' : 'Webhooks';
      const says = await findObstacle(fakeCluster(installed({ [path]: { kind, metadata } })));
      assert.match(
        says,
        /: the label app\.kubernetes\.io\/part-of says another; where this is gridgate's after all, set it to gridgate/,
      );
    });

  it('removes nothing where gridgate is in another namespace, and names that', async () => {
    assert.equal(
      await findObstacle(fakeCluster(installed()), { namespace: 'platform-gridgate' }),
      'gridgate is in gridgate-system, not in platform-gridgate: --system-namespace gridgate-system',
    );
  });

  it('names the namespace from the accounts alone, once the webhooks are gone', async () => {
    const objects = Object.entries(installed()).filter(([path]) => !/webhookconfigurations/.test(path));
    assert.match(
      await findObstacle(fakeCluster(Object.fromEntries(objects)), { namespace: 'platform-gridgate' }),
      /--system-namespace gridgate-system$/,
    );
  });

  it('puts back what people wrote as priorities of node groups, and takes its mark away', async () => {
    const path = '/api/v1/namespaces/scaling/configmaps/cluster-autoscaler-priority-expander';
    const theirs = '# mine\n10: \n  - .*';
    const ours = "199: # gridgate.dev\n  - '^a$' # north # gridgate.dev\n";
    const annotations = {
      'gridgate.dev/priorities': '100-199',
      'gridgate.dev/priorities-changed': '2026-11-22T09:00:00Z',
    };
    const other = '/api/v1/namespaces/scaling/configmaps/other';
    const cluster = fakeCluster(
      installed({
        [path]: { metadata: { annotations }, data: { priorities: ours + theirs, other: 'x' } },
        [other]: { metadata: {}, data: { priorities: ours } },
      }),
    );
    const { found, failures } = await run(cluster);
    assert.deepEqual(failures, []);
    assert.match(renderRemovals(found, 200), /^traces +1 +ConfigMap +priorities of node groups$/m);
    const { metadata, data } = cluster.objects.get(path);
    assert.deepEqual(
      [data, metadata.annotations],
      [{ priorities: theirs, other: 'x' }, { 'gridgate.dev/priorities': '100-199' }],
    );
    assert.deepEqual(cluster.objects.get(other).data, { priorities: ours });
  });

  for (const [name, annotations, priorities] of [
    ['where gridgate wrote none', {}, "199: # gridgate.dev\n  - '^a$' # north # gridgate.dev\n"],
    ['that people marked, where nobody opted in', {}, '10:\n  - mine # gridgate.dev\n'],
    [
      'that people marked, beside its own annotation',
      { 'gridgate.dev/priorities-changed': '2026-11-22T09:00:00Z' },
      '10:\n  - mine # gridgate.dev\n',
    ],
  ] as const)
    it(`takes no lines of priorities away ${name}`, async () => {
      const path = '/api/v1/namespaces/kube-system/configmaps/cluster-autoscaler-priority-expander';
      const cluster = fakeCluster(installed({ [path]: { metadata: { annotations }, data: { priorities } } }));
      const { failures } = await run(cluster);
      assert.deepEqual(failures, []);
      assert.deepEqual(cluster.objects.get(path).data, { priorities });
    });

  it('puts back what NodePools had before they followed the grid', async () => {
    const path = '/apis/karpenter.sh/v1/nodepools/batch';
    const owners = [{ manager: 'kubectl', operation: 'Apply', apiVersion: 'karpenter.sh/v1' }];
    const held = { version: 1, field: 'limits.cpu', value: 100, owners, wrote: '0' };
    const annotations = {
      'gridgate.dev/carbon-aware': 'pause',
      'gridgate.dev/carbon-before': JSON.stringify(held),
      'gridgate.dev/carbon-status': '{}',
    };
    const managedFields = [
      { ...owners[0], fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': { 'f:weight': {} } } },
      { manager: 'gridgate-node-pools', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:limits': { 'f:cpu': {} } } } },
    ];
    const pool = { metadata: { annotations, managedFields }, spec: { weight: 3, limits: { cpu: '0', memory: '1Ti' } } };
    const cluster = fakeCluster(installed({ [path]: pool }));
    const { found, failures } = await run(cluster);
    assert.deepEqual(failures, []);
    assert.match(renderRemovals(found, 200), /^traces +1 +NodePool +put back: spec\.limits\.cpu \(batch\)$/m);
    assert.match(
      renderStays(found.stays, 300),
      /- gridgate\.dev\/carbon-aware and what goes with it \(.*\) on 1 NodePool: they are their owners'/,
    );
    const { metadata, spec } = cluster.objects.get(path);
    assert.deepEqual(spec, { weight: 3, limits: { cpu: 100, memory: '1Ti' } });
    assert.deepEqual(metadata.annotations, { 'gridgate.dev/carbon-aware': 'pause' });
    const fieldsV1 = { 'f:spec': { 'f:weight': {}, 'f:limits': { 'f:cpu': {} } } };
    assert.deepEqual(metadata.managedFields, [{ ...owners[0], fieldsType: 'FieldsV1', fieldsV1 }]);
  });

  it('writes nothing that a forged carbon-before asks for, and says what stays as gridgate wrote it', async () => {
    const at = (name: string) => `/apis/karpenter.sh/v1/nodepools/${name}`;
    const forged = { version: 1, field: 'requirements', key: 'kubernetes.io/arch', value: ['arm64'], owners: [] };
    const before = JSON.stringify({ ...forged, wrote: ['amd64'] });
    const requirements = [{ key: 'kubernetes.io/arch', operator: 'In', values: ['amd64'] }];
    const spec = { template: { spec: { requirements } } };
    const fieldsV1 = { 'f:spec': { 'f:limits': { 'f:cpu': {} } } };
    const managedFields = [{ manager: 'gridgate-node-pools', operation: 'Apply', fieldsV1 }];
    const cluster = fakeCluster(
      installed({
        [at('forged')]: { metadata: { annotations: { 'gridgate.dev/carbon-before': before } }, spec },
        [at('orphan')]: { metadata: { managedFields }, spec: { limits: { cpu: '0' } } },
      }),
    );
    const { found, failures } = await run(cluster);
    assert.deepEqual(failures, []);
    assert.deepEqual(cluster.objects.get(at('forged')).spec, spec);
    assert.deepEqual(cluster.objects.get(at('forged')).metadata.annotations, {});
    const told = renderRemovals(found, 200);
    assert.match(told, /NodePool +annotation gridgate\.dev\/carbon-before, which gridgate did not write \(forged\)$/m);
    assert.match(told, /NodePool +the mark on spec\.limits\.cpu, which stays as it is \(orphan\)$/m);
  });

  it('puts back replicas, bounds and maximums that gridgate moved, and whose they were', async () => {
    const kubectl = { manager: 'kubectl', operation: 'Apply', apiVersion: 'autoscaling/v2' } as const;
    const entry = (manager: string, spec: object, more: object = {}) => ({
      ...{ manager, operation: 'Apply', apiVersion: 'autoscaling/v2', fieldsType: 'FieldsV1', ...more },
      fieldsV1: { 'f:spec': spec },
    });
    const held = { state: 'held', before: 5, wrote: 1, since: '2026-11-29T10:00:00Z', strikes: 0 } as const;
    const shop = '/namespaces/shop';
    const [web, db, changed, mistaken] = [
      `/apis/apps/v1${shop}/deployments/web`,
      `/apis/apps/v1${shop}/statefulsets/db`,
      `/apis/apps/v1${shop}/deployments/changed`,
      `/apis/apps/v1${shop}/deployments/forged`,
    ];
    const [hpa, capped] = ['web', 'capped'].map(
      (name) => `/apis/autoscaling/v2${shop}/horizontalpodautoscalers/${name}`,
    );
    const regional = `/apis/gridgate.dev/v1alpha1${shop}/regionalautoscalers/web`;
    assert.ok(hpa && capped);
    const budget = (text: string) => ({ annotations: { 'gridgate.dev/budget-status': text, team: 'a' } });
    const scale = entry('gridgate-carbon-budgets', { 'f:replicas': {} }, { subresource: 'scale' });
    const bounds = formatBoundsBefore({
      min: 2,
      max: 6,
      owners: { min: [], max: [kubectl] },
      wrote: { min: 3, max: 7 },
    });
    const targets = [
      { deployment: 'web', region: 'france', max: 2 },
      { deployment: 'web-dk', region: 'denmark', max: 3 },
      { deployment: 'web-lv', region: 'latvia', max: 9 },
    ];
    const cluster = fakeCluster(
      installed({
        [web]: { metadata: { ...budget(formatBudgetStatus(held)), managedFields: [scale] }, spec: { replicas: 1 } },
        [db]: {
          metadata: budget(formatBudgetStatus({ ...held, wrote: 2, from: 1, generation: 4 })),
          spec: { replicas: 1 },
        },
        [changed]: { metadata: budget(formatBudgetStatus(held)), spec: { replicas: 3 } },
        [mistaken]: { metadata: budget('{"version":1,"before":99}'), spec: { replicas: 3 } },
        [hpa]: {
          metadata: {
            annotations: { 'gridgate.dev/bounds-before': bounds },
            managedFields: [entry('gridgate-regional-autoscaler', { 'f:minReplicas': {}, 'f:maxReplicas': {} })],
          },
          spec: { minReplicas: 3, maxReplicas: 7 },
        },
        [capped]: {
          metadata: budget(formatBudgetStatus({ ...held, before: 6, wrote: 2 })),
          spec: { minReplicas: 2, maxReplicas: 2 },
        },
        [regional]: {
          metadata: budget(
            formatTargetStatuses({
              web: { ...held, before: 8, wrote: 2 },
              'web-dk': { ...held, before: null, wrote: 3 },
              'web-lv': { ...held, before: 8, wrote: 2 },
            }),
          ),
          spec: { mode: 'replicas', targets },
        },
        [`${regional}-2`]: {
          metadata: { managedFields: [entry('gridgate-regional-autoscaler', {}, { subresource: 'status' })] },
          spec: { targets },
        },
      }),
    );
    const others = {
      restored: formatBudgetStatus({ ...held, state: 'restored' }),
      'let-go': formatBudgetStatus({ ...held, state: 'let-go' }),
      blank: ` ${formatBudgetStatus({ ...held, before: 100_000 })}`,
      'of-nothing': formatBudgetStatus({ ...held, before: null }),
      raising: formatBudgetStatus({ ...held, before: 0 }),
    };
    for (const [name, text] of Object.entries(others))
      cluster.objects.set(`/apis/apps/v1${shop}/statefulsets/${name}`, {
        ...cluster.objects.get(changed),
        kind: 'StatefulSet',
        metadata: { ...cluster.objects.get(changed).metadata, name, ...budget(text) },
        spec: { replicas: 1 },
      });
    const { found, failures } = await run(cluster);
    assert.deepEqual(failures, []);
    for (const name of Object.keys(others))
      assert.equal(cluster.objects.get(`/apis/apps/v1${shop}/statefulsets/${name}`).spec.replicas, 1, name);
    const told = renderRemovals(found, 200);
    assert.match(
      renderStays(found.stays, 300),
      /- 2 RegionalAutoscalers and their CustomResourceDefinition \(--regions\)/,
    );
    assert.match(
      renderStays({ ...found.stays, kinds: [{ noun: 'RegionalAutoscaler', count: 1 }] }, 300),
      /- 1 RegionalAutoscaler and its CustomResourceDefinition \(--regions\)/,
    );
    assert.doesNotMatch(told, /RegionalAutoscaler +metadata/);
    assert.match(told, /^traces +1 +Deployment +put back: spec\.replicas \(shop\/web\)$/m);
    assert.match(
      told,
      /^traces +3 +Deployment +annotation gridgate\.dev\/budget-status \(shop\/web, shop\/changed, shop\/forged\)$/m,
    );
    assert.match(
      told,
      /^traces +1 +HorizontalPodAutoscaler +put back: spec\.minReplicas and spec\.maxReplicas \(shop\/web\)$/m,
    );
    const specOf = (path: string) => cluster.objects.get(path).spec;
    assert.deepEqual(
      [web, db, changed, mistaken].map((path) => specOf(path).replicas),
      [5, 5, 3, 3],
    );
    assert.deepEqual(specOf(hpa), { minReplicas: 2, maxReplicas: 6 });
    assert.deepEqual(specOf(capped), { minReplicas: 2, maxReplicas: 6 });
    assert.deepEqual(specOf(regional), {
      mode: 'replicas',
      targets: [{ ...targets[0], max: 8 }, { deployment: 'web-dk', region: 'denmark' }, targets[2]],
    });
    for (const path of [web, db, changed, mistaken, capped, regional])
      assert.deepEqual(cluster.objects.get(path).metadata.annotations, { team: 'a' }, path);
    assert.deepEqual(cluster.objects.get(web).metadata.managedFields, [{}]);
    assert.deepEqual(cluster.objects.get(hpa).metadata, {
      ...cluster.objects.get(hpa).metadata,
      annotations: {},
      managedFields: [entry('kubectl', { 'f:maxReplicas': {} })],
    });
    const again = await find(cluster);
    assert.deepEqual(again.traces, []);
  });

  it('looks again for what the controllers wrote until they were gone', async () => {
    const pool = '/apis/karpenter.sh/v1/nodepools/batch';
    const overlay = '/apis/karpenter.sh/v1alpha1/nodeoverlays/gridgate-1';
    const node = '/api/v1/nodes/n2';
    const cluster = fakeCluster(installed());
    cluster.before = (write) => {
      if (write !== `DELETE ${APPS}/deployments/gridgate-controllers`) return;
      const held = { version: 1, field: 'limits.cpu', value: 100, owners: [], wrote: '0' };
      const labels = { 'app.kubernetes.io/managed-by': 'gridgate', 'gridgate.dev/overlay': 'carbon' };
      cluster.put(pool, {
        metadata: { annotations: { 'gridgate.dev/carbon-before': JSON.stringify(held) } },
        spec: { limits: { cpu: '0' } },
      });
      const annotations = { 'gridgate.dev/priced-at': '2026-11-29T14:00:00.000Z' };
      cluster.put(overlay, { kind: 'NodeOverlay', metadata: { labels, annotations } });
      cluster.put(node, { kind: 'Node', metadata: { labels: { [CARBON]: 'low' } }, spec: {} });
    };
    const { failures } = await run(cluster);
    assert.deepEqual(failures, []);
    assert.equal(cluster.objects.get(pool).spec.limits.cpu, 100);
    assert.deepEqual(cluster.objects.get(pool).metadata.annotations, {});
    assert.ok(!cluster.objects.has(overlay));
    assert.deepEqual(cluster.objects.get(node).metadata.labels, {});
  });

  it('says that gridgate may be in another namespace where nothing tells which', async () => {
    const objects = Object.entries(installed()).filter(([path]) => !/webhookconfigurations|bindings/.test(path));
    const cluster = fakeCluster(Object.fromEntries(objects));
    const elsewhere =
      /^Stays:\n +- what gridgate has in another namespace: there is no Deployment, .* in platform-gridgate /;
    const { stays } = await find(cluster, { namespace: 'platform-gridgate' });
    assert.match(renderStays(stays, 200), elsewhere);
    const { stays: there } = await find(cluster);
    assert.doesNotMatch(renderStays(there, 200), /another namespace/);
  });

  it('leaves a namespace that was not made for gridgate', async () => {
    const cluster = fakeCluster(installed({ [SYSTEM]: { kind: 'Namespace' } }));
    const { found, failures } = await run(cluster);
    assert.deepEqual(failures, []);
    assert.ok(cluster.objects.has(SYSTEM));
    assert.match(renderStays(found.stays, 200), /the namespace, which was not made for gridgate/);
  });

  it('leaves a namespace into which something came while it worked', async () => {
    const cluster = fakeCluster(installed());
    const late = `${SYSTEM}/configmaps/late`;
    cluster.before = (write) => {
      if (write.includes('priorityclasses/gridgate-failover'))
        cluster.objects.set(late, { kind: 'ConfigMap', metadata: { name: 'late' } });
    };
    const { failures } = await run(cluster);
    assert.deepEqual(failures, ['cannot delete Namespace gridgate-system: something came into it meanwhile']);
    assert.ok(cluster.objects.has(late));
  });

  it('removes the policy reports that gridgate wrote, and no others', async () => {
    const reports = '/apis/openreports.io/v1alpha1/namespaces/shop/reports';
    const report = { kind: 'Report', metadata: { labels: { 'app.kubernetes.io/managed-by': 'gridgate' } } };
    const cluster = fakeCluster(installed({ [`${reports}/gridgate-audit`]: report }));
    await run(cluster);
    assert.ok(cluster.writes.includes(`DELETE ${reports}/gridgate-audit`));
  });

  it('goes on where it was ended, after each of its writes', async () => {
    const whole = fakeCluster(installed());
    await run(whole, { regions: true, settings: true });
    for (let ends = 0; ends < whole.writes.length; ends++) {
      const cluster = fakeCluster(installed());
      let writes = 0;
      cluster.before = () => {
        if (writes++ >= ends) throw new TypeError('killed');
      };
      await assert.rejects(() => run(cluster, { regions: true, settings: true }), /killed/);
      cluster.before = () => {};
      const { failures } = await run(cluster, { regions: true, settings: true });
      assert.deepEqual([failures, left(cluster)], [[], left(whole)], `ended after ${ends}`);
    }
  });

  it('again finds nothing, and writes nothing', async () => {
    const cluster = fakeCluster(installed());
    await run(cluster);
    const before = cluster.writes.length;
    const { found } = await run(cluster);
    assert.deepEqual([found.removals, found.traces, cluster.writes.length], [[], [], before]);
    assert.equal(found.stays.policies, 1);
  });

  it('reads a node again that somebody else wrote meanwhile, and loses nothing of theirs', async () => {
    const cluster = fakeCluster(installed());
    const theirs = { key: 'theirs', effect: 'NoExecute' };
    let isWritten = false;
    cluster.before = (write) => {
      if (isWritten || write !== 'PATCH /api/v1/nodes/n1') return;
      isWritten = true;
      const one = cluster.objects.get('/api/v1/nodes/n1');
      one.spec.taints.push(theirs);
      one.metadata.resourceVersion = 'later';
    };
    const { failures } = await run(cluster);
    assert.deepEqual(failures, []);
    const { metadata, spec } = cluster.objects.get('/api/v1/nodes/n1');
    assert.deepEqual([metadata.labels, spec.taints], [{ rack: '1' }, [theirs]]);
  });

  it('takes the label away again where an API server that is late has it put back', async () => {
    const cluster = fakeCluster(installed());
    let late = 3;
    const { send } = cluster.api;
    const api: FakeCluster['api'] = {
      ...cluster.api,
      async send(method, path, options) {
        const answer = await send(method, path, options);
        if (method !== 'PATCH' || !path.endsWith('/shop') || late-- <= 0) return answer;
        const { metadata } = cluster.objects.get(path);
        metadata.labels['gridgate.dev/managed'] = 'true';
        return structuredClone(cluster.objects.get(path));
      },
    };
    const { failures } = await run({ ...cluster, api });
    const tries = cluster.writes.filter((write) => write === 'PATCH /api/v1/namespaces/shop');
    assert.deepEqual([failures, tries.length], [[], 4]);
    assert.equal(cluster.objects.get('/api/v1/namespaces/shop').metadata.labels['gridgate.dev/managed'], undefined);
  });

  it('begins nothing that must come later where the webhooks or the controllers stay', async () => {
    const cluster = fakeCluster(installed());
    cluster.before = (write) => {
      if (write.includes('clusterrolebindings/gridgate-controllers')) throw forbidden(write);
    };
    const { failures } = await run(cluster);
    assert.deepEqual(failures, [
      'cannot delete ClusterRoleBinding gridgate-controllers: you (dev) may not delete clusterrolebindings.rbac.authorization.k8s.io gridgate-controllers',
      'nothing that must come later was begun',
    ]);
    assert.ok(!cluster.writes.some((write) => write.startsWith('PATCH')));
  });

  /** As the API server words what the authorizer refuses. */
  function forbidden(request: string): ApiError {
    const message = 'x "y" is forbidden: User "dev" cannot do resource "x" in API group "z" at the cluster scope';
    return new ApiError(request, { code: 403, reason: 'Forbidden', message });
  }

  it('goes on to the others where one object is refused, and tells it', async () => {
    const cluster = fakeCluster(installed({ '/api/v1/nodes/n2': node([]) }));
    cluster.before = (write) => {
      if (write === 'PATCH /api/v1/nodes/n1') throw new ApiError(write, { code: 422, message: 'not today' });
    };
    const { failures } = await run(cluster);
    assert.deepEqual(failures, ['cannot clean Node n1: PATCH /api/v1/nodes/n1 answers 422: not today']);
    assert.equal(cluster.objects.get('/api/v1/nodes/n2').metadata.labels[CARBON], undefined);
    assert.ok(!cluster.objects.has(SYSTEM));
  });

  it('tells every right that is missing before it begins, and apart from that what admission refuses', async () => {
    const cluster = fakeCluster(installed());
    const { send } = cluster.api;
    const denied = 'admission webhook "validation.gatekeeper.sh" denied the request: no';
    const api: FakeCluster['api'] = {
      ...cluster.api,
      async send(method, path, options) {
        const request = `${method} ${path}`;
        if (/namespaces\/shop/.test(path)) throw new ApiError(request, { code: 403, message: denied });
        if (/\/nodes\//.test(path)) throw new ApiError(request, { code: 409 });
        if (/priorityclasses/.test(path)) throw forbidden(request);
        return send(method, path, options);
      },
    };
    assert.deepEqual(await findRefusals({ api }, await find(cluster)), {
      missingRights: [
        'you (dev) may not delete priorityclasses.scheduling.k8s.io gridgate-failover',
        'you (dev) may not delete priorityclasses.scheduling.k8s.io gridgate-flexible',
      ],
      otherRefusals: [`PATCH /api/v1/namespaces/shop answers 403: ${denied}`],
    });
    assert.deepEqual(cluster.writes, []);
  });

  it('cleans 10,000 namespaces and 5,000 nodes, a few at a time, and counts them in the plan', async () => {
    const many = (path: string, count: number, one: () => object) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`${path}-${index}`, one()]));
    const namespaces = many('/api/v1/namespaces/n', 10_000, managed);
    const cluster = fakeCluster(installed({ ...namespaces, ...many('/api/v1/nodes/n', 5_000, () => node([TAINT])) }));
    const { found, failures } = await run(cluster);
    assert.deepEqual(failures, []);
    const plan = renderRemovals(found, 200);
    assert.match(plan, /^traces +10001 +Namespace +label gridgate\.dev\/managed$/m);
    assert.match(plan, /^traces +5001 +Node +label gridgate\.dev\/carbon$/m);
    assert.match(plan, /^traces +5001 +Node +taint gridgate\.dev\/carbon$/m);
    assert.ok(cluster.most() <= 8, `${cluster.most()} at once`);
    const { found: again } = await run(cluster);
    assert.equal(again.traces.length, 0);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: manifests of every kind
function documents(file: string): any[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS());
}

it('gridgate uninstall calls what marks a field as written by gridgate by its names', () => {
  const managedFields = [{ manager: 'gridgate-carbon-budgets', operation: 'Apply', apiVersion: 'apps/v1' }];
  const found = traceOfWorkload({ metadata: { name: 'web', namespace: 'shop', managedFields } } as never);
  assert.deepEqual(found?.what, ['metadata.managedFields of gridgate-carbon-budgets']);
});
