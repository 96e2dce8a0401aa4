import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { skip } from '../control-plane/assets.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts';
import { LAYOUTS, ofKind, type Rendered, render, renderWith } from './rendered-manifests.ts';

const CONFIGURATIONS =
  'admissionregistration.k8s.io/mutatingwebhookconfigurations,validatingwebhookconfigurations [gridgate]';
const READS = [
  '/namespaces get,list,watch',
  '/nodes,persistentvolumes,persistentvolumeclaims list,watch',
  'scheduling.k8s.io/priorityclasses list,watch',
  'gridgate.dev/regions list,watch',
  'karpenter.sh/nodepools list,watch',
  `${CONFIGURATIONS} list,watch`,
];
const OWN_READS = [
  '/secrets [gridgate-tls] list,watch',
  '/configmaps [gridgate-kill-switch,gridgate-lengths] list,watch',
  'coordination.k8s.io/leases [gridgate-releaser] list,watch',
];
const STATUS_READS = ['/configmaps [cluster-autoscaler-status] list,watch'];
const PODS = '/pods list,watch';
/** By account and scope. */
const RULES = {
  'gridgate in the cluster': READS,
  'gridgate in gridgate-system': OWN_READS,
  'gridgate in kube-system': STATUS_READS,
  'gridgate-controllers in kube-system': STATUS_READS,
  'gridgate-controllers in the cluster': [
    ...READS,
    'gridgate.dev/regions/status patch',
    '/namespaces,nodes get,patch',
    '/pods get,list,watch,patch',
    '/events list,watch',
    'events.k8s.io/events create',
    `${CONFIGURATIONS} get,patch`,
    'apps/replicasets,statefulsets list',
    'batch/jobs get,list,watch,patch',
    'batch/cronjobs list,watch',
    'apps/replicasets/status,statefulsets/status patch',
    'batch/jobs/status patch',
  ],
  'gridgate-controllers in gridgate-system': [
    ...OWN_READS,
    'coordination.k8s.io/leases create',
    'coordination.k8s.io/leases [gridgate,gridgate-releaser] get,update',
    '/secrets create',
    '/secrets [gridgate-ca,gridgate-tls] get,update',
    '/configmaps [gridgate,gridgate-kill-switch,gridgate-outages] get',
    '/configmaps create',
    '/configmaps [gridgate-memory-0,gridgate-memory-1,gridgate-memory-2,gridgate-memory-3] get,update',
    '/configmaps [gridgate-lengths] get,patch',
  ],
};
const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection'];
/** What everybody may create; nothing is stored of it. */
const QUESTIONS = new Set(['authorization.k8s.io', 'authentication.k8s.io']);
const GROUPS = ['system:serviceaccounts', 'system:serviceaccounts:gridgate-system', 'system:authenticated'];

interface Asked {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
}

