import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { OWN_LABELS } from '../../src/capacity/own-overlay.ts';
import { NODE_OVERLAYS_PATH } from '../../src/cluster/node-overlays.ts';
import { formatBoundsBefore } from '../../src/scaling/bounds-before.ts';
import { formatBudgetStatus, formatTargetStatuses } from '../../src/scaling/budget-status.ts';
import { ZONE_LABEL } from '../builders.ts';
import { skip } from '../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { NODE_POOLS_PATH, nodePool } from '../e2e/following-pools.ts';
import { deployment, pod } from '../e2e/objects.ts';
import { heldJob, heldPod } from '../e2e/releasing.ts';
import { runGridgate } from '../process/run-gridgate.ts';
import { applyObjects } from './controllers-account.ts';
import { MANIFESTS, ofKind, type Rendered, renderWith } from './rendered-manifests.ts';

const UNINSTALL = 'system:serviceaccount:gridgate-system:gridgate-uninstall';
const CHECK = 'system:serviceaccount:gridgate-system:gridgate-check';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const APPS = '/apis/apps/v1/namespaces/shop';
const SCALERS = '/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers';
const REGIONAL = '/apis/gridgate.dev/v1alpha1/namespaces/shop/regionalautoscalers';
const JOBS = '/apis/batch/v1/namespaces/shop/jobs';
const PODS = '/api/v1/namespaces/shop/pods';
const PRIORITIES = '/api/v1/namespaces/kube-system/configmaps';
const REPORTS = '/apis/wgpolicyk8s.io/v1alpha2/namespaces/shop/policyreports';
const HELD = { state: 'held', before: 5, wrote: 1, since: '2026-11-29T10:00:00Z', strikes: 0 } as const;
const CARBON_TAINT = { key: 'gridgate.dev/carbon', value: 'high', effect: 'PreferNoSchedule' };
const OTHER_TAINT = { key: 'example.com/gpu', value: 'x', effect: 'NoSchedule' };

