import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterOfBudgets } from './cluster-of-budgets.ts';

/** Of 5,287 W in all, which are 1.2 kgCO2e an hour at 200 gCO2e/kWh with a PUE of 1.135. */
const STACK = {
  prometheus: { replicas: 2, watts: 529 },
  grafana: { replicas: 1, watts: 220 },
  'loki-distributor': { replicas: 2, watts: 365.5 },
  'loki-ingester': { replicas: 6, watts: 546.3 },
} as const;

describe("the incident report's case", () => {
  it("0.5 kgCO2e/h for observability: Loki's ingesters are paused, 62% less", async (t) => {
    const one = clusterOfBudgets();
    t.after(() => one.stopAll());
    const namespace = 'observability';
    one.world.namespaces.set(namespace, { 'carbon-budget': '0.5' });
    for (const [name, parts] of Object.entries(STACK)) {
      const isFlexible = name === 'loki-ingester';
      one.workload(name, {
        ...parts,
        namespace,
        ...(isFlexible ? { kind: 'StatefulSet', annotations: { 'min-replicas': '0' } } : { podClass: '' }),
      });
    }
    const { metrics = [] } = await one.lead();
    const emitted = () => {
      const gauge = metrics.find(({ name }) => name === 'gridgate_budget_kilograms_per_hour');
      return [...(gauge?.read() ?? [])][0]?.[1] ?? Number.NaN;
    };
    const before = emitted();
    assert.equal(before.toFixed(2), '1.20');
    await one.loops(4);
    assert.equal(one.replicas('loki-ingester', 'StatefulSet', namespace), 0);
    for (const [name, { replicas }] of Object.entries(STACK))
      if (name !== 'loki-ingester') assert.equal(one.replicas(name, 'Deployment', namespace), replicas);
    assert.equal(Math.round((1 - emitted() / before) * 100), 62);
    assert.deepEqual(
      one.events.map(({ reason, about, note }) => `${reason} ${about}: ${note}`),
      [
        'BudgetExceeded Namespace observability: observability emits 1.2 kgCO2e/h, its budget is 0.5: go down: StatefulSet loki-ingester to 0 (measured: Kepler)',
        'ScaledDown StatefulSet loki-ingester: replicas: 6 -> 0, because observability emits 1.2 kgCO2e/h, its budget is 0.5; back once all its budgets are below 80% of their limits, not before 5m have passed',
      ],
    );
    await one.loops(200);
    assert.equal(one.replicas('loki-ingester', 'StatefulSet', namespace), 0, 'what is left is not below 80% of it');
  });

  it('500 budgets over 10,000 pods: a look takes a moment, and what stays as it is, is not written', async (t) => {
    const one = clusterOfBudgets();
    t.after(() => one.stopAll());
    for (let i = 0; i < 500; i++) {
      one.world.namespaces.set(`n${i}`, { 'carbon-budget': i % 2 === 0 ? '0.13' : '10' });
      one.holdBack(i < 499);
      for (const name of ['web', 'db'])
        one.workload(name, { namespace: `n${i}`, replicas: 10, watts: 50, annotations: { 'min-replicas': '5' } });
    }
    await one.lead();
    await one.loops(20);
    assert.equal(one.writes.filter((what) => what.startsWith('scale')).length, 500);
    const before = one.writes.length + one.events.length;
    const began = performance.now();
    await one.loops(10);
    assert.equal(one.writes.length + one.events.length, before);
    assert.ok(performance.now() - began < 10 * 2_000, `${performance.now() - began} ms for ten looks`);
  });
});
