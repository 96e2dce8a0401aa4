import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiClient } from '../../../src/cluster/api-client.ts';
import { ApiError } from '../../../src/cluster/api-error.ts';
import { type Asked, findInstallation } from '../../../src/commands/uninstall/find-installation.ts';
import { installedObjects } from '../../../src/commands/uninstall/installed-objects.ts';
import { findRefusals, removeInstallation } from '../../../src/commands/uninstall/remove-installation.ts';
import { renderStays, tellObstacle } from '../../../src/commands/uninstall/render-installation.ts';
import { type AskedRight, allows, each, rightAsked, rulesOf } from '../../cluster/rbac-allows.ts';
import { fakeCluster } from './fake-cluster.ts';

const SYSTEM = '/api/v1/namespaces/gridgate-system';
const APPS = '/apis/apps/v1/namespaces/gridgate-system';
const ROLES = 'manifests/uninstall/rbac.yaml';
const ASKED: Asked = {
  regions: false,
  policies: false,
  settings: false,
  beforeHelm: true,
  namespace: 'gridgate-system',
};
const OBJECTS = installedObjects('gridgate-system');
/** Made by replicas while they run: no chart has them. */
const MADE = OBJECTS.filter(({ step, kind }) => step === 'rest' && ['Lease', 'Secret', 'ConfigMap'].includes(kind));

type Labels = Readonly<Record<string, string>>;
const PART_OF: Labels = { 'app.kubernetes.io/part-of': 'gridgate' };
const BY_HELM = {
  labels: { ...PART_OF, 'app.kubernetes.io/managed-by': 'Helm' },
  annotations: { 'meta.helm.sh/release-name': 'green', 'meta.helm.sh/release-namespace': 'gridgate-system' },
};
/** As something else applies what `helm template` prints. */
const BY_TEMPLATE = { labels: BY_HELM.labels };
const KEPT = { ...BY_HELM, annotations: { ...BY_HELM.annotations, 'helm.sh/resource-policy': 'keep' } };

/** All that a chart may have, what replicas made beside it, and what gridgate wrote on what belongs to others. */
function installed(metadata: object = BY_HELM): Record<string, object> {
  const subjects = [{ kind: 'ServiceAccount', name: 'gridgate', namespace: 'gridgate-system' }];
  const made = new Set(MADE);
  const objects = OBJECTS.map((one) => {
    const own = made.has(one) ? {} : one.step === 'regions' && metadata === BY_HELM ? KEPT : metadata;
    return [one.path, { kind: one.kind, metadata: own, ...(one.kind === 'ClusterRoleBinding' && { subjects }) }];
  });
  const uid = `${APPS}/deployments/gridgate`;
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', uid }];
  return {
    ...Object.fromEntries(objects),
    [SYSTEM]: { kind: 'Namespace', metadata: { labels: { ...PART_OF, 'app.kubernetes.io/name': 'gridgate' } } },
    [`${SYSTEM}/pods/gridgate-a`]: { kind: 'Pod', metadata: { ownerReferences } },
    '/api/v1/namespaces/shop': { kind: 'Namespace', metadata: { labels: { 'gridgate.dev/managed': 'true' } } },
    '/api/v1/nodes/n1': { kind: 'Node', metadata: { labels: { 'gridgate.dev/carbon': 'high' } } },
    '/api/v1/namespaces/shop/pods/train': { kind: 'Pod', spec: { schedulingGates: [{ name: 'gridgate.dev/defer' }] } },
  };
}

type Cluster = ReturnType<typeof fakeCluster>;

async function run(cluster: Cluster, asked: Partial<Asked> = {}, api = cluster.api) {
  const all = { ...ASKED, ...asked };
  const found = await findInstallation(api, all, () => {});
  assert.ok(!('obstacle' in found), 'something forbids it');
  const refusals = await findRefusals({ api }, found);
  const pause = async () => {};
  const failures = await removeInstallation({ api, asked: all, progress: { show: () => {} }, pause }, found);
  return { found, refusals, failures };
}

async function obstacleOf(objects: Record<string, object>, asked: Partial<Asked> = {}): Promise<string> {
  const found = await findInstallation(fakeCluster(objects).api, { ...ASKED, ...asked }, () => {});
  return 'obstacle' in found ? tellObstacle(found.obstacle) : 'nothing';
}

const isGone = ({ objects }: Cluster) =>
  new Set(OBJECTS.filter(({ path }) => !objects.has(path)).map(({ kind, called }) => `${kind} ${called}`));

