import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { skip as skipWithoutFakeTime } from '../process/fake-time.ts';
import { type BudgetedCluster, startBudgeted } from './budgeted-cluster.ts';
import { skip as skipWithoutCluster } from './cluster.ts';

const skip = skipWithoutCluster;
/** Where five minutes have to pass. */
const skipLong = skip || skipWithoutFakeTime;
const HOUR_S = 3_600;
/** kgCO2e an hour of each pod of the observability stack of the incident report: 1.2 together. */
const STACK = {
  prometheus: { replicas: 2, kg: 0.12 },
  grafana: { replicas: 1, kg: 0.05 },
  'loki-distributor': { replicas: 2, kg: 0.083 },
  'loki-ingester': { replicas: 6, kg: 0.124 },
} as const;

describe('carbon budgets in a live cluster', () => {
  let cluster: BudgetedCluster;
  let aheadS = 0;

  before(async () => {
    if (skip) return;
    cluster = await startBudgeted({ webhook: 1 });
  });
  after(() => cluster?.stop());

  function advance(seconds: number): void {
    aheadS += seconds;
    cluster.clock?.set(aheadS);
  }

  async function emitted(namespace: string): Promise<number | undefined> {
    const text = await cluster.metricsOf(await cluster.leader());
    const line = new RegExp(
      `^gridgate_budget_kilograms_per_hour\\{kind="Namespace",namespace="${namespace}",name="${namespace}"\\} (.*)$`,
      'm',
    );
    const [, value] = line.exec(text) ?? [];
    return value === undefined ? undefined : Number(value);
  }

  test("the incident's case: 0.5 kgCO2e/h for observability, Loki's ingesters paused, 62% less", { skip }, async () => {
    await cluster.createNamespace('observability', { mode: 'warn' });
    for (const [name, { replicas, kg }] of Object.entries(STACK)) {
      const isFlexible = name === 'loki-ingester';
      await cluster.createWorkload('observability', name, {
        replicas,
        kg,
        ...(isFlexible && { kind: 'StatefulSet', podClass: 'flexible', annotations: { 'min-replicas': '0' } }),
      });
    }
    await cluster.patch('/api/v1/namespaces/observability', {
      metadata: { annotations: { 'gridgate.dev/carbon-budget': '0.5' } },
    });
    await cluster.until('the stack to be measured', async () => ((await emitted('observability')) ?? 0) > 1.19);
    const from = (await emitted('observability')) ?? 0;
    await cluster.until("Loki's ingesters to be gone", async () => {
      const { spec, status } = await cluster.get('StatefulSet', 'observability', 'loki-ingester');
      return spec.replicas === 0 && status.replicas === 0;
    });
    await cluster.until('less to be measured', async () => ((await emitted('observability')) ?? 1) < 0.5);
    const to = (await emitted('observability')) ?? 0;
    assert.equal(Math.round((1 - to / from) * 100), 62);
    for (const [name, { replicas }] of Object.entries(STACK))
      if (name !== 'loki-ingester')
        assert.equal(await cluster.replicasOf('Deployment', 'observability', name), replicas);
    const events = await cluster.eventsIn('observability');
    assert.equal(events.length, 2, events.join('\n'));
    assert.match(
      events.join('\n'),
      /^BudgetExceeded Namespace observability: observability emits 1\.2 kgCO2e\/h, its budget is 0\.5: go down: StatefulSet loki-ingester to 0 \(measured: the query at http/m,
    );
    assert.match(
      events.join('\n'),
      /^ScaledDown StatefulSet loki-ingester: replicas: 6 -> 0, because observability emits 1\.2 kgCO2e\/h, its budget is 0\.5; back once/m,
    );
  });

  test('what was scaled says whose the field is, and who wrote the spec', { skip }, async () => {
    const { metadata } = await cluster.get('StatefulSet', 'observability', 'loki-ingester');
    const own = metadata.managedFields.filter(
      ({ manager }: { manager: string }) => manager === 'gridgate-carbon-budgets',
    );
    assert.deepEqual(
      own.map(({ operation, subresource }: Record<string, string>) => `${operation} ${subresource}`).sort(),
      ['Apply scale', 'Update status'],
    );
  });

  test('comes back to exactly what was once the budget allows it', { skip: skipLong }, async () => {
    cluster.setKg('observability', 'loki-ingester', 0.001);
    for (const name of ['prometheus', 'grafana', 'loki-distributor']) cluster.setKg('observability', name, 0.01);
    await cluster.until('to be under', async () =>
      /gridgate_budget_state\{.*name="observability",state="under"\} 1/.test(
        await cluster.metricsOf(await cluster.leader()),
      ),
    );
    assert.equal(await cluster.replicasOf('StatefulSet', 'observability', 'loki-ingester'), 0, 'within five minutes');
    advance(301);
    await cluster.until(
      'the ingesters to be back',
      async () => (await cluster.replicasOf('StatefulSet', 'observability', 'loki-ingester')) === 6,
    );
    advance(HOUR_S);
    await cluster.until(
      'nothing of ours to be left',
      async () => (await cluster.statusOf('StatefulSet', 'observability', 'loki-ingester')) === null,
    );
  });

  test('autoscalers have their maximum moved, and nothing else', { skip }, async () => {
    await cluster.createNamespace('shop', { mode: 'warn' });
    const parts = { replicas: 3, kg: 0.1, podClass: 'flexible', annotations: { 'min-replicas': '1' } } as const;
    for (const name of ['web', 'far', 'plain']) await cluster.createWorkload('shop', name, parts);
    await cluster.create('HorizontalPodAutoscaler', 'shop', {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web' },
      spec: {
        minReplicas: 2,
        maxReplicas: 9,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      },
    });
    await cluster.create('RegionalAutoscaler', 'shop', {
      apiVersion: 'gridgate.dev/v1alpha1',
      kind: 'RegionalAutoscaler',
      metadata: { name: 'all' },
      spec: { targets: [{ region: 'eu', deployment: 'far', min: 0, max: 5 }] },
    });
    const from = cluster.logged();
    await cluster.patch('/api/v1/namespaces/shop', {
      metadata: { annotations: { 'gridgate.dev/carbon-budget': '300g' } },
    });
    await cluster.until('all to be lowered', async () => {
      const horizontal = await cluster.get('HorizontalPodAutoscaler', 'shop', 'web');
      const regional = await cluster.get('RegionalAutoscaler', 'shop', 'all');
      const plain = await cluster.replicasOf('Deployment', 'shop', 'plain');
      return horizontal.spec.maxReplicas === 2 && regional.spec.targets[0].max === 1 && plain === 1;
    });
    assert.equal(await cluster.replicasOf('Deployment', 'shop', 'far'), 3);
    const { done, refused } = await cluster.waitFor('the audit log to have the writes', async () => {
      const since = cluster.writesSince(from);
      return since.done.length >= 4 ? since : undefined;
    });
    assert.deepEqual(done.sort(), [
      'deployments/scale plain',
      'deployments/status plain',
      'horizontalpodautoscalers web',
      'regionalautoscalers all',
    ]);
    assert.deepEqual(refused, []);
  });

  test('somebody who scales meanwhile keeps what they wrote', { skip }, async () => {
    const { code, stderr } = await cluster.kubectl(['-n', 'shop', 'scale', 'deployment', 'plain', '--replicas=2']);
    assert.equal(code, 0, stderr);
    await cluster.until('that to be told', async () =>
      (await cluster.eventsIn('shop')).some((one) =>
        /^BudgetLetGo Deployment plain: .* 2 instead of 1 \(it was 3\)/.test(one),
      ),
    );
    assert.equal(await cluster.replicasOf('Deployment', 'shop', 'plain'), 2);
  });

  test('a maximum that was applied server-side goes back to its owner with its number', { skip }, async () => {
    await cluster.createWorkload('shop', 'owned', {
      replicas: 1,
      kg: 0.1,
      podClass: 'flexible',
      annotations: { 'min-replicas': '1' },
    });
    const apply = (maxReplicas: number) => {
      const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'owned' };
      const metadata = { name: 'owned', namespace: 'shop' };
      const object = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata };
      const manifest = JSON.stringify({ ...object, spec: { minReplicas: 1, maxReplicas, scaleTargetRef } });
      return cluster.kubectl(['apply', '--server-side', '-f', '-'], manifest);
    };
    const most = async () => (await cluster.get('HorizontalPodAutoscaler', 'shop', 'owned')).spec.maxReplicas;
    assert.equal((await apply(4)).code, 0);
    await cluster.until('it to be lowered', async () => (await most()) === 1);
    const refused = await apply(5);
    assert.match(refused.stderr, /conflict with "gridgate-carbon-budgets".*\.spec\.maxReplicas/s);
    await cluster.patchObject('Deployment', 'shop', 'owned', {
      metadata: { annotations: { 'gridgate.dev/min-replicas': null } },
    });
    await cluster.until('it to be back', async () => (await most()) === 4);
    await cluster.until(
      'nothing of ours to be left',
      async () => (await cluster.statusOf('HorizontalPodAutoscaler', 'shop', 'owned')) === null,
    );
    const { metadata } = await cluster.get('HorizontalPodAutoscaler', 'shop', 'owned');
    const owners = metadata.managedFields.filter(({ fieldsV1 }: Rendered) => fieldsV1['f:spec']?.['f:maxReplicas']);
    assert.deepEqual(
      owners.map(({ manager, operation }: Rendered) => `${manager} ${operation}`),
      ['kubectl Apply'],
    );
    const taken = await apply(5);
    assert.equal(taken.code, 0, taken.stderr);
  });

  test('a budget that goes gives all back at once, what somebody scaled excepted', { skip }, async () => {
    await cluster.patch('/api/v1/namespaces/shop', {
      metadata: { annotations: { 'gridgate.dev/carbon-budget': null } },
    });
    await cluster.until('all to be back', async () => {
      const horizontal = await cluster.get('HorizontalPodAutoscaler', 'shop', 'web');
      const regional = await cluster.get('RegionalAutoscaler', 'shop', 'all');
      const statuses = [
        await cluster.statusOf('HorizontalPodAutoscaler', 'shop', 'web'),
        await cluster.statusOf('RegionalAutoscaler', 'shop', 'all'),
        await cluster.statusOf('Deployment', 'shop', 'plain'),
      ];
      return (
        horizontal.spec.maxReplicas === 9 && regional.spec.targets[0].max === 5 && statuses.every((one) => one === null)
      );
    });
    assert.equal(await cluster.replicasOf('Deployment', 'shop', 'plain'), 2);
    assert.deepEqual(cluster.writesSince(0).refused, []);
  });

  test('where nobody tells joules any more, nothing is changed, and that is told', { skip: skipLong }, async () => {
    await cluster.createNamespace('dark', { mode: 'warn', 'carbon-budget': '0.1' });
    await cluster.createWorkload('dark', 'web', {
      replicas: 3,
      kg: 0.05,
      podClass: 'flexible',
      annotations: { 'min-replicas': '1' },
    });
    await cluster.until('to be scaled down', async () => (await cluster.replicasOf('Deployment', 'dark', 'web')) === 1);
    cluster.joules.kill(true);
    advance(301);
    await cluster.until('that to be told', async () =>
      (await cluster.eventsIn('dark')).some((one) =>
        /^BudgetUnknown Namespace dark: nobody knows what it emits, so nothing is changed: /.test(one),
      ),
    );
    assert.equal(await cluster.replicasOf('Deployment', 'dark', 'web'), 1);
    cluster.joules.kill(false);
    await cluster.until('to be back', async () => (await cluster.replicasOf('Deployment', 'dark', 'web')) === 3);
  });

  test('mistakes are refused on namespaces, and told on workloads', { skip }, async () => {
    const refused = await cluster.kubectl([
      'annotate',
      'namespace',
      'shop',
      '--overwrite',
      'gridgate.dev/carbon-budget=half',
    ]);
    assert.match(
      refused.stderr,
      /gridgate\.dev\/carbon-budget: "half" is not kgCO2e an hour above 0 and at most 1000000, such as 0\.5 or 500g/,
    );
    const told = await cluster.kubectl([
      'annotate',
      '-n',
      'shop',
      'deployment',
      'web',
      '--overwrite',
      'gridgate.dev/min-replicas=-1',
    ]);
    assert.equal(told.code, 0, told.stderr);
    assert.match(told.stderr, /Warning: .*gridgate\.dev\/min-replicas: "-1" is not a whole number of replicas/);
  });
});
