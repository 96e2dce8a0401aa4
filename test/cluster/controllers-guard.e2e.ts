import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { REGION_LABEL } from '../builders.ts';
import { type ApiClient, createApiClient } from '../control-plane/api-client.ts';
import { type AuditEvent, readAuditLog } from '../control-plane/audit.ts';
import { skip } from '../e2e/cluster.ts';
import { type LiveCluster, REGIONS_PATH, SYSTEM, startLiveCluster } from '../e2e/live-cluster.ts';
import { deployment, pod } from '../e2e/objects.ts';
import { heldJob, heldPod } from '../e2e/releasing.ts';
import { type GridProvider, startGridProvider } from '../process/grid-provider.ts';
import { BEYOND, type Beyond } from './beyond-the-guard.ts';
import { CONTROLLERS_ACCOUNT } from './controllers-account.ts';
import type { Rendered } from './rendered-manifests.ts';

const TEAM = '/api/v1/namespaces/team';
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
const DEFERRED = { 'gridgate.dev/deferred': 'suspend' };

function suspendedJob(name: string, annotations: Readonly<Record<string, string>> = {}): Rendered {
  const { metadata, spec } = heldJob(name, { suspend: true }, { schedulingGates: [] });
  return { metadata: { ...metadata, annotations }, spec };
}
/** The pause between tries doubles: a nudge comes before a try of their own. */
const TRIES = { 'replicaset-controller': 13, 'statefulset-controller': 13, 'job-controller': 6 };
const LONG_MS = 120_000;

/**
 * One run of gridgate in which its controllers write all that they ever write; then, with their token, what goes beyond.
 */