describe('gridgate uninstall --before-helm', () => {
  it('takes webhooks and controllers, and what no chart has, in this order; leaves the rest to Helm', async () => {
    const cluster = fakeCluster(installed());
    const { failures, refusals, found } = await run(cluster);
    assert.deepEqual([failures, refusals.missingRights, refusals.otherRefusals], [[], [], []]);
    const steps = new Set(['webhooks', 'controllers']);
    const expected = OBJECTS.filter((one) => steps.has(one.step) || MADE.includes(one));
    assert.deepEqual(isGone(cluster), new Set(expected.map(({ kind, called }) => `${kind} ${called}`)));
    assert.ok(cluster.objects.has(SYSTEM), 'the pod of the hook is in it');
    assert.deepEqual(cluster.objects.get('/api/v1/namespaces/shop').metadata.labels, {});
    assert.deepEqual(cluster.objects.get('/api/v1/namespaces/shop/pods/train').spec.schedulingGates, []);
    const order = [
      'validatingwebhookconfigurations/gridgate',
      'pods/train',
      'deployments/gridgate',
      'PATCH /api/v1/nodes/n1',
      'secrets/gridgate-tls',
    ].map((part) => cluster.writes.findIndex((write) => write.endsWith(part)));
    assert.ok(order[0] !== -1);
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
    // The definitions of Regions and RegionalAutoscalers are kept, and settings are not looked at.
    const left = OBJECTS.length - expected.length - 2 - OBJECTS.filter(({ step }) => step === 'settings').length;
    assert.match(
      renderStays(found.stays, 200),
      new RegExp(`^ +- ${left} objects of the chart, which helm uninstall removes$`, 'm'),
    );
  });

  it('is done once: the second time nothing is left to remove, or to write', async () => {
    const cluster = fakeCluster(installed());
    await run(cluster);
    const writes = cluster.writes.length;
    const { found, failures } = await run(cluster);
    assert.deepEqual([found.removals, found.traces, failures, cluster.writes.length], [[], [], [], writes]);
  });

  it('goes on after Helm has removed what is its own', async () => {
    const cluster = fakeCluster(installed());
    for (const { path, step } of OBJECTS) if (step !== 'regions') cluster.objects.delete(path);
    const { found, failures } = await run(cluster);
    assert.deepEqual([found.removals, failures], [[], []]);
    assert.equal(cluster.objects.get('/api/v1/nodes/n1').metadata.labels['gridgate.dev/carbon'], undefined);
  });

  it('ended at any write, and begun again, it comes to the same', async () => {
    const whole = fakeCluster(installed());
    await run(whole);
    for (let last = 0; last < whole.writes.length; last++) {
      const cluster = fakeCluster(installed());
      cluster.before = () => {
        if (cluster.writes.length >= last) throw new Error('killed');
      };
      await assert.rejects(run(cluster), /killed/);
      cluster.before = () => {};
      const { failures } = await run(cluster);
      assert.deepEqual([failures, [...cluster.objects.keys()]], [[], [...whole.objects.keys()]], `at write ${last}`);
    }
  });

  for (const asked of ['regions', 'settings'] as const)
    it(`with --${asked} takes those, too, which Helm may have been told to keep`, async () => {
      const cluster = fakeCluster(installed(KEPT));
      // What Helm keeps is nobody's, but it must know that it was there to stop it.
      cluster.put(`${SYSTEM}/services/gridgate`, { kind: 'Service', metadata: BY_HELM });
      await run(cluster, { [asked]: true });
      for (const { path, step } of OBJECTS) if (step === asked) assert.ok(!cluster.objects.has(path), path);
    });

  it('works alike where something else applied the chart', async () => {
    const cluster = fakeCluster(installed(BY_TEMPLATE));
    const { failures } = await run(cluster);
    assert.deepEqual(failures, []);
    assert.ok(
      !cluster.objects.has(`${APPS}/deployments/gridgate`) && cluster.objects.has(`${SYSTEM}/services/gridgate`),
    );
  });
});

describe('who may uninstall what', () => {
  const helm =
    'Helm installed gridgate, as release green in namespace gridgate-system: helm uninstall green -n gridgate-system';
  const rows: readonly [name: string, metadata: object, beforeHelm: boolean, says: RegExp | string][] = [
    ['a release of Helm is for helm uninstall', BY_HELM, false, helm],
    ['and for what comes before it', BY_HELM, true, 'nothing'],
    ['a chart that something else applied is not Helm’s', BY_TEMPLATE, false, 'nothing'],
    ['and has its hook as well', BY_TEMPLATE, true, 'nothing'],
    ['what Helm was told to keep is not Helm’s any more', KEPT, false, 'nothing'],
    [
      'what came out of no chart has nothing before Helm',
      { labels: PART_OF },
      true,
      /^nothing of gridgate here came out of its chart \(MutatingWebhookConfiguration gridgate, .*\): leave out --before-helm$/,
    ],
    ['and is uninstalled', { labels: PART_OF }, false, 'nothing'],
  ];
  for (const [name, metadata, beforeHelm, says] of rows)
    it(name, async () => {
      const said = await obstacleOf(installed(metadata), { beforeHelm });
      if (typeof says === 'string') assert.equal(said, says);
      else assert.match(said, says);
    });

  it('an obstacle of before stays the first that is told', async () => {
    assert.match(await obstacleOf(installed(), { namespace: 'elsewhere' }), /^gridgate is in gridgate-system, not in/);
    const platform = { ...BY_HELM, labels: { ...BY_HELM.labels, 'app.kubernetes.io/part-of': 'platform' } };
    const path = `${APPS}/deployments/gridgate`;
    assert.match(
      await obstacleOf({ ...installed(), [path]: { kind: 'Deployment', metadata: platform } }),
      /^Deployment .* says platform/,
    );
  });
});

