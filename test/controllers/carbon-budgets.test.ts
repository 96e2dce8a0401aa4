import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { clusterOfBudgets } from './cluster-of-budgets.ts';

type Cluster = ReturnType<typeof clusterOfBudgets>;

const MINUTE = 60_000;
const LOOPS_A_MINUTE = 2;
const clusters: Cluster[] = [];
const SWITCHED = {
  audit: /again, because budgets are in audit: --carbon-budgets says so, or the kill switch/,
  off: /again, because the kill switch is off/,
};

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
    const [down] = one.logged.filter(({ step }) => step === 'hold');
    assert.deepEqual([down?.['kind'], down?.['object'], down?.['name']], ['Deployment', 'web', undefined]); // pino-pretty takes a name for the logger's
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

  it('holds a workload by its own budget, and the namespace stays', async () => {
    const one = cluster();
    one.world.namespaces.set('shop', {});
    one.workload('web', { annotations: { 'min-replicas': '2', 'carbon-budget': '50g' } });
    one.workload('api', { annotations: { 'min-replicas': '2' } });
    await one.lead();
    await one.loops(3);
    assert.deepEqual([one.replicas('web'), one.replicas('api')], [2, 5]);
    assert.match(one.told('BudgetExceeded')[0] ?? '', /^Deployment web: Deployment web emits 0\.1\d+ kgCO2e\/h/);
  });

  it('holds a workload in two budgets while either is over', async () => {
    const one = overBudget('0.05');
    one.annotate('Deployment', 'web', { 'carbon-budget': '0.03' });
    await one.lead();
    await one.loops(3);
    assert.equal(one.replicas('web'), 1);
    one.world.namespaces.set('shop', {});
    await one.loops(11);
    assert.equal(one.replicas('web'), 5, 'put back: 0.0227 is under 80% of its own');
    one.world.namespaces.set('shop', { 'carbon-budget': '0.02' });
    await one.loops(4);
    assert.equal(one.replicas('web'), 1);
    await one.loops(40);
    assert.equal(one.replicas('web'), 1, 'one pod alone is above the budget of the namespace');
  });

  describe('flapping', () => {
    it('waits twice as long each time that it was over again within an hour', async () => {
      const one = overBudget();
      await one.lead();
      const heldAt: number[] = [];
      const backAt: number[] = [];
      let before = 5;
      for (let i = 0; i < 400; i++) {
        await one.loops(1);
        const now = one.replicas('web');
        if (now !== before) (now === 1 ? heldAt : backAt).push(one.clock.now() / MINUTE);
        before = now;
      }
      const waits = backAt.map((at, i) => Math.round(at - (heldAt[i] ?? 0)));
      assert.deepEqual(waits, [5, 10, 20, 40, 80]);
    });

    it('forgets after an hour without', async () => {
      const one = overBudget();
      await one.lead();
      await one.loops(3);
      one.setWatts('web', 10);
      await one.loops(12);
      assert.equal(one.status('Deployment', 'web').state, 'restored');
      await one.loops(61 * LOOPS_A_MINUTE);
      assert.equal(one.status('Deployment', 'web'), undefined);
      one.setWatts('web', 100);
      await one.loops(4);
      assert.equal(one.status('Deployment', 'web').strikes, 0);
    });
  });

  describe('what somebody else does', () => {
    it('counts: a workload that was scaled meanwhile is theirs until the budget is under', async () => {
      const one = overBudget();
      await one.lead();
      await one.loops(3);
      one.edit('Deployment', 'web', ({ spec }) => Object.assign(spec, { replicas: 4 }));
      await one.loops(20);
      assert.equal(one.replicas('web'), 4);
      assert.match(one.told('BudgetLetGo')[0] ?? '', /4 instead of 1 \(it was 5\)/);
      one.setWatts('web', 1);
      await one.loops(4);
      assert.deepEqual([one.replicas('web'), one.status('Deployment', 'web')], [4, undefined]);
      one.setWatts('web', 100);
      await one.loops(4);
      assert.equal(one.replicas('web'), 1);
      one.setWatts('web', 1);
      await one.loops(12);
      assert.equal(one.replicas('web'), 4);
    });

    it('does not undo a change of the image', async () => {
      const one = overBudget();
      await one.lead();
      await one.loops(3);
      one.edit('Deployment', 'web', ({ spec }) => Object.assign(spec, { image: 'v2' }));
      one.setWatts('web', 1);
      await one.loops(12);
      assert.equal(one.replicas('web'), 5);
    });

    it('is seen again on fresh state where it came between read and write', async () => {
      const one = overBudget();
      let times = 0;
      one.world.meanwhile = (what) => {
        if (what === 'scale web' && times++ < 2)
          one.edit('Deployment', 'web', ({ metadata }) => Object.assign(metadata, { labels: { times: `${times}` } }));
      };
      await one.lead();
      await one.loops(4);
      assert.equal(one.replicas('web'), 1);
      assert.equal(one.writes.filter((what) => what === 'scale web').length, 1);
      assert.equal(one.status('Deployment', 'web').before, 5);
    });

    it('between the intent and the write wins', async () => {
      const one = overBudget();
      let isDone = false;
      one.world.meanwhile = (what) => {
        if (what === 'scale web' && !isDone) {
          isDone = true;
          one.edit('Deployment', 'web', ({ spec }) => Object.assign(spec, { replicas: 3 }));
        }
      };
      await one.lead();
      await one.loops(10);
      assert.equal(one.replicas('web'), 3);
      assert.deepEqual(one.writes, ['status web', 'status web'], 'the intent, and that it was let go');
    });
  });

  describe('what was there is not lost', () => {
    /** Once, just before a write of replicas: what somebody else does. */
    function beforeScale(one: Cluster, act: () => void): void {
      let isDone = false;
      one.world.meanwhile = (what) => {
        if (what !== 'scale web' || isDone) return;
        isDone = true;
        act();
      };
    }
    const newImage = ({ spec }: { spec: object }) => void Object.assign(spec, { image: `v${Math.random()}` });

    it('by a rollout while it is put back', async () => {
      const one = overBudget();
      await one.lead();
      await one.loops(3);
      beforeScale(one, () => one.edit('Deployment', 'web', newImage as never));
      one.setWatts('web', 1);
      await one.loops(14);
      assert.equal(one.replicas('web'), 5);
    });

    it('by a refusal while it is put back, and a rollout', async () => {
      const one = overBudget();
      await one.lead();
      await one.loops(3);
      one.world.refuse = (what) => (what === 'scale web' ? 403 : undefined);
      one.setWatts('web', 1);
      await one.loops(14);
      assert.equal(one.status('Deployment', 'web').state, 'held');
      assert.deepEqual(one.told('Restored'), []);
      one.edit('Deployment', 'web', newImage as never);
      one.world.refuse = () => undefined;
      await one.loops(20);
      assert.equal(one.replicas('web'), 5);
    });

    it('by a write after it was put back, before that is remembered', async () => {
      const one = overBudget();
      await one.lead();
      await one.loops(3);
      one.world.afterwards = (what) => {
        if (what === 'scale web')
          one.edit('Deployment', 'web', (object) => Object.assign(object, { status: { observed: true } }));
      };
      one.world.namespaces.set('shop', {});
      await one.loops(3);
      assert.deepEqual([one.replicas('web'), one.status('Deployment', 'web')], [5, undefined]);
      assert.equal(one.told('Restored').length, 1);
    });

    for (const [least, then] of [
      ['2', 'a write of somebody else'],
      ['0', 'a leader that ends'],
    ] as const)
      it(`by another least while it is held (${least}), and ${then}`, async () => {
        const one = overBudget();
        const leader = await one.lead();
        await one.loops(3);
        beforeScale(one, () => {
          if (least === '0') throw new Error('killed');
          one.edit('Deployment', 'web', ({ metadata }) => Object.assign(metadata, { labels: { x: 'y' } }));
        });
        one.annotate('Deployment', 'web', { 'min-replicas': least });
        await one.loops(1);
        const ended = leader.stop();
        await one.lead();
        await ended;
        await one.loops(4);
        assert.equal(one.replicas('web'), Number(least));
        one.world.namespaces.set('shop', {});
        await one.loops(4);
        assert.deepEqual([one.replicas('web'), one.status('Deployment', 'web')], [5, undefined]);
      });

    it('by an autoscaler that comes while it is held at 0', async () => {
      const one = overBudget();
      one.annotate('Deployment', 'web', { 'min-replicas': '0' });
      await one.lead();
      await one.loops(3);
      assert.equal(one.replicas('web'), 0);
      one.horizontal('web', 'web', 2, 10);
      await one.loops(2);
      assert.equal(one.replicas('web'), 5);
    });

    it('by having too much of it', async () => {
      const one = overBudget();
      one.horizontal('web', 'web', 1, 100_001);
      await one.lead();
      await one.loops(4);
      assert.deepEqual(one.writes, []);
      assert.match(
        one.told('BudgetRefused')[0] ?? '',
        /^HorizontalPodAutoscaler web: .* maxReplicas of 100001 is above 100000/,
      );
    });

    it('a rollout between the intent and the scale does not keep it from being held', async () => {
      const one = overBudget();
      beforeScale(one, () => one.edit('Deployment', 'web', newImage as never));
      await one.lead();
      await one.loops(4);
      assert.equal(one.replicas('web'), 1);
      assert.deepEqual(one.told('BudgetLetGo'), []);
    });

    it('the very number that we wrote is theirs, once they have written another', async () => {
      const one = overBudget();
      await one.lead();
      await one.loops(3);
      one.edit('Deployment', 'web', ({ spec }) => Object.assign(spec, { replicas: 3 }));
      await one.loops(3);
      one.edit('Deployment', 'web', ({ spec }) => Object.assign(spec, { replicas: 1 }));
      one.setWatts('web', 1);
      await one.loops(14);
      assert.deepEqual([one.replicas('web'), one.status('Deployment', 'web')], [1, undefined]);
    });

    it('one that was made again is another one', async () => {
      const one = overBudget();
      await one.lead();
      await one.loops(1);
      // What the watch shows is the one that was.
      one.holdBack(true);
      one.edit('Deployment', 'web', ({ metadata }) => Object.assign(metadata, { uid: 'another' }));
      await one.loops(4);
      assert.deepEqual([one.replicas('web'), one.writes], [5, []]);
      one.holdBack(false);
      await one.loops(2);
      assert.equal(one.replicas('web'), 1);
    });

    it('one that was made again of what it was has back what it had', async () => {
      const one = overBudget();
      await one.lead();
      await one.loops(3);
      const copied = structuredClone(one.object('Deployment', 'web'));
      one.remove('Deployment', 'web');
      await one.loops(1);
      one.edit('Deployment', 'web', (object) =>
        Object.assign(object, { ...copied, metadata: { ...copied['metadata'], uid: 'another', generation: 1 } }),
      );
      one.world.namespaces.set('shop', {});
      await one.loops(4);
      assert.deepEqual([one.replicas('web'), one.status('Deployment', 'web')], [5, undefined]);
    });
  });

  describe('what is told', () => {
    it('is what was done: not what the API server refused', async () => {
      const one = overBudget();
      one.world.refuse = (what) => (what === 'scale web' ? 403 : undefined);
      await one.lead();
      await one.loops(4);
      assert.deepEqual(one.told('ScaledDown'), []);
      assert.equal(one.told('BudgetRefused').length, 1);
      one.world.refuse = () => undefined;
      await one.loops(6);
      assert.equal(one.told('ScaledDown').length, 1);
    });

    it('is what goes down: not what is paused, refused or was scaled by somebody else', async () => {
      const one = overBudget();
      one.workload('paused', { annotations: { 'min-replicas': '1', paused: 'true' } });
      one.workload('refused', { annotations: { 'min-replicas': '1' } });
      one.world.refuse = (what) => (what === 'status refused' ? 403 : undefined);
      await one.lead();
      await one.loops(3);
      assert.match(one.told('BudgetExceeded')[0] ?? '', /: go down: Deployment web to 1 \(/);
    });

    it('has as many digits as the budget needs', async () => {
      const one = overBudget('0.000001');
      one.workload('web', { annotations: { 'min-replicas': '0' }, watts: 0.002 });
      one.world.namespaces.set('bank', { 'carbon-budget': '0.11231' });
      one.workload('till', { namespace: 'bank', watts: 99 });
      await one.lead();
      await one.loops(13);
      const [, tiny] = one.told('BudgetExceeded').toSorted();
      const [close] = one.told('BudgetExceeded').toSorted();
      assert.match(tiny ?? '', /shop emits 0\.00000227 kgCO2e\/h, its budget is 0\.000001/);
      assert.match(close ?? '', /bank emits 0\.112365 kgCO2e\/h, its budget is 0\.11231/);
      assert.match(
        one.told('Restored')[0] ?? '',
        /0 -> 5 again, because each of its budgets is under 80%: shop emits 0 kgCO2e\/h, its budget is 0\.000001/,
      );
    });

    it('where nothing goes down of what may, why', async () => {
      const one = overBudget();
      one.annotate('Deployment', 'web', { paused: 'true' });
      await one.lead();
      await one.loops(3);
      assert.match(
        one.told('BudgetExceeded')[0] ?? '',
        /nothing of it goes down: Deployment web is paused \(gridgate.dev\/paused on it/,
      );
    });

    it('an autoscaler that goes while its maximum is held: nobody knows what its workload had', async () => {
      const one = overBudget();
      one.horizontal('web', 'web', 1, 10);
      one.workload('far', { annotations: { 'min-replicas': '1' } });
      one.regional('all', [{ region: 'eu', deployment: 'far', max: 8 }]);
      await one.lead();
      await one.loops(4);
      one.edit('Deployment', 'web', ({ spec }) => Object.assign(spec, { replicas: 1 }));
      one.remove('HorizontalPodAutoscaler', 'web');
      one.edit('RegionalAutoscaler', 'all', ({ spec }) => Object.assign(spec, { targets: [] }));
      await one.loops(2);
      const [web = '', far = ''] = one.told('BudgetLost').sort().reverse();
      assert.match(web, /^Deployment web: HorizontalPodAutoscaler web went while .* at 1 \(it was 10\): 1 replicas/);
      assert.match(far, /^Deployment far: RegionalAutoscaler all \(far\) went while .* at 1 \(it was 8\): 5 replicas/);
    });

    it('of an autoscaler that was put back and then goes, nothing', async () => {
      const one = overBudget();
      one.horizontal('web', 'web', 1, 10);
      await one.lead();
      await one.loops(3);
      one.world.namespaces.set('shop', {});
      await one.loops(2);
      one.remove('HorizontalPodAutoscaler', 'web');
      await one.loops(2);
      assert.deepEqual(one.told('BudgetLost'), []);
    });

    it('holds up no look: of 400 dead budgets so many at once', async () => {
      const one = overBudget();
      one.world.problem = 'dead';
      for (let i = 0; i < 400; i++) one.world.namespaces.set(`n${i}`, { 'carbon-budget': '1' });
      await one.lead();
      await one.loops(3);
      assert.ok(one.events.length <= 300, `${one.events.length}`);
      one.world.problem = undefined;
      await one.loops(3);
      assert.equal(one.replicas('web'), 1, 'three looks after it is back');
    });

    it('ends with the switch: of 1,500 that would be scaled, no more than were at once', async () => {
      const one = overBudget();
      one.world.mode = 'audit';
      one.holdBack(true);
      for (let i = 0; i < 1_500; i++) one.workload(`w${i}`, { annotations: { 'min-replicas': '1' }, replicas: 2 });
      one.holdBack(false);
      await one.lead();
      await one.loops(4);
      const before = one.events.length;
      one.world.mode = 'off';
      await one.loops(2);
      assert.ok(one.events.length - before <= 100, `${one.events.length - before}`);
    });

    it('a namespace that has more budgets than are followed, which takes nothing of another', async () => {
      const one = cluster();
      one.world.namespaces.set('aaa', {});
      one.world.namespaces.set('shop', {});
      one.holdBack(true);
      for (let i = 0; i < 2_100; i++)
        one.workload(`w${i}`, { namespace: 'aaa', replicas: 0, annotations: { 'carbon-budget': '1' } });
      one.workload('web', { annotations: { 'carbon-budget': '0.05', 'min-replicas': '1' } });
      one.holdBack(false);
      const { metrics = [] } = await one.lead();
      await one.loops(3);
      assert.equal(one.replicas('web'), 1);
      assert.match(one.told('BudgetsFull')[0] ?? '', /^Namespace aaa: 1900 carbon budgets in this namespace are not/);
      const gauge = metrics.find(({ name }) => name === 'gridgate_budgets_not_followed');
      assert.deepEqual([...(gauge?.read() ?? [])], [[{ namespace: 'aaa' }, 1_900]]);
    });
  });

  it('gives nothing back of an autoscaler that was paused meanwhile', async () => {
    const one = overBudget();
    one.horizontal('web', 'web', 1, 10);
    await one.lead();
    await one.loops(3);
    const managed = {
      manager: 'gridgate-carbon-budgets',
      operation: 'Update',
      apiVersion: 'autoscaling/v2',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'f:maxReplicas': {} } },
    };
    one.edit('HorizontalPodAutoscaler', 'web', ({ metadata }) => Object.assign(metadata, { managedFields: [managed] }));
    one.world.afterwards = () => one.annotate('HorizontalPodAutoscaler', 'web', { paused: 'true' });
    one.world.namespaces.set('shop', {});
    await one.loops(4);
    assert.equal(one.object('HorizontalPodAutoscaler', 'web')['spec'].maxReplicas, 10);
    assert.deepEqual(one.writes, ['spec web', 'spec web'], 'down and up, and no third');
  });

  describe('a leader that ends', () => {
    for (const [when, at] of [
      ['before the intent', 'before status'],
      ['between the intent and the scale', 'before scale'],
      ['after the scale', 'after scale'],
    ] as const)
      for (const [direction, first] of [
        ['down', 0],
        ['back', 1],
      ] as const)
        it(`${when}, on the way ${direction}, leaves one change`, async () => {
          const one = overBudget();
          let changes = 0;
          let isKilled = false;
          one.world.meanwhile = (what) => {
            const isDue = changes >= first && !isKilled;
            if (!isDue || at === 'after scale' || what !== `${at.split(' ')[1]} web`) return;
            isKilled = true;
            throw new Error('killed');
          };
          one.world.afterwards = (what) => {
            if (what !== 'scale web') return;
            const isDue = changes++ >= first && !isKilled && at === 'after scale';
            if (!isDue) return;
            isKilled = true;
            throw new Error('killed');
          };
          const dying = await one.lead();
          await one.loops(2);
          if (first === 1) {
            one.setWatts('web', 1);
            await one.loops(11);
          }
          assert.ok(isKilled, 'nobody was killed');
          const ended = dying.stop();
          await one.lead();
          await ended;
          await one.loops(first === 1 ? 14 : 5);
          const scales = one.writes.filter((what) => what === 'scale web').length;
          assert.deepEqual([one.replicas('web'), scales], first === 1 ? [5, 2] : [1, 1]);
        });

    it('does not finish what is too old', async () => {
      const one = overBudget();
      one.world.refuse = (what) => (what === 'scale web' ? 'no answer' : undefined);
      const dying = await one.lead();
      await one.loops(3);
      await dying.stop();
      one.world.refuse = () => undefined;
      one.setWatts('web', 30); // 0.034: between 80% and all of it never; under
      one.world.setAheadMs = 11 * MINUTE;
      await one.lead();
      assert.deepEqual([one.replicas('web'), one.status('Deployment', 'web')], [5, undefined]);
    });
  });

  describe('where nobody knows', () => {
    it('changes nothing, and says so', async () => {
      const one = overBudget();
      await one.lead();
      await one.loops(3);
      one.world.problem = 'Prometheus does not answer';
      one.setWatts('web', 1);
      await one.loops(30);
      assert.equal(one.replicas('web'), 1);
      assert.deepEqual(one.told('BudgetUnknown'), [
        'Namespace shop: nobody knows what it emits, so nothing is changed: Prometheus does not answer; 1 of it stay scaled down',
      ]);
      await one.loops(60 * LOOPS_A_MINUTE);
      assert.equal(one.told('BudgetUnknown').length, 2, 'again after an hour, as something is still down');
      one.world.problem = undefined;
      await one.loops(4);
      assert.equal(one.replicas('web'), 5);
    });

    it('from the first, scales nothing', async () => {
      const one = overBudget();
      one.world.problem = 'Prometheus does not answer';
      const { metrics = [] } = await one.lead();
      await one.loops(10);
      assert.deepEqual(one.writes, []);
      const read = (name: string) => [...(metrics.find((metric) => metric.name === name)?.read() ?? [])];
      assert.deepEqual(read('gridgate_budget_kilograms_per_hour'), []);
      assert.deepEqual(read('gridgate_budget_state'), [
        [{ kind: 'Namespace', namespace: 'shop', name: 'shop', state: 'unknown' }, 1],
      ]);
    });

    it('pods without a region keep a budget from being under, not from being over', async () => {
      const one = overBudget();
      one.world.strays = 1;
      await one.lead();
      await one.loops(3);
      assert.equal(one.replicas('web'), 1);
      await one.loops(30);
      assert.equal(one.replicas('web'), 1);
      assert.match(one.told('BudgetUnknown')[0] ?? '', /of 1 of its 1 pods the region/);
      one.world.strays = 0;
      await one.loops(4);
      assert.equal(one.replicas('web'), 5);
    });
  });

  describe('an autoscaler', () => {
    it('of the cluster keeps the replicas; its maximum goes down to its minimum or the least, in one write', async () => {
      const one = overBudget();
      one.horizontal('web', 'web', 2, 10);
      await one.lead();
      await one.loops(3);
      const { spec } = one.object('HorizontalPodAutoscaler', 'web');
      assert.deepEqual([spec.minReplicas, spec.maxReplicas, one.replicas('web')], [2, 2, 5]);
      assert.deepEqual(one.writes, ['spec web']);
      one.edit('Deployment', 'web', (object) => Object.assign(object['spec'], { replicas: 2 }));
      one.setWatts('web', 1);
      await one.loops(14);
      assert.equal(one.object('HorizontalPodAutoscaler', 'web')['spec'].maxReplicas, 10);
      assert.deepEqual(one.writes, ['spec web', 'spec web']);
      assert.match(one.told('ScaledDown')[0] ?? '', /^HorizontalPodAutoscaler web: maxReplicas: 10 -> 2, because/);
    });

    it('of the cluster never gets a maximum of 0', async () => {
      const one = overBudget();
      one.annotate('Deployment', 'web', { 'min-replicas': '0' });
      one.horizontal('web', 'web', 1, 10);
      await one.lead();
      await one.loops(3);
      assert.equal(one.object('HorizontalPodAutoscaler', 'web')['spec'].maxReplicas, 1);
    });

    it('of regions has the maximum of that target moved, absence included', async () => {
      const one = overBudget();
      one.workload('db', { annotations: { 'min-replicas': '2' } });
      const targets = [
        { region: 'eu', deployment: 'web', min: 0, max: 8, note: 'kept' },
        { region: 'us', deployment: 'db' },
        { region: 'x', deployment: 'other', max: 3 },
      ];
      one.regional('all', targets);
      await one.lead();
      await one.loops(4);
      assert.deepEqual(one.object('RegionalAutoscaler', 'all')['spec'].targets, [
        { region: 'eu', deployment: 'web', min: 0, max: 1, note: 'kept' },
        { region: 'us', deployment: 'db', max: 2 },
        { region: 'x', deployment: 'other', max: 3 },
      ]);
      assert.deepEqual([one.replicas('web'), one.replicas('db')], [5, 5]);
      const { targets: kept } = one.status('RegionalAutoscaler', 'all');
      assert.deepEqual([kept.web.before, kept.db.before], [8, null]);
      one.setWatts('web', 1);
      one.setWatts('db', 1);
      await one.loops(14);
      assert.deepEqual(one.object('RegionalAutoscaler', 'all')['spec'].targets, targets);
      await one.loops(61 * LOOPS_A_MINUTE);
      assert.equal(one.status('RegionalAutoscaler', 'all'), undefined);
    });

    it('that comes while a workload is held, has it as it was: with 0 it would do nothing', async () => {
      const one = overBudget();
      await one.lead();
      await one.loops(3);
      one.horizontal('web', 'web', 1, 10);
      await one.loops(2);
      assert.deepEqual([one.replicas('web'), one.status('Deployment', 'web')], [5, undefined]);
      assert.equal(one.writes.filter((what) => what === 'scale web').length, 2);
    });

    it('of a workload that is gone has its maximum back', async () => {
      const one = overBudget();
      one.horizontal('web', 'web', 2, 10);
      await one.lead();
      await one.loops(3);
      one.remove('Deployment', 'web');
      await one.loops(2);
      assert.equal(one.object('HorizontalPodAutoscaler', 'web')['spec'].maxReplicas, 10);
    });
  });

  describe('a switch', () => {
    it('paused leaves what it is on as it is', async () => {
      const one = overBudget();
      one.workload('db', { annotations: { 'min-replicas': '1', paused: 'true' } });
      await one.lead();
      await one.loops(3);
      assert.deepEqual([one.replicas('web'), one.replicas('db')], [1, 5]);
      one.world.namespaces.set('shop', { 'carbon-budget': '0.05', paused: 'true' });
      one.setWatts('web', 1);
      one.setWatts('db', 1);
      await one.loops(30);
      assert.equal(one.replicas('web'), 1);
      one.world.namespaces.set('shop', { paused: 'true' });
      one.world.mode = 'off';
      await one.loops(4);
      assert.equal(one.replicas('web'), 1);
      one.world.namespaces.set('shop', {});
      await one.loops(2);
      assert.deepEqual([one.replicas('web'), one.status('Deployment', 'web')], [5, undefined]);
    });

    for (const mode of ['audit', 'off'] as const)
      it(`${mode} puts all back at once, and leaves nothing`, async () => {
        const one = overBudget();
        one.workload('api', { annotations: { 'min-replicas': '1' } });
        one.horizontal('api', 'api', 1, 10);
        const controller = await one.lead();
        await one.loops(3);
        one.world.mode = mode;
        controller.changed('rules');
        await one.loops(1);
        assert.deepEqual([one.replicas('web'), one.status('Deployment', 'web')], [5, undefined]);
        const { spec } = one.object('HorizontalPodAutoscaler', 'api');
        assert.deepEqual([spec.maxReplicas, one.status('HorizontalPodAutoscaler', 'api')], [10, undefined]);
        assert.equal(one.told('Restored').length, 2);
        for (const told of one.told('Restored')) assert.match(told, SWITCHED[mode]);
      });

    it('audit tells once what would be done, and does nothing', async () => {
      const one = overBudget();
      one.world.mode = 'audit';
      const { metrics = [] } = await one.lead();
      await one.loops(20);
      assert.deepEqual(one.writes, []);
      assert.equal(one.told('WouldScaleDown').length, 1);
      assert.match(
        one.told('WouldScaleDown')[0] ?? '',
        /^Deployment web: replicas would go from 5 to 1, because shop emits/,
      );
      assert.match(one.told('BudgetExceeded')[0] ?? '', /would go down: Deployment web to 1/);
      const standing = metrics.find(({ name }) => name === 'gridgate_budget_scaled_objects');
      assert.deepEqual([...(standing?.read() ?? [])], [[{ kind: 'Deployment', state: 'would' }, 1]]);
    });

    it('a budget that is taken away puts back at once', async () => {
      const one = overBudget();
      await one.lead();
      await one.loops(3);
      one.world.namespaces.set('shop', {});
      await one.loops(2);
      assert.deepEqual([one.replicas('web'), one.status('Deployment', 'web')], [5, undefined]);
      assert.match(one.told('Restored')[0] ?? '', /1 -> 5 again, because no budget concerns it any more/);
    });

    it('a workload that is not flexible any more has back what it had', async () => {
      const one = overBudget();
      await one.lead();
      await one.loops(3);
      one.edit('Deployment', 'web', ({ spec }) => Object.assign(spec.template.metadata, { annotations: {} }));
      await one.loops(2);
      assert.equal(one.replicas('web'), 5);
      assert.match(one.told('Restored')[0] ?? '', /because it is not of class flexible any more, or has no gridgate/);
    });
  });

  describe('an author who means harm', () => {
    for (const least of ['-1', '1e9', 'x', '', '1.5', '100001', '9'.repeat(200_000)])
      it(`writes a least of ${least.slice(0, 12)}`, async () => {
        const one = overBudget();
        one.annotate('Deployment', 'web', { 'min-replicas': least });
        await one.lead();
        await one.loops(5);
        assert.deepEqual(one.writes, []);
        const [told = ''] = one.told('BudgetMistake');
        assert.match(told, /^Deployment web: gridgate\.dev\/min-replicas: ".*" is not a whole number of replicas/);
        assert.ok(told.length < 300);
      });

    for (const status of [
      'x',
      '{}',
      '[]',
      '{"version":1,"state":"held","before":1000000,"wrote":5,"generation":1,"since":"2026-11-22T08:00:00Z","strikes":0}',
      '{"version":1,"state":"held","before":-1,"wrote":5,"generation":0,"since":"2026-11-22T08:00:00Z","strikes":0}',
      '{"version":1,"state":"restored","before":3,"wrote":5,"generation":1,"since":"2026-11-22T08:00:00Z","strikes":0}',
      '{"version":1,"state":"held","before":null,"wrote":5,"generation":0,"since":"2026-11-22T08:00:00Z","strikes":0}',
      '{"version":1,"state":"held","before":50,"wrote":5,"generation":0,"since":"long ago","strikes":0}',
      `{"version":1,"state":"held","before":50,"wrote":5,"since":"2026-11-22T08:00:00Z","strikes":0,"x":"${'x'.repeat(200_000)}"}`,
    ])
      it(`forges a status: ${status.slice(0, 60)}`, async () => {
        const one = overBudget('10');
        one.annotate('Deployment', 'web', { 'budget-status': status });
        await one.lead();
        await one.loops(30);
        assert.deepEqual([one.replicas('web'), one.writes], [5, []]);
      });

    it('forges one that makes sense, and gets what the right to scale gives anyway, once', async () => {
      const one = overBudget('10');
      const forged = { version: 1, state: 'held', before: 7, wrote: 5, generation: 0, since: '2026-11-22T08:00:00Z' };
      one.annotate('Deployment', 'web', { 'budget-status': JSON.stringify({ ...forged, strikes: 0 }) });
      await one.lead();
      await one.loops(200);
      assert.deepEqual([one.replicas('web'), one.status('Deployment', 'web')], [7, undefined]);
      assert.equal(one.writes.filter((what) => what === 'scale web').length, 1);
    });
  });

  describe('the API server', () => {
    it('refuses one workload: the others are scaled, and it is tried again', async () => {
      const one = overBudget();
      one.workload('db', { annotations: { 'min-replicas': '1' } });
      one.world.refuse = (what) => (what === 'status web' ? 403 : undefined);
      await one.lead();
      await one.loops(4);
      assert.deepEqual([one.replicas('web'), one.replicas('db')], [5, 1]);
      assert.equal(one.told('BudgetExceeded').length, 1);
      assert.match(one.told('BudgetRefused')[0] ?? '', /^Deployment web: it cannot be scaled as its budget asks: /);
      one.world.refuse = () => undefined;
      await one.loops(6);
      assert.equal(one.replicas('web'), 1);
    });

    it('that refuses for long is asked less and less often, and the looks go on', async () => {
      const one = overBudget();
      let asked = 0;
      one.world.refuse = (what) => (what === 'status web' ? ++asked && 403 : undefined);
      await one.lead();
      await one.loops(3);
      one.world.namespaces.set('bank', { 'carbon-budget': '0.05' });
      one.workload('api', { namespace: 'bank', annotations: { 'min-replicas': '1' } });
      await one.loops(3);
      assert.equal(one.replicas('api', 'Deployment', 'bank'), 1, 'after three looks of 30 s');
      await one.loops(60 * LOOPS_A_MINUTE);
      assert.ok(asked < 15, `${asked}`);
    });

    it('is not asked twice for what the watch shows late', async () => {
      const one = overBudget();
      await one.lead();
      await one.loops(1);
      one.holdBack(true);
      await one.loops(10);
      assert.deepEqual(one.writes, ['status web', 'scale web']);
    });
  });

  it('leaves the namespaces of Kubernetes and of gridgate alone', async () => {
    const one = cluster();
    for (const namespace of ['kube-system', 'gridgate-system']) {
      one.world.namespaces.set(namespace, { 'carbon-budget': '0.001' });
      const forged = { version: 1, state: 'held', before: 7, wrote: 5, since: '2026-11-22T08:00:00Z', strikes: 0 };
      const annotations = { 'min-replicas': '1', 'budget-status': JSON.stringify(forged) };
      one.workload('web', { namespace, annotations });
    }
    await one.lead();
    await one.loops(10);
    assert.deepEqual([one.writes, one.events], [[], []]);
  });

  it('does not wait for a wall clock that was set back a day', async () => {
    const one = overBudget();
    await one.lead();
    await one.loops(3);
    one.world.setAheadMs = -24 * 60 * MINUTE;
    one.setWatts('web', 1);
    await one.loops(14);
    assert.equal(one.replicas('web'), 5);
  });

  it('writes nothing while nothing changes', async () => {
    const one = overBudget('0.021');
    await one.lead();
    await one.loops(4);
    const before = one.writes.length + one.events.length;
    await one.loops(200);
    assert.equal(one.writes.length + one.events.length, before);
  });
});