describe('a token of the controllers', () => {
  let cluster: LiveCluster;
  let asControllers: ApiClient;
  let provider: GridProvider;

  before(async () => {
    if (skip) return;
    provider = await startGridProvider();
    provider.pastHours = 24;
    cluster = await startLiveCluster({
      // What is learnt of `a` and `b` is kept in the first and in the second ConfigMap.
      regions: {
        clean: { gramsPerKwh: 50 },
        dirty: { gramsPerKwh: 400 },
        a: { gridZone: 'DE' },
        b: { gridZone: 'FR' },
      },
      config: { sources: [{ type: 'electricity-maps', url: provider.url, token: { env: 'TOKEN' } }] },
      env: { GRIDGATE_TAINT_NODES: 'true', TOKEN: 's3cret' },
      replicas: { webhook: 0, controllers: 0 },
    });
    await cluster.send('POST', `${SYSTEM}/configmaps`, { metadata: { name: 'gridgate-memory-0' } });
    await cluster.startReplica('controllers');
    const { controlPlane } = cluster;
    const { users } = JSON.parse(readFileSync(controlPlane.kubeconfigFor(CONTROLLERS_ACCOUNT), 'utf8'));
    const ca = readFileSync(controlPlane.caFile, 'utf8');
    asControllers = createApiClient({ url: controlPlane.url, ca, token: users[0].user.token });
    await letThemWriteAll();
    for (const role of ['controllers', 'webhook'] as const)
      for (const replica of cluster.replicas(role)) await replica.end(); // nothing is put right while others write
    await addSomebodyElses();
  });
  after(async () => {
    asControllers?.disconnect();
    await cluster?.stop();
    await provider?.[Symbol.asyncDispose]();
  });

  /** Owners of three kinds that are denied until their backoff is long, a policy that nobody can read, and the rest by itself. */
  async function letThemWriteAll(): Promise<void> {
    // While there is no webhook to write them: a label for the controllers to heal, a policy for them to tell of.
    await cluster.createNamespace('team', { mode: 'enforce', 'max-intensity': '250', defer: '8h' });
    await cluster.createNamespace('patient', { mode: 'warn', defer: '12h' });
    await cluster.send('POST', '/api/v1/namespaces/patient/pods', heldPod('train'));
    await cluster.send('POST', '/apis/batch/v1/namespaces/patient/jobs', suspendedJob('train', DEFERRED));
    await cluster.createNamespace('broken', { mode: 'warn', 'max-intensity': 'much' });
    await cluster.startReplica('webhook');
    await cluster.waitFor('the label', async () => {
      const { metadata } = await cluster.send('GET', TEAM);
      return metadata.labels['gridgate.dev/managed'] === 'true' || undefined;
    });
    await complete('first');
    await cluster.waitFor('the ConfigMap of lengths', async () => {
      return (await cluster.request('GET', `${SYSTEM}/configmaps/gridgate-lengths`)).status === 200 || undefined;
    });
    await complete('second');
    // They write a certificate that is there once more.
    await cluster.patch(`${SYSTEM}/secrets/gridgate-tls`, { data: { 'tls.crt': '' } });
    const { spec } = deployment('web', 1, { nodeSelector: { [REGION_LABEL]: 'dirty' } });
    const { selector, template } = spec;
    const jobTemplate = { spec: { ...template.spec, restartPolicy: 'Never' } };
    const owners: Rendered[] = [
      ['apps/v1/namespaces/team/replicasets', 'web', { replicas: 1, selector, template }],
      ['apps/v1/namespaces/team/statefulsets', 'db', { replicas: 1, selector, template, serviceName: 'db' }],
      ['batch/v1/namespaces/team/jobs', 'batch', { template: jobTemplate }],
    ];
    for (const [path, name, spec] of owners) await cluster.send('POST', `/apis/${path}`, { metadata: { name }, spec });

    const tries = (account: string) => deniedPods().filter(({ user }) => user.username.endsWith(`:${account}`)).length;
    const isTired = ([account, most]: [string, number]) => tries(account) >= most;
    await cluster.waitFor('backoff to grow', () => Object.entries(TRIES).every(isTired) || undefined, LONG_MS);
    await cluster.patch(`${REGIONS_PATH}/dirty`, { spec: { gramsPerKwh: 100 } });
    const untilAllAreThere = () => assert.deepEqual(writes(), [...BEYOND.keys()].sort()) ?? true;
    await cluster.waitFor('every write that is known, and no other', untilAllAreThere, LONG_MS);
  }

  /** A Job that somebody else runs, and has run. */
  async function complete(name: string): Promise<void> {
    const path = '/apis/batch/v1/namespaces/team/jobs';
    const template = { spec: { ...pod(name).spec, restartPolicy: 'Never' } };
    const spec = { managedBy: 'example.com/runner', template };
    await cluster.send('POST', path, { metadata: { name }, spec });
    const time = new Date().toISOString().replace(/\.\d+/, '');
    const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({ type, status: 'True' }));
    await cluster.patch(`${path}/${name}/status`, {
      status: { succeeded: 1, startTime: time, completionTime: time, conditions },
    });
  }

  /** What the controllers never touch. */
  async function addSomebodyElses(): Promise<void> {
    const labels = { app: 'dns' };
    const template = { metadata: { labels }, spec: { ...pod('dns').spec, restartPolicy: 'Always' } };
    const owner = { replicas: 0, selector: { matchLabels: labels }, template };
    const jobTemplate = { spec: { ...template.spec, restartPolicy: 'Never' } };
    const gates = [{ name: 'gridgate.dev/defer' }, { name: 'example.com/other' }];
    const objects: Rendered[] = [
      ['v1/namespaces/patient/pods', heldPod('held', { schedulingGates: gates })],
      ['v1/namespaces/patient/pods', pod('free')],
      ['v1/namespaces/kube-system/pods', heldPod('held')],
      ['batch/v1/namespaces/patient/jobs', suspendedJob('held', DEFERRED)],
      ['batch/v1/namespaces/patient/jobs', suspendedJob('by-hand')],
      ['apps/v1/namespaces/kube-system/replicasets', { metadata: { name: 'dns' }, spec: owner }],
      ['apps/v1/namespaces/kube-system/statefulsets', { metadata: { name: 'dns' }, spec: owner }],
      [
        'batch/v1/namespaces/kube-system/jobs',
        { metadata: { name: 'dns' }, spec: { suspend: true, template: jobTemplate } },
      ],
      ['admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', { metadata: { name: 'somebody-elses' } }],
      ['admissionregistration.k8s.io/v1/validatingwebhookconfigurations', { metadata: { name: 'somebody-elses' } }],
    ];
    for (const [path, object] of objects)
      await cluster.send('POST', path.startsWith('v1/') ? `/api/${path}` : `/apis/${path}`, object);
  }

  function deniedPods(): readonly AuditEvent[] {
    return readAuditLog(cluster.controlPlane.auditLog).filter(
      ({ verb, objectRef, responseStatus }) =>
        verb === 'create' &&
        objectRef?.resource === 'pods' &&
        objectRef.namespace === 'team' &&
        responseStatus?.code === 403,
    );
  }

  /** What the controllers wrote, each resource once: `patch apps/replicasets/status`. */
  function writes(): string[] {
    const theirs = readAuditLog(cluster.controlPlane.auditLog).filter(
      ({ user, responseStatus }) => user.username === CONTROLLERS_ACCOUNT && (responseStatus?.code ?? 0) < 300,
    );
    const names = theirs.map(({ verb, objectRef }) => {
      const { apiGroup, resource, subresource } = objectRef ?? {};
      return `${verb} ${[apiGroup, resource, subresource].filter(Boolean).join('/')}`;
    });
    return [...new Set(names)].sort();
  }

  test('was not refused anything that gridgate wanted to write', { skip }, () => {
    const refused = readAuditLog(cluster.controlPlane.auditLog).filter(
      ({ user, responseStatus }) =>
        user.username === CONTROLLERS_ACCOUNT && [403, 422].includes(responseStatus?.code ?? 0),
    );
    assert.deepEqual(refused, []);
  });

  for (const [write, rows] of BEYOND)
    describe(`that may ${write}`, () => {
      for (const row of rows) test(row.name, { skip }, () => tryBeyond(row));
    });

  async function tryBeyond({ method = 'PATCH', path, body, type = 'merge-patch', refusedBy }: Beyond) {
    const name = (body as Rendered)?.metadata?.name;
    const watched = method === 'POST' && name !== undefined ? `${path}/${name}` : path;
    const before = await stateOf(watched);
    const sent = method === 'PUT' ? changed(await cluster.send('GET', path), body) : body;
    const answer = await asControllers.request(method, path, sent, { 'content-type': contentType(type) });
    assert.deepEqual(await stateOf(watched), before, 'something was changed');
    if (refusedBy === 'nobody, without effect') return assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(answer.status, 403, JSON.stringify(answer.body));
    assert.match(answer.body.message, refusedBy === 'RBAC' ? / cannot (create|update|patch|delete) / : GUARDED);
  }

  const GUARDED = /ValidatingAdmissionPolicy 'gridgate-controllers' .* denied request: the controllers of gridgate /;

  /** Without what the API server, kubelets and the controllers of Kubernetes keep by themselves. */
  async function stateOf(path: string): Promise<unknown> {
    const { status, body } = await cluster.request(
      'GET',
      path.replace(/\?.*$/, '').replace(/\/(status|finalize)$/, ''),
    );
    if (status !== 200) return status;
    if (Array.isArray(body.items)) return body.items.map(({ metadata }: Rendered) => metadata.name);
    const { managedFields, resourceVersion, ...metadata } = body.metadata;
    return { ...body, metadata, status: body.status?.allocatable };
  }

  test('is held by its name: who impersonates the account may no more, who does not may everything', {
    skip,
  }, async () => {
    const cordon = { spec: { unschedulable: true } };
    const path = '/api/v1/nodes/clean-1?dryRun=All';
    const impersonated = { ...MERGE_PATCH, 'impersonate-user': CONTROLLERS_ACCOUNT };
    assert.equal((await cluster.request('PATCH', path, cordon, impersonated)).status, 403);
    assert.equal((await cluster.request('PATCH', path, cordon, MERGE_PATCH)).status, 200);
  });

  test('leaves a node with as many labels and annotations as fit its band', { skip }, async () => {
    const many = (count: number, value: string) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`many.example/${i}`, value]));
    const metadata = { labels: many(2_000, 'x'), annotations: many(3_000, 'x'.repeat(60)) };
    await cluster.patch('/api/v1/nodes/clean-2', { metadata });
    const band = { metadata: { labels: { 'gridgate.dev/carbon': 'medium' } } };
    const { status, body } = await asControllers.request('PATCH', '/api/v1/nodes/clean-2', band, MERGE_PATCH);
    assert.equal(status, 200, JSON.stringify(body));
  });

  test('is held by a policy whose expressions the API server finds nothing wrong with', { skip }, async () => {
    const path = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/gridgate-controllers';
    const { typeChecking } = await cluster.waitFor('the type check', async () => {
      const { metadata, status } = await cluster.send('GET', path);
      return status?.observedGeneration === metadata.generation ? status : undefined;
    });
    assert.deepEqual(typeChecking?.expressionWarnings ?? [], []);
  });

  test('creates no pod, whatever owns it', { skip }, async () => {
    const { status } = await asControllers.request('POST', `${SYSTEM}/pods`, pod('mine'));
    assert.equal(status, 403);
  });
});

function changed(object: Rendered, change: Rendered): Rendered {
  return { ...object, ...change, metadata: { ...object.metadata, ...change.metadata } };
}

function contentType(type: NonNullable<Beyond['type']>): string {
  if (type === 'apply') return 'application/apply-patch+yaml';
  return type === 'json' ? 'application/json' : `application/${type}+json`;
}
