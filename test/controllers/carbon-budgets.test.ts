import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { clusterOfBudgets, kgOf } from './cluster-of-budgets.ts';

type Cluster = ReturnType<typeof clusterOfBudgets>;

const MINUTE = 60_000;
const LOOPS_A_MINUTE = 2;
const clusters: Cluster[] = [];

function cluster(): Cluster {
  const one = clusterOfBudgets();
  clusters.push(one);
  return one;
}

/** A namespace with this budget, and one workload of 5 pods of 100 W: 0.1135 kgCO2e/h. */
function overBudget(budget = '0.05'): Cluster {
  const one = cluster();
  one.world.namespaces.set('shop', { 'carbon-budget': budget });
  one.workload('web', { annotations: { 'min-replicas': '1' } });
  return one;
}

describe('the controller of carbon budgets', () => {
  afterEach(async () => {
    for (const one of clusters.splice(0)) await one.stopAll();
  });

  it('scales down what is flexible once the budget was over for three looks, and puts it back', async () => {
    const one = overBudget();
    one.workload('db', { kind: 'StatefulSet', annotations: { 'min-replicas': '0' }, replicas: 2, watts: 1 });
    one.workload('api', { podClass: 'standard', annotations: { 'min-replicas': '1' }, watts: 1 });
    one.workload('cache', { watts: 1 });
    await one.lead();
    await one.loops(1);
    assert.deepEqual(one.writes, []);
    await one.loops(1);
    const all = () => [
      one.replicas('web'),
      one.replicas('db', 'StatefulSet'),
      one.replicas('api'),
      one.replicas('cache'),
    ];
    assert.deepEqual(all(), [1, 0, 5, 5]);
    assert.deepEqual(one.writes, ['status web', 'scale web', 'status db', 'scale db']);
    // 0.0227 + 0.002 is below 80% of 0.05: back after five minutes.
    await one.loops(4 * LOOPS_A_MINUTE);
    assert.deepEqual(all(), [1, 0, 5, 5]);
    await one.loops(2 * LOOPS_A_MINUTE);
    assert.deepEqual(all(), [5, 2, 5, 5]);
    assert.deepEqual(
      one.events.map(({ type, reason, about }) => `${type} ${reason} ${about}`),
      [
        'Warning BudgetExceeded Namespace shop',
        'Normal ScaledDown Deployment web',
        'Normal ScaledDown StatefulSet db',
        'Normal Restored Deployment web',
        'Normal Restored StatefulSet db',
      ],
    );
    assert.match(
      one.told('ScaledDown')[0] ?? '',
      /replicas: 5 -> 1, because shop emits 0\.\d+ kgCO2e\/h, its budget is 0\.05/,
    );
  });

  it('leaves what is neither budgeted nor over', async () => {
    const one = overBudget('0.2');
    one.workload('other', { namespace: 'bank', annotations: { 'min-replicas': '1' } });
    one.world.namespaces.set('bank', {});
    await one.lead();
    await one.loops(10);
    assert.deepEqual([one.writes, one.events], [[], []]);
  });
});

void [MINUTE, kgOf];
