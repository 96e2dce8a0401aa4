import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { skip as skipWithoutFakeTime } from '../process/fake-time.ts';
import { type BudgetedCluster, STATUS, startBudgeted } from './budgeted-cluster.ts';
import { skip as skipWithoutCluster } from './cluster.ts';
import { assertEachChangedOnce, assertMostTimes, generationsOf } from './generations.ts';
import { deployment, prefixed } from './objects.ts';

const skip = skipWithoutCluster;
/** Where five minutes have to pass. */
const skipLong = skip || skipWithoutFakeTime;
const WORKLOADS = 60;
const PATH = '/apis/apps/v1/namespaces/batch/deployments';

describe('replicas of the controllers that are killed with -9 while budgets are over', () => {
  let cluster: BudgetedCluster;
  let aheadS = 0;

  before(async () => {
    if (skip) return;
    cluster = await startBudgeted({ replicas: 2 });
    await cluster.createNamespace('batch');
    for (let i = 0; i < WORKLOADS; i++) {
      const object = deployment(`w${i}`, 2, {}, { class: 'flexible' });
      Object.assign(object.metadata, { annotations: prefixed({ 'min-replicas': '1' }) });
      await cluster.send('POST', PATH, object);
      cluster.setKg('batch', `w${i}`, 0.01);
    }
    await until('all to run', (all) => all.every(({ status }) => status.readyReplicas === 2));
  });
  after(() => cluster?.stop());

  async function until(what: string, isSo: (all: readonly Rendered[]) => unknown): Promise<readonly Rendered[]> {
    let found: readonly Rendered[] = [];
    await cluster.until(what, async () => {
      found = (await cluster.send('GET', PATH)).items;
      return isSo(found);
    });
    return found;
  }

  const isHeld = ({ spec, metadata }: Rendered) =>
    spec.replicas === 1 && /"state":"held"/.test(metadata.annotations[STATUS] ?? '');
  const isBack = ({ spec, metadata }: Rendered) =>
    spec.replicas === 2 && /"state":"restored"/.test(metadata.annotations[STATUS] ?? '');

  async function killInTheMidst(t: TestContext, isDone: (one: Rendered) => boolean): Promise<void> {
    const first = await cluster.leader();
    await until('the first of them', (all) => all.filter(isDone).length >= 10);
    await first.end('SIGKILL');
    const { items } = await cluster.send('GET', PATH);
    const left = items.filter((one: Rendered) => !isDone(one));
    const began = left.filter(({ metadata: { annotations }, spec }: Rendered) => {
      const status = JSON.parse(annotations[STATUS] ?? 'null');
      return status && spec.replicas !== (status.state === 'held' ? status.wrote : status.before);
    });
    assert.ok(left.length > 0, 'nothing was left to a successor');
    t.diagnostic(`${left.length} left to the successor, ${began.length} between the intent and the scale`);
  }

  /** None of them scaled twice, and none refused; what a kill cut off may have been done. */
  function assertWrittenOnce(from: number): void {
    const { done, refused } = cluster.writesSince(from);
    assert.deepEqual(refused, []);
    assertMostTimes(
      1,
      done.filter((one) => one.startsWith('deployments/scale')),
    );
  }

  test(`${WORKLOADS} workloads go down, each once`, { skip }, async (t) => {
    const from = cluster.logged();
    const before = generationsOf(await until('all to be there', (all) => all.length === WORKLOADS));
    await cluster.patch('/api/v1/namespaces/batch', {
      metadata: { annotations: { 'gridgate.dev/carbon-budget': '0.65' } },
    });
    await killInTheMidst(t, isHeld);
    assertEachChangedOnce(before, await until('all to be down', (all) => all.every(isHeld)));
    assertWrittenOnce(from);
  });

  test('and come back, each once, to what was', { skip: skipLong }, async (t) => {
    await cluster.start('on');
    for (let i = 0; i < WORKLOADS; i++) cluster.setKg('batch', `w${i}`, 0.001);
    const from = cluster.logged();
    const before = generationsOf(await until('all to be down still', (all) => all.every(isHeld)));
    aheadS += 301;
    cluster.clock?.set(aheadS);
    await killInTheMidst(t, isBack);
    assertEachChangedOnce(before, await until('all to be back', (all) => all.every(isBack)));
    assertWrittenOnce(from);
  });

  test('an intent that a leader left is followed once, and one that a person overtook never', {
    skip: skipLong,
  }, async () => {
    const leader = await cluster.leader();
    await leader.end('SIGKILL');
    const since = new Date(Date.now() + aheadS * 1_000).toISOString().replace(/\.\d+/, '');
    const leave = async (name: string) => {
      const { metadata } = await cluster.get('Deployment', 'batch', name);
      const status = {
        version: 1,
        state: 'held',
        before: 2,
        wrote: 1,
        generation: metadata.generation,
        since,
        strikes: 0,
      };
      await cluster.patch(`${PATH}/${name}/status`, {
        metadata: { annotations: { [STATUS]: JSON.stringify(status) } },
      });
    };
    await leave('w0');
    await leave('w1');
    await cluster.patch(`${PATH}/w1`, { spec: { replicas: 3 } });
    await cluster.patch(`${PATH}/w1`, { spec: { replicas: 2 } });
    for (let i = 0; i < WORKLOADS; i++) cluster.setKg('batch', `w${i}`, 0.0045); // between 80% of the budget and all of it
    const from = cluster.logged();
    await cluster.start('on');
    await until('the intent to be followed', (all) =>
      all.some(({ metadata, spec }) => metadata.name === 'w0' && spec.replicas === 1),
    );
    await cluster.until('a look after it', async () =>
      /state="(between|held)"\} 1/.test(await cluster.metricsOf(await cluster.leader())),
    );
    const { done } = cluster.writesSince(from);
    assert.deepEqual(done, ['deployments/scale w0']);
    assert.equal(await cluster.replicasOf('Deployment', 'batch', 'w1'), 2);
  });
});
