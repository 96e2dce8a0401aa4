import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { REGION_LABEL } from '../builders.ts';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { type AuditEvent, readAuditLog } from '../control-plane/audit.ts';
import { type Cluster, skip, startCluster } from './cluster.ts';
import { deployment, namespace, pod } from './objects.ts';

const ENFORCE = { mode: 'enforce', 'max-intensity': '250' };
const DIRTY = { nodeSelector: { [REGION_LABEL]: 'us-east' } };
/** What a denied user needs: what, how dirty, how old and from where, the limit and who set it, and where to go. */
const REFUSAL =
  /gridgate refuses pod \S+: us-east is at 400 gCO2e\/kWh \(static, [^)]+ old\), above the limit of 250 set by the namespace's gridgate\.dev\/max-intensity; cleanest allowed now: eu-north at 50 gCO2e\/kWh \(static, [^)]+ old\) \[high_carbon\]/;

describe('a pod that its policy refuses', () => {
  let cluster: Cluster;

  before(async () => {
    if (!skip) cluster = await startCluster();
  });
  after(() => cluster?.stop());

  // First, while no controller tries again and again to create a denied pod: that would count.
  test('server dry run: the same answers, and no effect', { skip }, async () => {
    await cluster.createNamespace('dry', ENFORCE);
    const before = await cluster.metric('gridgate_admission_requests_total');
    const dryRun = '--dry-run=server';

    const refused = await cluster.submit(pod('pinned', DIRTY), 'create', '-n', 'dry', dryRun);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, REFUSAL);
    const steered = await cluster.controlPlane.request('POST', '/api/v1/namespaces/dry/pods?dryRun=All', pod('plain'));
    assert.equal(steered.status, 201);
    assert.ok(steered.body.metadata.annotations['gridgate.dev/decision']);
    const warned = await cluster.submit(deployment('pinned', 1, DIRTY), 'apply', '-n', 'dry', dryRun);
    assert.deepEqual([warned.code, warned.stdout], [0, 'deployment.apps/pinned created (server dry run)\n']);
    assert.match(warned.stderr, /^Warning: pods of this Deployment will be denied/);
    const optedOut = await cluster.submit(namespace('dry', { mode: 'off' }), 'apply', dryRun);
    assert.equal(optedOut.code, 0, optedOut.stderr);
    const mistaken = await cluster.submit(namespace('dry', { mode: 'of' }), 'apply', dryRun);
    assert.equal(mistaken.code, 1);

    await cluster.waitFor('the log', () => cluster.reviews('dry').length >= 2 || undefined);
    assert.ok(cluster.reviews('dry').every((review) => review.dryRun));
    assert.deepEqual(await cluster.metric('gridgate_admission_requests_total'), before);
    assert.deepEqual(await cluster.podsOf('dry'), []);
    const { metadata } = await cluster.send('GET', '/api/v1/namespaces/dry');
    assert.deepEqual([metadata.annotations['gridgate.dev/mode'], managed(metadata)], ['enforce', 'true']);
  });

  test('enforce: kubectl shows why', { skip }, async () => {
    await cluster.createNamespace('enforced', ENFORCE);
    for (const command of ['create', 'apply']) {
      const { code, stderr } = await cluster.submit(pod('pinned', DIRTY), command, '-n', 'enforced');
      assert.equal(code, 1);
      assert.match(stderr, /admission webhook "pods\.gridgate\.dev" denied the request: gridgate refuses pod pinned/);
      assert.match(stderr, REFUSAL);
    }
    const { status, body } = await cluster.createPod('enforced', pod('pinned', DIRTY));
    assert.deepEqual([status, body.reason], [403, 'Forbidden']);
    assert.deepEqual(
      body.details.causes.map(({ reason, field }: Rendered) => [reason, field]),
      [['high_carbon', 'regions[us-east]']],
    );
  });

  test("enforce: the Deployment's author is warned, its ReplicaSet and condition say why", { skip }, async () => {
    const { code, stderr } = await cluster.submit(deployment('web', 1, DIRTY), 'apply', '-n', 'enforced');
    assert.equal(code, 0);
    assert.match(
      stderr,
      /^Warning: pods of this Deployment will be denied: gridgate refuses pod web-\*: us-east is at 400/,
    );

    const event = await cluster.waitFor('the event', async () => {
      const { items } = await cluster.send('GET', '/api/v1/namespaces/enforced/events');
      return items.find(({ reason }: Rendered) => reason === 'FailedCreate');
    });
    assert.equal(event.involvedObject.kind, 'ReplicaSet');
    assert.match(event.message, REFUSAL);
    const condition = await cluster.waitFor('the condition', async () => {
      const { status } = await cluster.send('GET', '/apis/apps/v1/namespaces/enforced/deployments/web');
      return status.conditions?.find(({ type }: Rendered) => type === 'ReplicaFailure');
    });
    assert.deepEqual([condition.status, condition.reason], ['True', 'FailedCreate']);
    assert.match(condition.message, REFUSAL);
    await cluster.submit(deployment('web', 1), 'delete', '-n', 'enforced');
  });

  test('workloads of every kind warn their author, a DaemonSet is silent', { skip }, async () => {
    const { metadata, spec } = deployment('w', 1, DIRTY);
    const { selector, template } = spec;
    const jobSpec = { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } };
    const workloads: [string, object, boolean][] = [
      ['apps/v1 StatefulSet', { selector, template, serviceName: 'w' }, true],
      ['apps/v1 ReplicaSet', { selector, template }, true],
      ['batch/v1 Job', jobSpec, true],
      ['batch/v1 CronJob', { schedule: '0 3 * * *', jobTemplate: { spec: jobSpec } }, true],
      ['apps/v1 DaemonSet', { selector, template }, false],
    ];
    for (const [type, ofKind, isWarned] of workloads) {
      const [apiVersion, kind] = type.split(' ');
      const { code, stderr } = await cluster.submit(
        { apiVersion, kind, metadata, spec: ofKind },
        'apply',
        '-n',
        'enforced',
      );
      assert.equal(code, 0, stderr);
      if (isWarned) assert.match(stderr, new RegExp(`^Warning: pods of this ${kind} will be denied: gridgate refuses`));
      else assert.equal(stderr, '');
    }
    await cluster.send('DELETE', '/api/v1/namespaces/enforced');
  });

  test('warn: it passes, and kubectl shows the warning', { skip }, async () => {
    await cluster.createNamespace('warned', { ...ENFORCE, mode: 'warn' });
    const { code, stdout, stderr } = await cluster.submit(pod('pinned', DIRTY), 'create', '-n', 'warned');
    assert.deepEqual([code, stdout], [0, 'pod/pinned created\n']);
    assert.match(stderr, /^Warning: would be denied: gridgate refuses pod pinned: us-east is at 400 gCO2e\/kWh/);
    assert.match(stderr, /cleanest allowed now: eu-north at 50 gCO2e\/kWh/);
    assert.deepEqual(await cluster.regionsOf('warned', 1), { 'us-east': 1 });
    const { stderr: ofDeployment } = await cluster.submit(deployment('web', 1, DIRTY), 'apply', '-n', 'warned');
    assert.match(ofDeployment, /^Warning: pods of this Deployment would be denied in mode enforce: gridgate refuses/);
  });

  test('audit: nothing changes, and the audit log says what would', { skip }, async () => {
    await cluster.createNamespace('audited', { ...ENFORCE, mode: 'audit' });
    await cluster.createNamespace('unmanaged');
    for (const [name, spec, would] of [
      ['pinned', DIRTY, 'deny'],
      ['plain', {}, 'steer'],
    ] as const) {
      const object = pod(name, spec, { class: 'flexible' });
      const { stderr } = await cluster.submit(object, 'create', '-n', 'audited');
      assert.equal(stderr, '');
      const { body: audited } = await cluster.createPod('audited', {
        ...object,
        metadata: { ...object.metadata, name: `${name}-2` },
      });
      const { body: unmanaged } = await cluster.createPod('unmanaged', object);
      assert.deepEqual(audited.spec, unmanaged.spec);
      assert.deepEqual(audited.metadata.annotations, unmanaged.metadata.annotations);
      const { annotations } = await cluster.waitFor('the audit event', () =>
        readAuditLog(cluster.controlPlane.auditLog).find((event) => creates(event, 'audited', name)),
      );
      assert.equal(annotations?.['pods.gridgate.dev/would'], would);
      assert.equal(annotations?.['pods.gridgate.dev/decision'], 'allow');
      assert.equal(annotations?.['pods.gridgate.dev/reason'], would === 'deny' ? 'high_carbon' : 'steered');
    }
    assert.equal(cluster.reviews('unmanaged').length, 0);
  });

  test('the audit log names decision, reason and region in the other modes', { skip }, async () => {
    await cluster.createNamespace('logged', ENFORCE);
    await cluster.createPod('logged', pod('plain'));
    const { annotations = {} } = await cluster.waitFor('the audit event', () =>
      readAuditLog(cluster.controlPlane.auditLog).find((event) => creates(event, 'logged', 'plain')),
    );
    const ours = Object.entries(annotations).filter(([key]) => key.startsWith('pods.gridgate.dev/'));
    assert.deepEqual(Object.fromEntries(ours), {
      'pods.gridgate.dev/decision': 'steer',
      'pods.gridgate.dev/reason': 'steered',
      'pods.gridgate.dev/region': 'eu-north',
    });
  });
});

function managed({ labels }: Rendered): string | undefined {
  return labels['gridgate.dev/managed'];
}

function creates({ verb, objectRef, user }: AuditEvent, namespace: string, name: string): boolean {
  const isPod = objectRef?.resource === 'pods' && !objectRef.subresource;
  return (
    verb === 'create' &&
    isPod &&
    objectRef.namespace === namespace &&
    objectRef.name === name &&
    user.username === 'admin'
  );
}
