import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Job } from '../../src/decision/suspended-job.ts';
import { readWait } from '../../src/decision/wait-annotations.ts';
import { makeRegion, makeSnapshot, NOW } from '../builders.ts';
import { ask, send } from './client.ts';
import { toReview } from './reviews.ts';
import { makeRecord, useWebhook } from './start-webhook.ts';

const HOUR = 3_600_000;
const KIND = 'batch/Job';
const SUSPENDING = { mode: 'enforce', defer: '12h', 'defer-by': 'suspend' };
/** Cleaner from the third hour on. */
const FORECAST = [300, 300, 100, ...Array<number>(21).fill(400)].map((gramsPerKwh, hour) => ({
  from: NOW + hour * HOUR,
  gramsPerKwh,
}));

function job(metadata: object = {}, spec: object = {}): Job {
  const template = {
    metadata: { annotations: { 'gridgate.dev/class': 'flexible' } },
    spec: { restartPolicy: 'Never' },
  };
  return { metadata: { name: 'train', ...metadata }, spec: { template, ...spec } };
}

describe('/mutate for a Job that is created', () => {
  const webhook = useWebhook();
  const namespaces = {
    batch: SUSPENDING,
    trial: { ...SUSPENDING, mode: 'audit' },
    warned: { ...SUSPENDING, mode: 'warn' },
    gated: { mode: 'enforce', defer: '12h' },
    strict: { ...SUSPENDING, 'max-intensity': '10', 'when-all-dirty': 'deny' },
  };

  beforeEach(() => {
    const region = makeRegion('eu-north', 300, { reading: { source: 'electricity-maps' }, forecast: FORECAST });
    Object.assign(webhook.world, { snapshot: makeSnapshot([region]), modeCap: undefined, isReleaserAlive: true });
    for (const [name, annotations] of Object.entries(namespaces))
      webhook.world.namespaces.set(name, makeRecord(name, annotations));
    webhook.counted.length = 0;
    webhook.log.length = 0;
  });

  const create = (namespace: string, object: unknown = job(), rest: object = {}) =>
    ask(webhook, '/mutate', { kind: KIND, namespace, object, name: 'train', ...rest });

  for (const namespace of ['batch', 'warned'])
    it(`${namespace}: suspends and marks it, says so once in metrics and log, and nothing the second time`, async () => {
      const { allowed, admitted, warnings, auditAnnotations } = await create(namespace);
      const { metadata, spec } = admitted as Job;
      assert.deepEqual([allowed, spec?.suspend, warnings], [true, true, undefined]);
      assert.equal(metadata?.annotations?.['gridgate.dev/deferred'], 'suspend');
      assert.equal(readWait(metadata?.annotations)?.notBefore, NOW + 2 * HOUR);
      assert.deepEqual(auditAnnotations, { decision: 'defer', reason: 'cleaner_later', region: 'eu-north' });
      const { mode } = namespaces[namespace as 'batch' | 'warned'];
      assert.deepEqual(webhook.counted, [`/mutate ${mode} defer cleaner_later`]);
      assert.equal(webhook.log.at(-1)?.['owner'], 'Job/train');
      assert.equal((await create(namespace, admitted)).patch, undefined);
      assert.equal((await ask(webhook, '/validate', { kind: KIND, namespace, object: admitted })).warnings, undefined);
    });

  it('audit: changes nothing, and says what would be', async () => {
    const { patch, auditAnnotations } = await create('trial');
    assert.equal(patch, undefined);
    assert.deepEqual([auditAnnotations['decision'], auditAnnotations['would']], ['allow', 'defer']);
    assert.deepEqual(webhook.counted, ['/mutate audit defer cleaner_later']);
    const waiting = job({ annotations: { 'gridgate.dev/deferred': 'suspend' } }, { suspend: true });
    webhook.world.isReleaserAlive = false;
    assert.equal((await create('trial', waiting)).patch, undefined);
  });

  it('where the namespace gates pods: nothing, and its pods wait instead', async () => {
    assert.equal((await create('gated')).patch, undefined);
    assert.deepEqual(webhook.counted, ['/mutate enforce allow not_a_pod']);
    const { template } = job().spec ?? {};
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'train', controller: true };
    const pod = { ...template, metadata: { ...template?.metadata, ownerReferences: [owner] } };
    const ofPod = (namespace: string) => ask(webhook, '/mutate', { namespace, object: pod });
    assert.equal((await ofPod('gated')).auditAnnotations['decision'], 'defer');
    assert.notEqual((await ofPod('batch')).auditAnnotations['decision'], 'defer');
  });

  it('where its pods are denied: it passes as it is, and /validate warns', async () => {
    const { allowed, patch, warnings, auditAnnotations } = await create('strict');
    assert.deepEqual([allowed, patch, warnings], [true, undefined, undefined]);
    assert.deepEqual(auditAnnotations, { decision: 'allow', reason: 'high_carbon', region: 'eu-north' });
    const validated = await ask(webhook, '/validate', { kind: KIND, namespace: 'strict', object: job() });
    assert.match(validated.warnings?.[0] ?? '', /^pods of this Job will be denied/);
  });

  const untouched: readonly [name: string, object: unknown, rest?: object][] = [
    ['suspended by its user', job({}, { suspend: true })],
    [
      'of a JobSet',
      job({
        ownerReferences: [{ apiVersion: 'jobset.x-k8s.io/v1alpha2', kind: 'JobSet', name: 's', controller: true }],
      }),
    ],
    ["in Kueue's queue", job({ labels: { 'kueue.x-k8s.io/queue-name': 'q' } })],
    ['that is changed', job(), { operation: 'UPDATE' }],
    ['whose status is written', job(), { subResource: 'status' }],
    ['of another group', job(), { kind: 'batch.volcano.sh/Job' }],
    ['without a template', { metadata: { name: 'train' }, spec: {} }],
    ['without a spec', { metadata: { name: 'train' } }],
    ['without metadata', { spec: { template: { spec: { restartPolicy: 'Never' } } } }],
    ['with owners that are no list', job({ ownerReferences: 'x' })],
    ['with annotations that are a list', job({}, { template: { metadata: { annotations: ['x'] }, spec: {} } })],
    ['with a template that is a text', job({}, { template: 'x' })],
  ];
  for (const [name, object, rest] of untouched)
    it(`${name}: passes, untouched`, async () => {
      const { allowed, patch } = await create('batch', object, rest);
      assert.deepEqual([allowed, patch], [true, undefined]);
    });

  it('where the kill switch says audit or off: nothing', async () => {
    for (const [cap, decision] of [
      ['audit', 'defer'],
      ['off', 'allow'],
    ] as const) {
      webhook.world.modeCap = cap;
      const { patch } = await create('batch');
      assert.equal(patch, undefined);
      assert.equal(webhook.counted.at(-1)?.split(' ')[2], decision);
    }
  });

  it('where nobody knows its namespace: it passes', async () => {
    assert.equal((await create('elsewhere')).patch, undefined);
  });

  it('that is larger than any that is stored, or full of annotations: answered in time, and as small as ever', async () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`gridgate.dev/${i}`, 'x'.repeat(200)]));
    const object = job({ annotations: { ...many, 'gridgate.dev/waits': 'y'.repeat(1_000_000) } });
    const { status, body } = await send(
      webhook,
      '/mutate',
      JSON.stringify(toReview({ kind: KIND, namespace: 'batch', object })),
    );
    assert.equal(status, 200);
    assert.ok(body.length < 4_000, `${body.length}`);
  });

  it('with a name of any length: the log has its beginning', async () => {
    await create('batch', job({ name: 'n'.repeat(100_000) }));
    assert.ok(String(webhook.log.at(-1)?.['owner']).length <= 253);
  });
});