/** Behind RBAC that knows no fields, and no dry runs. */
describe('a token of what the chart’s hooks run as', { skip, timeout: 300_000 }, () => {
  let plane: ControlPlane;

  const as = (user: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    plane.request(method, path, body, { ...headers, 'impersonate-user': user });
  async function admin(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    const { status, body: answer } = await plane.request(method, path, body, headers);
    assert.ok(status < 300, `${method} ${path} answers ${status}: ${JSON.stringify(answer)}`);
    return answer as Rendered;
  }
  const annotated = (name: string, annotations: object) => ({ metadata: { name, annotations } });

  before(async () => {
    plane = await startControlPlane({ workers: [], users: [{ name: UNINSTALL }, { name: CHECK }] });
    await plane.installKarpenter();
    const crds = ofKind(await renderWith(plane, 'base', ['regional-autoscaler']), 'CustomResourceDefinition');
    for (const name of ['gridgate-system', 'shop']) await admin('POST', '/api/v1/namespaces', { metadata: { name } });
    await applyObjects(plane, crds);
    for (const args of [
      ['apply', '-f', 'test/fixtures/crds/wgpolicyk8s.yaml'],
      ['apply', '-k', `${MANIFESTS}/uninstall`],
      ['apply', '-k', `${MANIFESTS}/check`],
    ]) {
      const { code, stderr } = await plane.kubectl(args);
      assert.equal(code, 0, stderr);
    }
    for (const path of [REGIONAL, REPORTS])
      await plane.waitFor(path, async () => (await plane.request('GET', path)).status === 200 || undefined);
    await leaveTraces();
    const relabelled = { metadata: { labels: { 'not-ours': '1' } } };
    await plane.waitFor('both guards', async () => {
      const patched = await as(UNINSTALL, 'PATCH', '/api/v1/namespaces/shop?dryRun=All', relabelled, MERGE);
      const made = await as(CHECK, 'POST', '/api/v1/namespaces', { metadata: { generateName: 'stolen-' } });
      return (patched.status === 403 && made.status === 403) || undefined;
    });
  });
  after(() => plane?.stop());

  /** What gridgate leaves where it ran, one of each kind. */
  async function leaveTraces(): Promise<void> {
    await admin('POST', '/api/v1/nodes', {
      metadata: { name: 'n1', labels: { 'gridgate.dev/carbon': 'high', pool: 'a' } },
      spec: { taints: [CARBON_TAINT, OTHER_TAINT] },
    });
    const policy = { labels: { 'gridgate.dev/managed': 'true' }, annotations: { 'gridgate.dev/mode': 'enforce' } };
    await admin('PATCH', '/api/v1/namespaces/shop', { metadata: policy }, MERGE);
    await admin('POST', '/api/v1/namespaces/shop/serviceaccounts', { metadata: { name: 'default' } });
    await admin('POST', PODS, heldPod('train'));
    // No annotation can come to what holds as much as an object can.
    const full = heldPod('full');
    await admin('POST', PODS, {
      ...full,
      metadata: { ...full.metadata, annotations: { full: 'x'.repeat(256 * 1_024 - 4) } },
    });
    await admin('POST', PODS, { ...pod('web'), metadata: { name: 'web' } });
    const { spec } = heldJob('held', { suspend: true }, { schedulingGates: [] });
    const template = { metadata: { labels: { app: 'x' } }, spec: { ...spec.template.spec, restartPolicy: 'Never' } };
    await admin('POST', JOBS, { ...annotated('held', { 'gridgate.dev/deferred': 'suspend' }), spec });
    await admin('POST', JOBS, { metadata: { name: 'theirs' }, spec: { suspend: true, template } });
    const budget = { 'gridgate.dev/budget-status': formatBudgetStatus(HELD) };
    for (const [kind, name] of [
      ['deployments', 'web'],
      ['statefulsets', 'db'],
    ] as const)
      await admin('POST', `${APPS}/${kind}`, { ...annotated(name, budget), spec: deployment(name, 1).spec });
    await admin('POST', `${APPS}/deployments`, deployment('free', 1));
    const bounds = formatBoundsBefore({ min: 2, max: 6, owners: { min: [], max: [] }, wrote: { min: 3, max: 7 } });
    const scaler = (name: string, annotations: object, minReplicas: number, maxReplicas: number) => ({
      ...annotated(name, annotations),
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name }, minReplicas, maxReplicas },
    });
    await admin('POST', SCALERS, scaler('web', { 'gridgate.dev/bounds-before': bounds }, 3, 7));
    await admin('POST', SCALERS, scaler('capped', budget, 1, 1));
    const targets = { web: { ...HELD, before: 8, wrote: 2 }, dk: { ...HELD, before: null, wrote: 3 } };
    await admin('POST', REGIONAL, {
      apiVersion: 'gridgate.dev/v1alpha1',
      kind: 'RegionalAutoscaler',
      ...annotated('web', { 'gridgate.dev/budget-status': formatTargetStatuses(targets) }),
      spec: {
        ...{ mode: 'replicas', replicas: 4 },
        targets: [
          { deployment: 'web', region: 'france', max: 2 },
          { deployment: 'dk', region: 'denmark', max: 3 },
        ],
      },
    });
    const keep = (field: string, value: unknown, key?: string) =>
      JSON.stringify({ version: 1, field, key, value, owners: [], wrote: field === 'requirements' ? ['b'] : '0' });
    const zones = (...values: readonly string[]) => ({ key: ZONE_LABEL, operator: 'In', values });
    await admin('POST', NODE_POOLS_PATH, {
      ...nodePool('cores', {
        annotations: { 'carbon-before': keep('limits.cpu', '100') },
        spec: { limits: { cpu: '0' } },
      }),
    });
    await admin('POST', NODE_POOLS_PATH, {
      ...nodePool('zones', {
        annotations: { 'carbon-before': keep('requirements', ['a', 'b'], ZONE_LABEL) },
        requirements: [zones('b')],
      }),
    });
    await admin('POST', PRIORITIES, {
      ...annotated('cluster-autoscaler-priority-expander', {
        'gridgate.dev/priorities-changed': '2026-11-29T10:00:00Z',
      }),
      data: { priorities: "10:\n  - theirs\n20: # gridgate.dev\n  - '^ours$' # eu # gridgate.dev\n" },
    });
    for (const [name, annotations] of [
      ['gridgate-a', { 'gridgate.dev/priced-at': '2026-11-29T10:00:00Z' }],
      ['theirs', {}],
    ] as const)
      await admin('POST', NODE_OVERLAYS_PATH, {
        ...{ apiVersion: 'karpenter.sh/v1alpha1', kind: 'NodeOverlay' },
        metadata: { name, annotations, labels: OWN_LABELS },
        spec: { weight: 9_000, priceAdjustment: '+0.1', requirements: [zones('a')] },
      });
    for (const name of ['gridgate-audit', 'theirs'])
      await admin('POST', REPORTS, {
        ...{ apiVersion: 'wgpolicyk8s.io/v1alpha2', kind: 'PolicyReport' },
        metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'gridgate' } },
      });
  }

  const root = { containers: [{ name: 'main', image: 'evil', securityContext: { privileged: true } }] };
  const metadata = (part: object) => ({ metadata: part });
  const THEFTS: readonly (readonly [what: string, path: string, patch: object])[] = [
    ['another image of a Deployment', `${APPS}/deployments/web`, { spec: { template: { spec: root } } }],
    [
      'another account of a Deployment',
      `${APPS}/deployments/free`,
      { spec: { template: { spec: { serviceAccountName: 'x' } } } },
    ],
    ['a StatefulSet on the host', `${APPS}/statefulsets/db`, { spec: { template: { spec: { hostNetwork: true } } } }],
    ['replicas that nobody keeps', `${APPS}/deployments/web`, { spec: { replicas: 0 } }],
    ['replicas where no budget is', `${APPS}/deployments/free`, { spec: { replicas: 5 } }],
    [
      'replicas with a forged memory',
      `${APPS}/deployments/free`,
      {
        ...metadata({ annotations: { 'gridgate.dev/budget-status': formatBudgetStatus(HELD) } }),
        spec: { replicas: 5 },
      },
    ],
    ['an end of a running pod', `${PODS}/web`, { spec: { activeDeadlineSeconds: 1 } }],
    ['a label of a running pod, into a Service', `${PODS}/web`, metadata({ labels: { app: 'bank' } })],
    ['a waiting pod with another affinity', `${PODS}/train`, { spec: { nodeSelector: { a: 'b' } } }],
    [
      'an owner of a pod, which deletes it',
      `${PODS}/train`,
      metadata({ ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'x' }] }),
    ],
    ['a Job of somebody else resumed', `${JOBS}/theirs`, { spec: { suspend: false } }],
    ['another number of pods of a Job', `${JOBS}/held`, { spec: { parallelism: 100 } }],
    ['a node cordoned', '/api/v1/nodes/n1', { spec: { unschedulable: true } }],
    ['a taint of others taken away', '/api/v1/nodes/n1', { spec: { taints: [CARBON_TAINT] } }],
    ['a taint that drains', '/api/v1/nodes/n1', { spec: { taints: [OTHER_TAINT, { key: 'x', effect: 'NoExecute' }] } }],
    ['a label of a node', '/api/v1/nodes/n1', metadata({ labels: { pool: 'b' } })],
    [
      'Pod Security switched off',
      '/api/v1/namespaces/shop',
      metadata({ labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } }),
    ],
    [
      'a policy of gridgate loosened',
      '/api/v1/namespaces/shop',
      metadata({ annotations: { 'gridgate.dev/mode': 'off' } }),
    ],
    ['a finalizer', '/api/v1/namespaces/shop', metadata({ finalizers: ['example.com/held'] })],
    ['bounds that nobody keeps', `${SCALERS}/web`, { spec: { minReplicas: 1, maxReplicas: 1 } }],
    ['another target of a HorizontalPodAutoscaler', `${SCALERS}/web`, { spec: { scaleTargetRef: { name: 'x' } } }],
    [
      'another Deployment of a RegionalAutoscaler',
      `${REGIONAL}/web`,
      { spec: { targets: [{ deployment: 'x', region: 'france', max: 8 }] } },
    ],
    ['cores that nobody keeps', `${NODE_POOLS_PATH}/cores`, { spec: { limits: { cpu: '9999' } } }],
    ['a weight that nobody keeps', `${NODE_POOLS_PATH}/cores`, { spec: { weight: 99 } }],
    [
      'zones that nobody keeps',
      `${NODE_POOLS_PATH}/zones`,
      { spec: { template: { spec: { requirements: [{ key: ZONE_LABEL, operator: 'In', values: ['c'] }] } } } },
    ],
    ['when nodes of a pool go', `${NODE_POOLS_PATH}/cores`, { spec: { template: { spec: { expireAfter: '1s' } } } }],
    [
      'priorities of others',
      `${PRIORITIES}/cluster-autoscaler-priority-expander`,
      { data: { priorities: '10:\n  - mine\n' } },
    ],
  ];

  for (const [what, path, patch] of THEFTS)
    test(`of uninstall does not write: ${what}`, async () => {
      const { status, body } = await as(UNINSTALL, 'PATCH', `${path}?dryRun=All`, patch, MERGE);
      assert.equal(status, 403, JSON.stringify(body));
      assert.match(
        (body as Rendered).message,
        /ValidatingAdmissionPolicy 'gridgate-uninstall' .*: gridgate uninstall /,
      );
    });

  for (const path of [`${NODE_OVERLAYS_PATH}/theirs`, `${REPORTS}/theirs`])
    test(`of uninstall does not delete ${path.split('/').at(-2)} of others`, async () => {
      const { status, body } = await as(UNINSTALL, 'DELETE', path);
      assert.equal(status, 403, JSON.stringify(body));
      assert.match((body as Rendered).message, /gridgate uninstall deletes no report and no NodeOverlay but/);
    });

  const APPLY = { 'content-type': 'application/apply-patch+yaml' };
  const THROWN: readonly (readonly [string, string, string, object, Record<string, string>?])[] = [
    ['a pod', 'POST', PODS, pod('stolen')],
    ['a pod without a name', 'POST', PODS, { ...pod('x'), metadata: { generateName: 'stolen-' } }],
    ['a pod in gridgate’s namespace', 'POST', '/api/v1/namespaces/gridgate-system/pods', pod('stolen')],
    ['a namespace', 'POST', '/api/v1/namespaces', { metadata: { name: 'stolen' } }],
    [
      'a pod by apply',
      'PATCH',
      `${PODS}/stolen?fieldManager=x`,
      { apiVersion: 'v1', kind: 'Pod', ...pod('stolen') },
      APPLY,
    ],
    ['a binding', 'POST', `${PODS}/web/binding`, { target: { kind: 'Node', name: 'n1' } }],
    ['an eviction', 'POST', `${PODS}/web/eviction`, { metadata: { name: 'web' } }],
    [
      'an ephemeral container',
      'PATCH',
      `${PODS}/web/ephemeralcontainers`,
      { spec: { ephemeralContainers: [] } },
      MERGE,
    ],
    ['another phase of a namespace', 'PUT', '/api/v1/namespaces/shop/finalize', { metadata: { name: 'shop' } }],
    [
      'a token of its own account',
      'POST',
      '/api/v1/namespaces/gridgate-system/serviceaccounts/gridgate-check/token',
      { spec: {} },
    ],
  ];
  for (const [what, method, path, body, headers] of THROWN)
    test(`of check makes nothing: ${what}`, async () => {
      const answer = await as(CHECK, method, path, body, headers);
      assert.equal(answer.status, 403, JSON.stringify(answer.body));
      const named = (await plane.request('GET', `${PODS}/stolen`)).status;
      assert.equal(named, 404);
    });

  test('of check tries a pod without making it', async () => {
    const { status } = await as(CHECK, 'POST', `${PODS}?dryRun=All`, pod('tried'));
    assert.equal(status, 201);
    assert.equal((await plane.request('GET', `${PODS}/tried`)).status, 404);
  });

  test('of uninstall does all of its work: what gridgate wrote is gone, and what it kept stands there again', async () => {
    await plane.kubectl(['delete', '-k', `${MANIFESTS}/check`]); // nothing of a chart, so it would be asked to go, too
    const { code, stdout, stderr } = await runGridgate([
      ...['uninstall', '--before-helm', '--yes', '--policies', '--kubeconfig'],
      plane.kubeconfigFor(UNINSTALL),
    ]);
    assert.deepEqual([code, stderr], [0, ''], stdout);
    const node = await admin('GET', '/api/v1/nodes/n1');
    assert.equal(node.metadata.labels['gridgate.dev/carbon'], undefined);
    assert.deepEqual(
      node.spec.taints.map(({ key }: Rendered) => key).filter((key: string) => !key.startsWith('node.')),
      [OTHER_TAINT.key],
    );
    const shop = await admin('GET', '/api/v1/namespaces/shop');
    assert.doesNotMatch(JSON.stringify([shop.metadata.labels, shop.metadata.annotations]), /gridgate\.dev/);
    assert.equal((await admin('GET', `${PODS}/train`)).spec.schedulingGates, undefined);
    assert.equal((await admin('GET', `${PODS}/full`)).spec.schedulingGates, undefined);
    assert.equal((await admin('GET', `${JOBS}/held`)).spec.suspend, false);
    assert.equal((await admin('GET', `${JOBS}/theirs`)).spec.suspend, true);
    for (const path of [`${APPS}/deployments/web`, `${APPS}/statefulsets/db`]) {
      const { spec, metadata } = await admin('GET', path);
      assert.equal(spec.replicas, 5);
      assert.equal(metadata.annotations?.['gridgate.dev/budget-status'], undefined);
    }
    const { spec: web } = await admin('GET', `${SCALERS}/web`);
    assert.deepEqual([web.minReplicas, web.maxReplicas], [2, 6]);
    assert.equal((await admin('GET', `${SCALERS}/capped`)).spec.maxReplicas, 5);
    const { targets } = (await admin('GET', `${REGIONAL}/web`)).spec;
    assert.deepEqual(
      targets.map(({ max }: Rendered) => max),
      [8, undefined],
    );
    assert.equal((await admin('GET', `${NODE_POOLS_PATH}/cores`)).spec.limits.cpu, '100');
    const zones = (await admin('GET', `${NODE_POOLS_PATH}/zones`)).spec.template.spec.requirements;
    assert.deepEqual(zones[0].values, ['a', 'b']);
    const priorities = await admin('GET', `${PRIORITIES}/cluster-autoscaler-priority-expander`);
    assert.equal(priorities.data.priorities, '10:\n  - theirs\n');
    const left = async (path: string) =>
      (await admin('GET', path)).items.map(({ metadata }: Rendered) => metadata.name);
    assert.deepEqual(await left(NODE_OVERLAYS_PATH), ['theirs']);
    assert.deepEqual(await left(REPORTS), ['theirs']);
  });
});