describe(`${ROLES}`, () => {
  /** Every kind that gridgate writes on, so that each right is needed. */
  function everything(): Record<string, object> {
    const nudged = { annotations: { 'gridgate.dev/nudged': 'x' } };
    const labels = { 'app.kubernetes.io/managed-by': 'gridgate', 'gridgate.dev/overlay': 'carbon' };
    const priced = { 'gridgate.dev/carbon-price': '0.1', 'gridgate.dev/priced-at': '2026-11-29T14:00:00.000Z' };
    const report = { kind: 'Report', metadata: { labels: { 'app.kubernetes.io/managed-by': 'gridgate' } } };
    return {
      ...installed(),
      ...SCALED,
      '/apis/apps/v1/namespaces/shop/replicasets/web-1': { kind: 'ReplicaSet', metadata: nudged },
      '/apis/apps/v1/namespaces/shop/statefulsets/db': { kind: 'StatefulSet', metadata: nudged },
      '/apis/batch/v1/namespaces/shop/jobs/report': { kind: 'Job', metadata: nudged },
      '/apis/batch/v1/namespaces/shop/jobs/held': {
        kind: 'Job',
        metadata: { annotations: { 'gridgate.dev/deferred': 'suspend' } },
        spec: { suspend: true },
      },
      '/apis/karpenter.sh/v1alpha1/nodeoverlays/gridgate-1': {
        kind: 'NodeOverlay',
        metadata: { labels, annotations: priced },
      },
      '/apis/openreports.io/v1alpha1/namespaces/shop/reports/gridgate-audit': report,
      '/apis/wgpolicyk8s.io/v1alpha2/namespaces/shop/policyreports/gridgate-audit': report,
      '/apis/gridgate.dev/v1alpha1/regions/eu-north-1': { kind: 'Region' },
    };
  }

  const scaled = {
    managedFields: [{ manager: 'gridgate-carbon-budgets', operation: 'Apply', apiVersion: 'apps/v1', fieldsV1: {} }],
  };
  const SCALED: Record<string, object> = {
    '/apis/apps/v1/namespaces/shop/deployments/web': { kind: 'Deployment', metadata: scaled },
    '/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/web': {
      kind: 'HorizontalPodAutoscaler',
      metadata: scaled,
    },
    '/apis/gridgate.dev/v1alpha1/namespaces/shop/regionalautoscalers/web': {
      kind: 'RegionalAutoscaler',
      metadata: scaled,
    },
    '/apis/apps/v1/namespaces/shop/statefulsets/cache': { kind: 'StatefulSet', metadata: scaled },
    '/apis/karpenter.sh/v1/nodepools/spot': {
      kind: 'NodePool',
      metadata: { annotations: { 'gridgate.dev/carbon-status': '{}' } },
    },
    '/api/v1/namespaces/kube-system/configmaps/cluster-autoscaler-priority-expander': {
      kind: 'ConfigMap',
      metadata: { annotations: { 'gridgate.dev/priorities-changed': 'x' } },
    },
  };

  it('holds all that it asks, also where writes collide, and nothing that it does not ask', async () => {
    const cluster = fakeCluster(everything());
    const asked: AskedRight[] = [];
    const note = (method: string, path: string, fieldSelector?: string) => {
      const right = rightAsked(method, path, fieldSelector);
      if (right) asked.push(right);
    };
    const api: Pick<ApiClient, 'get' | 'send'> = {
      get: (path, options) => {
        note('GET', path, options.query?.['fieldSelector']);
        return cluster.api.get(path, options);
      },
      send: (method, path, options) => {
        note(method, path);
        return cluster.api.send(method, path, options);
      },
    };
    const collided = new Set<string>();
    cluster.before = (write) => {
      if (!write.startsWith('PATCH') || collided.has(write)) return;
      collided.add(write);
      throw new ApiError(write, { code: 409 });
    };
    const { failures } = await run(cluster, {}, api);
    assert.deepEqual(failures, []);
    const rules = rulesOf(ROLES);
    const refused = asked.filter((right) => !rules.some((rule) => allows(rule, right)));
    assert.deepEqual(refused, []);
    const unused = each(rules).filter((rule) => !asked.some((right) => allows(rule, right)));
    assert.deepEqual(
      unused.map(({ called }) => called),
      [],
    );
  });
});
