import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Pod } from '../../src/decision/pod.ts';
import type { Snapshot } from '../../src/regions/snapshot.ts';
import { makeNode, makePod, makeSnapshot, REGION_LABEL, region, requires, term } from '../builders.ts';
import { ask } from './client.ts';
import { useWebhook } from './start-webhook.ts';

const PINNED = makePod({ nodeSelector: { [REGION_LABEL]: 'eu-central' } });
const DECISION = 'gridgate.dev/decision';

function preferredRegions({ spec }: Pod): readonly [string | undefined, number][] {
  const terms = spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms.map(({ preference, weight }) => [preference.matchExpressions?.[0]?.values?.[0], weight]);
}

function requirements({ spec }: Pod): readonly unknown[] {
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return (required?.nodeSelectorTerms ?? []).map(({ matchExpressions }) => matchExpressions?.[0]);
}

describe('/mutate', () => {
  const webhook = useWebhook();

  /** Another snapshot, until the test is over. */
  function see(test: TestContext, snapshot: Snapshot): void {
    const { snapshot: before } = webhook.world;
    test.after(() => {
      webhook.world.snapshot = before;
    });
    webhook.world.snapshot = snapshot;
  }

  it('steers: prefers clean regions, keeps refused ones out, tolerates, records', async () => {
    const { allowed, admitted, status, warnings, auditAnnotations } = await ask(webhook, '/mutate', {
      object: makePod(),
    });
    assert.deepEqual({ allowed, status, warnings }, { allowed: true, status: undefined, warnings: undefined });
    assert.deepEqual(auditAnnotations, { decision: 'steer', reason: 'steered', region: 'eu-north' });
    const pod = admitted as Pod;
    assert.deepEqual(preferredRegions(pod), [
      ['eu-north', 100],
      ['us-west', 3],
      ['ca-east', 1],
    ]);
    assert.deepEqual(requirements(pod), [{ key: REGION_LABEL, operator: 'NotIn', values: ['eu-central', 'eu-west'] }]);
    assert.deepEqual(pod.spec?.tolerations, [{ key: 'gridgate.dev/carbon', operator: 'Equal', value: 'high' }]);
    const record = JSON.parse(pod.metadata?.annotations?.[DECISION] ?? '');
    assert.deepEqual(record.refused, ['eu-central 340 static high_carbon', 'eu-west 40 static outage']);
    assert.equal(record.at, new Date(webhook.world.now).toISOString());
  });

  it('sees what containers ask for', async (t) => {
    const nodes = [
      makeNode('a', 'clean', { allocatable: { cpu: 4 } }),
      makeNode('b', 'dirty', { allocatable: { cpu: 4, 'nvidia.com/gpu': 8 } }),
    ];
    see(t, makeSnapshot({ clean: 50, dirty: 400 }, { nodes }));
    const containers = [{ resources: {} }, { resources: { limits: { 'nvidia.com/gpu': '1' } } }];
    const { warnings } = await ask(webhook, '/mutate', { object: makePod({ containers }) });
    assert.match(warnings?.join() ?? '', /its request of 1 nvidia\.com\/gpu leaves only dirty/);
  });

  it('adds nothing to a pod that it steered already', async () => {
    const { admitted } = await ask(webhook, '/mutate', { object: makePod() });
    const again = await ask(webhook, '/mutate', { object: admitted });
    assert.equal(again.patch, undefined);
    assert.equal(again.auditAnnotations['decision'], 'steer');
  });

  it('records of each pod its own reason, also where two share everything but their spread', async (t) => {
    see(t, makeSnapshot({ clean: 50, dirty: 500 }));
    const spread = { topologyKey: REGION_LABEL, whenUnsatisfiable: 'DoNotSchedule', minDomains: 2 };
    const reasons: unknown[] = [];
    for (const object of [makePod(), makePod({ topologySpreadConstraints: [spread] }), makePod()]) {
      const { admitted, auditAnnotations } = await ask(webhook, '/mutate', { object, namespace: 'unranked' });
      const record = JSON.parse((admitted as Pod).metadata?.annotations?.[DECISION] ?? '{}');
      assert.equal(record.reason, auditAnnotations['reason']);
      reasons.push(record.reason);
    }
    assert.deepEqual(reasons, ['steered', 'acceptable', 'steered']);
  });

  it('gives a flexible pod its priority class, without the numbers that the API server computed', async () => {
    const object = makePod({
      annotations: { class: 'flexible' },
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
    });
    const { spec } = (await ask(webhook, '/mutate', { object })).admitted as Pod;
    const { priorityClassName, priority, preemptionPolicy } = spec ?? {};
    assert.deepEqual([priorityClassName, priority, preemptionPolicy], ['gridgate-flexible', undefined, undefined]);
  });

  it('enforce: denies with 403 Forbidden, one sentence and a cause per refused region', async () => {
    const object = makePod({ ...requires(term(region('In', 'eu-central', 'eu-west'))), metadata: { name: 'web-1' } });
    const { allowed, status, patch, auditAnnotations } = await ask(webhook, '/mutate', { object });
    assert.deepEqual([allowed, patch], [false, undefined]);
    assert.deepEqual(auditAnnotations, { decision: 'deny', reason: 'outage', region: 'eu-west' });
    assert.match(
      status?.message ?? '',
      /^gridgate refuses pod web-1: eu-west is in outage \(power loss; says manual\)/,
    );
    assert.match(
      status?.message ?? '',
      /cleanest allowed now: eu-north at 50 gCO2e\/kWh \(static, 10 min old\) \[outage\]$/,
    );
    assert.deepEqual([status?.code, status?.reason], [403, 'Forbidden']);
    assert.deepEqual(status?.details.causes, [
      { reason: 'outage', message: 'eu-west is in outage (power loss; says manual)', field: 'regions[eu-west]' },
      {
        reason: 'high_carbon',
        message: 'eu-central is at 340 gCO2e/kWh (static, 10 min old), above the limit of 300 set by the default',
        field: 'regions[eu-central]',
      },
    ]);
  });

  it('warn: steers, and allows with a warning what enforce would deny', async () => {
    const steered = await ask(webhook, '/mutate', { object: makePod(), namespace: 'reports' });
    assert.equal(steered.auditAnnotations['decision'], 'steer');
    assert.ok(steered.patch);
    const denied = await ask(webhook, '/mutate', { object: PINNED, namespace: 'reports' });
    assert.deepEqual([denied.allowed, denied.patch, denied.status], [true, undefined, undefined]);
    assert.deepEqual(denied.auditAnnotations, { decision: 'deny', reason: 'high_carbon', region: 'eu-central' });
    assert.match(denied.warnings?.[0] ?? '', /^would be denied: .*eu-central is at 340 gCO2e\/kWh/);
  });

  const dryRuns: readonly [would: string, reason: string, object: Pod][] = [
    ['deny', 'high_carbon', PINNED],
    ['steer', 'steered', makePod()],
    ['allow', 'unreachable', makePod({ nodeSelector: { [REGION_LABEL]: 'mars' } })],
  ];
  for (const [would, reason, object] of dryRuns)
    it(`audit: changes and says nothing, and tells the audit log that it would ${would}`, async () => {
      const { patch, warnings, status, auditAnnotations } = await ask(webhook, '/mutate', { object, namespace: 'lab' });
      assert.deepEqual({ patch, warnings, status }, { patch: undefined, warnings: undefined, status: undefined });
      const { region: _, ...rest } = auditAnnotations;
      assert.deepEqual(rest, { decision: 'allow', reason, would });
    });

  it('a pod without opt-in passes untouched', async () => {
    const { patch, auditAnnotations } = await ask(webhook, '/mutate', { object: makePod(), namespace: 'legacy' });
    assert.deepEqual([patch, auditAnnotations], [undefined, { decision: 'allow', reason: 'mode_off' }]);
  });

  it('a namespace that nobody knows: allowed, counted, logged', async () => {
    const before = webhook.counted.length;
    const { patch, auditAnnotations } = await ask(webhook, '/mutate', { object: makePod(), namespace: 'nobody-knows' });
    assert.deepEqual([patch, auditAnnotations], [undefined, { decision: 'allow', reason: 'unknown_namespace' }]);
    assert.deepEqual(webhook.counted.slice(before), ['/mutate unknown allow unknown_namespace']);
  });

  it('what fails inside: allowed, counted, and logged as an error with its stack', async (t) => {
    see(t, { ...webhook.world.snapshot, regions: undefined as never });
    const before = webhook.counted.length;
    const { patch, auditAnnotations } = await ask(webhook, '/mutate', { object: makePod() });
    assert.deepEqual([patch, auditAnnotations], [undefined, { decision: 'allow', reason: 'internal_error' }]);
    assert.deepEqual(webhook.counted.slice(before), ['/mutate enforce allow internal_error']);
    const { level, reason, err } = webhook.log.at(-1) ?? {};
    assert.deepEqual([level, reason], ['error', 'internal_error']);
    assert.match((err as { stack: string }).stack, /src\/decision\/\w+\.ts/);
  });

  it('what fails before there is anything to decide by: allowed, counted and logged just the same', async (t) => {
    t.mock.method(webhook.world.namespaces, 'get', () => {
      throw new Error('no such index');
    });
    const before = webhook.counted.length;
    const { allowed, auditAnnotations } = await ask(webhook, '/mutate', { object: makePod() });
    assert.deepEqual([allowed, auditAnnotations], [true, { decision: 'allow', reason: 'internal_error' }]);
    assert.deepEqual(webhook.counted.slice(before), ['/mutate unknown allow internal_error']);
    assert.equal(webhook.log.at(-1)?.['level'], 'error');
  });

  const dry: readonly [name: string, object: Pod, reason: string][] = [
    ['steered', makePod(), 'steered'],
    ['denied', PINNED, 'high_carbon'],
  ];
  for (const [name, object, reason] of dry)
    it(`a server-side dry run of a pod that is ${name} gets the same answer, and is neither counted nor remembered`, async () => {
      const real = await ask(webhook, '/mutate', { object });
      const before = { counted: webhook.counted.length, recent: webhook.recent() };
      assert.deepEqual(await ask(webhook, '/mutate', { object, dryRun: true }), real);
      assert.deepEqual({ counted: webhook.counted.length, recent: webhook.recent() }, before);
      const { dryRun, reason: logged } = webhook.log.at(-1) ?? {};
      assert.deepEqual([dryRun, logged], [true, reason]);
    });

  it('warnings about many mistakes are each one line of at most 240 characters', async () => {
    const annotations = {
      class: 'x'.repeat(1000),
      [`re\u0007gion`]: 'a\nb',
      regions: '\u001b[31m',
      deadline: '✨'.repeat(200),
    };
    const { warnings, allowed } = await ask(webhook, '/mutate', { object: makePod({ annotations }) });
    assert.equal(allowed, true);
    assert.equal(warnings?.length, 4);
  });

  it('one line is logged per decision: who, where and why, and nothing of the pod', async () => {
    const secret = { name: 'main', env: [{ name: 'PASSWORD', value: 'hunter2' }] };
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5f', controller: true };
    const pod = makePod({ metadata: { ownerReferences: [owner] } });
    const before = webhook.log.length;
    await ask(webhook, '/mutate', { object: { ...pod, spec: { containers: [secret] } } });
    const [line, ...others] = webhook.log.slice(before);
    const { time, ms, ...rest } = line ?? {};
    assert.deepEqual(others, []);
    assert.deepEqual([typeof time, typeof ms], ['string', 'number']);
    assert.deepEqual(rest, {
      level: 'info',
      endpoint: '/mutate',
      namespace: 'shop',
      owner: 'ReplicaSet/web-5f',
      mode: 'enforce',
      decision: 'steer',
      reason: 'steered',
      region: 'eu-north',
      msg: 'decided',
    });
  });
});