describe('the accounts of the manifests', () => {
  let controlPlane: ControlPlane;
  const rendered = new Map<string, Rendered[]>();

  before(async () => {
    if (skip) return;
    controlPlane = await startControlPlane({ workers: [] });
    for (const layout of LAYOUTS) rendered.set(layout, await render(controlPlane, layout));
    const objects = (rendered.get('strict') ?? []).filter(({ kind }) => kind !== 'Deployment');
    const input = objects.map((object) => JSON.stringify(object)).join('\n---\n');
    const { code, stderr } = await controlPlane.kubectl(['apply', '-f', '-'], input);
    assert.equal(code, 0, stderr);
  });
  after(() => controlPlane?.stop());

  for (const layout of LAYOUTS)
    test(`${layout}: may do what they need and no more`, { skip }, () => {
      const strict = layout === 'strict' ? [PODS] : [];
      assert.deepEqual(rulesByAccount(rendered.get(layout) ?? []), {
        ...RULES,
        'gridgate in the cluster': [...READS, ...strict],
      });
    });

  test('the webhook may write nothing at all, whatever there is', { skip }, async () => {
    const resources = await allResources();
    assert.ok(resources.length > 60, `only ${resources.length} resources`);
    assert.deepEqual(await allowedWrites('gridgate', resources), []);
    // What only names give away.
    const named = ['secrets', 'configmaps'].map((resource) => ({ group: '', resource, name: 'gridgate-tls' }));
    const configuration = { group: 'admissionregistration.k8s.io', name: 'gridgate' };
    const configurations = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'];
    const all = [...named, ...configurations.map((resource) => ({ ...configuration, resource }))];
    assert.deepEqual(await allowedWrites('gridgate', all), []);
  });

  test('the controllers may write this alone without a name', { skip }, async () => {
    assert.deepEqual((await allowedWrites('gridgate-controllers', await allResources())).toSorted(), [
      'create configmaps in gridgate-system',
      'create coordination.k8s.io/leases in gridgate-system',
      'create events.k8s.io/events',
      'create secrets in gridgate-system',
      'patch apps/replicasets/status',
      'patch apps/statefulsets/status',
      'patch batch/jobs',
      'patch batch/jobs/status',
      'patch gridgate.dev/regions/status',
      'patch namespaces',
      'patch nodes',
      'patch pods',
    ]);
  });

  test('the webhook reads no Secret but its key pair, and nowhere else', { skip }, async () => {
    const secret = { group: '', resource: 'secrets' };
    const may = (verb: string, name: string | undefined, namespace: string) =>
      isAllowed('gridgate', verb, { ...secret, ...(name !== undefined && { name }) }, namespace);
    assert.deepEqual(
      await Promise.all([
        may('watch', 'gridgate-tls', 'gridgate-system'),
        may('watch', 'gridgate-ca', 'gridgate-system'),
        may('list', undefined, 'gridgate-system'),
        may('watch', 'gridgate-tls', 'default'),
      ]),
      [true, false, false, false],
    );
  });

  test('both read the status of Cluster Autoscaler where it is, and no other ConfigMap there', { skip }, async () => {
    const status = { group: '', resource: 'configmaps', name: 'cluster-autoscaler-status' };
    for (const account of ['gridgate', 'gridgate-controllers'])
      assert.deepEqual(
        await Promise.all([
          isAllowed(account, 'watch', status, 'kube-system'),
          isAllowed(account, 'watch', status, 'default'),
          isAllowed(account, 'list', { group: '', resource: 'configmaps' }, 'kube-system'),
        ]),
        [true, false, false],
      );
  });

  test('what scales adds these rights of the controllers, and none of the webhook', { skip }, async () => {
    const before = {
      webhook: await allowedWrites('gridgate', await allResources()),
      controllers: await allowedWrites('gridgate-controllers', await allResources()),
    };
    const objects = await renderWith(controlPlane, 'base', ['regional-autoscaler', 'carbon-budgets']);
    const input = objects.filter(({ kind }) => kind !== 'Deployment').map((one) => JSON.stringify(one));
    const { code, stderr } = await controlPlane.kubectl(['apply', '-f', '-'], input.join('\n---\n'));
    assert.equal(code, 0, stderr);
    await controlPlane.waitFor('RegionalAutoscalers', async () => {
      const { status } = await controlPlane.request('GET', '/apis/gridgate.dev/v1alpha1/regionalautoscalers');
      return status === 200 || undefined;
    });
    await controlPlane.waitFor('their rights', async () => {
      const scale = { group: 'apps', resource: 'statefulsets', subresource: 'scale' };
      return (await isAllowed('gridgate-controllers', 'patch', scale)) || undefined;
    });
    assert.deepEqual(await allowedWrites('gridgate', await allResources()), before.webhook);
    const now = await allowedWrites('gridgate-controllers', await allResources());
    assert.deepEqual(now.filter((one) => !before.controllers.includes(one)).toSorted(), [
      'patch apps/deployments/scale',
      'patch apps/deployments/status',
      'patch apps/statefulsets/scale',
      'patch autoscaling/horizontalpodautoscalers',
      'patch gridgate.dev/regionalautoscalers',
      'patch gridgate.dev/regionalautoscalers/status',
    ]);
  });

  /** Writes that are allowed in the whole cluster, or in gridgate's own namespace alone. */
  async function allowedWrites(account: string, resources: readonly Asked[]): Promise<string[]> {
    const allowed: string[] = [];
    for (const asked of resources)
      for (const verb of WRITES) {
        const { group, resource, subresource } = asked;
        const text = `${verb} ${[group, resource, subresource].filter(Boolean).join('/')}`;
        if (await isAllowed(account, verb, asked)) allowed.push(text);
        else if (await isAllowed(account, verb, asked, 'gridgate-system')) allowed.push(`${text} in gridgate-system`);
      }
    return allowed;
  }

  async function isAllowed(account: string, verb: string, asked: Asked, namespace?: string): Promise<boolean> {
    const user = `system:serviceaccount:gridgate-system:${account}`;
    const resourceAttributes = { ...asked, verb, ...(namespace !== undefined && { namespace }) };
    const { status, body } = await controlPlane.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      spec: { user, groups: GROUPS, resourceAttributes },
    });
    assert.equal(status, 201, JSON.stringify(body));
    return body.status.allowed;
  }

  async function allResources(): Promise<readonly Asked[]> {
    const get = async (path: string) => (await controlPlane.request('GET', path)).body;
    const { groups } = await get('/apis');
    const versions = groups.map(({ preferredVersion }: Rendered) => `/apis/${preferredVersion.groupVersion}`);
    const found = await Promise.all(
      ['/api/v1', ...versions].map(async (path) => {
        const group = path.split('/')[2] === 'v1' ? '' : (path.split('/')[2] ?? '');
        const { resources } = await get(path);
        return QUESTIONS.has(group) ? [] : resources.map(({ name }: Rendered) => toAsked(group, name));
      }),
    );
    return [...found.flat(), { group: '*', resource: '*' }];
  }
});

function toAsked(group: string, name: string): Asked {
  const [resource = '', subresource] = name.split('/');
  return { group, resource, ...(subresource !== undefined && { subresource }) };
}

/** What the bindings give, as text: `apps/replicasets [one,two] list,patch`. */
function rulesByAccount(objects: readonly Rendered[]): Record<string, string[]> {
  const roles = new Map(
    ofKind(objects, 'ClusterRole', 'Role').map(({ kind, metadata, rules }) => [`${kind} ${metadata.name}`, rules]),
  );
  const given: Record<string, string[]> = {};
  for (const { metadata, roleRef, subjects } of ofKind(objects, 'ClusterRoleBinding', 'RoleBinding'))
    for (const { kind, name, namespace } of subjects) {
      assert.deepEqual([kind, namespace], ['ServiceAccount', 'gridgate-system']);
      const key = `${name} in ${metadata.namespace ?? 'the cluster'}`;
      given[key] = [...(given[key] ?? []), ...roles.get(`${roleRef.kind} ${roleRef.name}`).map(ruleText)];
    }
  return given;
}

function ruleText({ apiGroups, resources, resourceNames, verbs }: Rendered): string {
  return `${apiGroups}/${resources} ${resourceNames ? `[${resourceNames}] ` : ''}${verbs}`;
}
