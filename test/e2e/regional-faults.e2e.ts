import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { Rendered } from '../cluster/rendered-manifests.ts';
import { createSettableClock, type SettableClock, skip as skipWithoutFakeTime } from '../process/fake-time.ts';
import { skip as skipWithoutCluster } from './cluster.ts';
import { assertEachChangedOnce, assertMostTimes, changesSince, generationsOf } from './generations.ts';
import { LONG_MS, type RegionalCluster, startRegionalCluster } from './regional-cluster.ts';

const skip = skipWithoutCluster || skipWithoutFakeTime;
const AUTOSCALERS = 40;
const QUICK = { loop: '5s', cooldown: '1h', holdCycles: 1 };

describe('replicas of the controllers that are killed with -9 while RegionalAutoscalers scale', () => {
  let cluster: RegionalCluster;
  let clock: SettableClock;
  const directory = mkdtempSync(join(tmpdir(), 'gridgate-test-'));
  const names = Array.from({ length: AUTOSCALERS }, (_, i) => `france-${i}`);

  before(async () => {
    if (skip) return;
    clock = createSettableClock(directory, 'wall');
    cluster = await startRegionalCluster({ resourceMetrics: true, env: clock.env });
    await cluster.controlPlane.startMetricsServer();
    for (let i = 0; i < 2; i++) await cluster.startControllers();
    await cluster.leader();
  });
  after(async () => {
    await cluster?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function restartLeader(): Promise<void> {
    const killed = await cluster.leader();
    await killed.end('SIGKILL');
    await cluster.startControllers();
  }

  const scaled = async (namespace: string, to: number) =>
    Object.values(await cluster.counts(namespace)).filter((count) => count === to).length;

  const deploymentsIn = async (namespace: string): Promise<readonly Rendered[]> =>
    (await cluster.send('GET', cluster.deployments(namespace))).items;

  /** None of them twice, and none refused; what a kill cut off may have been done. */
  function assertWrittenOnce(namespace: string): void {
    const writes = cluster.writes(namespace);
    assert.deepEqual(
      writes.filter((one) => !/ (200|504)$/.test(one)),
      [],
    );
    assertMostTimes(
      1,
      writes.filter((one) => one.endsWith(' 200')),
    );
  }

  test(`${AUTOSCALERS} scale up, each once, whoever is killed in the midst`, { skip }, async (t: TestContext) => {
    await cluster.createNamespace('many');
    await cluster.createDeployments('many', Object.fromEntries(names.map((name) => [name, 1])), 90);
    const before = generationsOf(await deploymentsIn('many'));
    for (const name of names)
      await cluster.createAutoscaler('many', name, {
        ...QUICK,
        targets: [{ region: 'france', deployment: name, max: 5 }],
      });
    for (const least of [5, 15, 25]) {
      await cluster.waitFor(`${least} of them`, async () => (await scaled('many', 2)) >= least || undefined, LONG_MS);
      t.diagnostic(`${AUTOSCALERS - (await scaled('many', 2))} left at a kill`);
      await restartLeader();
    }
    await cluster.untilCounts('many', Object.fromEntries(names.map((name) => [name, 2])));
    await pass(20_000);
    assert.deepEqual(await cluster.counts('many'), Object.fromEntries(names.map((name) => [name, 2])));
    assertEachChangedOnce(before, await deploymentsIn('many'));
    assertWrittenOnce('many');
    const events = await cluster.events('many');
    assert.equal(events.filter(({ reason }) => reason === 'ScaleUp').length, AUTOSCALERS);
  });

  test('an action that was announced by a leader that ended is done by the next, once; one that a person overtook is not', {
    skip,
  }, async () => {
    await cluster.createNamespace('announced');
    await cluster.createDeployments('announced', { denmark: 2, latvia: 2 });
    const before = cluster.replicas('controllers');
    for (const one of before) await one.end('SIGKILL');
    const at = new Date().toISOString();
    for (const name of ['denmark', 'latvia']) {
      const created = await cluster.createAutoscaler('announced', name, {
        ...QUICK,
        targets: [{ region: name, deployment: name, max: 9 }],
      });
      const { metadata } = await cluster.send('GET', `${cluster.deployments('announced')}/${name}`);
      const lastAction = {
        target: name,
        region: name,
        from: 2,
        to: 3,
        at,
        uid: metadata.uid,
        generation: metadata.generation,
        decision: 'ScaleUp',
        reason: 'AboveScaleUp',
        message: 'announced',
      };
      await cluster.patch(`${cluster.autoscalers('announced')}/${created.metadata.name}/status`, {
        status: { lastAction },
      });
    }
    await scaleByHand('announced', 'latvia', 5);
    await scaleByHand('announced', 'latvia', 2);
    await cluster.startControllers();
    await cluster.untilCounts('announced', { denmark: 3, latvia: 2 });
    await pass(15_000);
    assert.deepEqual(await cluster.counts('announced'), { denmark: 3, latvia: 2 });
    await cluster.assertWrites('announced', ['denmark 200']);
  });

  test('a clock that is set back by five hours holds an action for one cooldown at most; forward, none comes early', {
    skip,
  }, async () => {
    await cluster.createNamespace('clock');
    await cluster.createDeployments('clock', { france: 1 }, 90);
    await cluster.createAutoscaler('clock', 'web', {
      ...QUICK,
      cooldown: '30s',
      targets: [{ region: 'france', deployment: 'france', max: 9 }],
    });
    await cluster.untilCounts('clock', { france: 2 });
    const began = performance.now();
    clock.set(-5 * 3_600);
    await cluster.untilCounts('clock', { france: 3 });
    const heldMs = performance.now() - began;
    assert.ok(heldMs > 20_000, `${heldMs} ms`);
    clock.set(5 * 3_600);
    const forward = performance.now();
    await cluster.untilCounts('clock', { france: 4 });
    assert.ok(performance.now() - forward > 20_000, `${performance.now() - forward} ms`);
    clock.set(0);
  });

  test('a region that goes down while leaders are killed: filled up once, and emptied', { skip }, async () => {
    await cluster.createNamespace('outage');
    await cluster.createDeployments('outage', { denmark: 5, france: 5, latvia: 5 });
    const targets = ['denmark', 'france', 'latvia'].map((region) => ({ region, deployment: region, min: 1, max: 12 }));
    await cluster.createAutoscaler('outage', 'web', { ...QUICK, targets });
    await cluster.untilCondition('outage', 'web', 'MetricsAvailable', 'Measured');
    const before = generationsOf(await deploymentsIn('outage'));
    await cluster.setRegion('latvia', { outage: { active: true, reason: 'a test' } });
    await cluster.waitFor(
      'the fill',
      async () => (await cluster.counts('outage'))['france'] === 10 || undefined,
      LONG_MS,
    );
    await restartLeader();
    await cluster.untilCounts('outage', { denmark: 5, france: 10, latvia: 0 });
    await cluster.setRegion('latvia', { outage: { active: false } });
    await cluster.untilCounts('outage', { denmark: 5, france: 10, latvia: 1 });
    assert.deepEqual(changesSince(before, await deploymentsIn('outage')), { denmark: 0, france: 1, latvia: 2 });
    const inOrder = new Set(cluster.writes('outage').map((one) => one.replace(/ (200|504)$/, '')));
    assert.deepEqual([...inOrder], ['france', 'latvia'], 'filled first, and then emptied');
  });

  test('fifty targets are healed in one go, and an autoscaler that many write to meanwhile gets on', {
    skip,
  }, async () => {
    await cluster.createNamespace('fifty');
    const fifty = Array.from({ length: 50 }, (_, i) => `denmark-${i}`);
    await cluster.createDeployments('fifty', Object.fromEntries(fifty.map((name) => [name, 0])));
    const before = generationsOf(await deploymentsIn('fifty'));
    const created = await cluster.createAutoscaler('fifty', 'web', {
      ...QUICK,
      targets: fifty.map((deployment) => ({ region: 'denmark', deployment, min: 1, max: 3 })),
    });
    const path = `${cluster.autoscalers('fifty')}/${created.metadata.name}`;
    let labels = 0;
    await cluster.waitFor(
      'all fifty',
      async () => {
        await cluster.patch(path, { metadata: { labels: { touched: String(labels++) } } });
        return (await scaled('fifty', 1)) === 50 || undefined;
      },
      LONG_MS,
    );
    assertEachChangedOnce(before, await deploymentsIn('fifty'));
    assertWrittenOnce('fifty');
  });

  async function scaleByHand(namespace: string, name: string, replicas: number): Promise<void> {
    const { code, stderr } = await cluster.kubectl([
      'scale',
      '-n',
      namespace,
      'deployment',
      name,
      `--replicas=${replicas}`,
    ]);
    assert.equal(code, 0, stderr);
  }

  /** Nothing may happen for so long: there is nothing to wait for. */
  async function pass(ms: number): Promise<void> {
    const until = performance.now() + ms;
    await cluster.waitFor('time to pass', async () => performance.now() >= until || undefined);
  }
});
