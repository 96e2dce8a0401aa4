import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createAuditTeller } from '../../src/controllers/audit-teller/controller.ts';
import { createMemoryOfDay } from '../../src/controllers/audit-teller/memory-of-day.ts';
import { makeRegion } from '../builders.ts';
import { clusterOfPods, DIRTY, MINUTE_MS, podsOf } from './cluster-of-pods.ts';

const HOUR_MS = 60 * MINUTE_MS;

function startShop() {
  const cluster = clusterOfPods();
  cluster.pods.set('shop', [...podsOf('web', { spec: DIRTY, pods: 3 }), ...podsOf('api', { pods: 2 })]);
  cluster.setMode('shop', 'audit');
  const lead = () => cluster.lead(createAuditTeller(cluster.deps));
  lead();
  return { cluster, lead };
}

const WEB = 'shop: Deployment/web WouldBeRefused';

describe('an owner in a namespace in mode audit', () => {
  test('is told, within a minute of the mode, that enforce would refuse its pods and why', async () => {
    const { cluster } = startShop();
    await cluster.clock.advance(MINUTE_MS);
    assert.deepEqual(cluster.told(), [WEB]);
    const [event] = cluster.events();
    assert.deepEqual([event?.type, event?.regarding.uid], ['Warning', 'uid-web']);
    assert.match(
      event?.note ?? '',
      /^its pods would be denied in mode enforce: gridgate refuses pod web-\*: dirty is at 900 gCO2e\/kWh .*\[high_carbon\]$/,
    );
    await cluster.endLeader();
  });

  test('once a day', async () => {
    const { cluster } = startShop();
    await cluster.clock.advance(23 * HOUR_MS);
    assert.deepEqual(cluster.told(), [WEB]);
    await cluster.clock.advance(2 * HOUR_MS);
    assert.deepEqual(cluster.told(), [WEB, WEB]);
    await cluster.endLeader();
  });

  test('not again by the next leader while its Event is there', async () => {
    const { cluster, lead } = startShop();
    for (let minutes = 0; minutes < 55; minutes += 5) {
      await cluster.clock.advance(5 * MINUTE_MS);
      await cluster.endLeader();
      lead();
    }
    assert.deepEqual(cluster.told(), [WEB]);
    await cluster.endLeader();
  });

  test('not for a new ReplicaSet of the same Deployment', async () => {
    const { cluster } = startShop();
    await cluster.clock.advance(MINUTE_MS);
    const rolledOut = podsOf('web', { spec: DIRTY, createdAt: '2026-11-22T09:01:00Z' });
    cluster.pods.set('shop', JSON.parse(JSON.stringify(rolledOut).replaceAll('uid-web-ReplicaSet', 'uid-new')));
    await cluster.clock.advance(HOUR_MS);
    assert.deepEqual(cluster.told(), [WEB]);
    await cluster.endLeader();
  });

  test('by its newest pod: of a template that was mended nothing is told', async () => {
    const { cluster } = startShop();
    cluster.pods.set('shop', [
      ...podsOf('web', { spec: DIRTY }),
      ...podsOf('web', { createdAt: '2026-11-22T08:59:00Z' }),
    ]);
    await cluster.clock.advance(HOUR_MS);
    assert.deepEqual(cluster.told(), []);
    await cluster.endLeader();
  });

  const owners: readonly [kind: string, apiVersion: string, told: string][] = [
    ['StatefulSet', 'apps/v1', 'StatefulSet/x'],
    ['CloneSet', 'apps.kruise.io/v1alpha1', 'CloneSet/x'],
    ['Pod', 'v1', 'Pod/x'],
  ];
  for (const [kind, apiVersion, told] of owners)
    test(`of kind ${kind}: itself, which needs no look for it`, async () => {
      const { cluster } = startShop();
      cluster.pods.set('shop', podsOf('x', { kind, apiVersion, spec: DIRTY }));
      await cluster.clock.advance(MINUTE_MS);
      assert.deepEqual(cluster.told(), [`shop: ${told} WouldBeRefused`]);
      assert.equal(cluster.asked.length, 1);
      await cluster.endLeader();
    });

  test('that came later is told within a quarter of an hour', async () => {
    const { cluster } = startShop();
    await cluster.clock.advance(MINUTE_MS);
    cluster.pods.set('shop', podsOf('late', { spec: DIRTY }));
    await cluster.clock.advance(16 * MINUTE_MS);
    assert.deepEqual(cluster.told(), [WEB, 'shop: Deployment/late WouldBeRefused']);
    await cluster.endLeader();
  });
});

test('an owner hears each reason once a day', async () => {
  const { cluster } = startShop();
  await cluster.clock.advance(MINUTE_MS);
  cluster.setRegions([makeRegion('clean', 50), makeRegion('dirty', 900, { outage: 'power loss' })]);
  await cluster.clock.advance(HOUR_MS);
  assert.deepEqual(
    cluster.events().map(({ note }) => /\[(.*)\]$/.exec(note)?.[1]),
    ['high_carbon', 'outage'],
  );
  await cluster.endLeader();
});

describe('nothing is read or told', () => {
  for (const mode of ['off', 'warn', 'enforce'] as const)
    test(`in mode ${mode}`, async () => {
      const { cluster } = startShop();
      cluster.setMode('shop', mode);
      await cluster.clock.advance(HOUR_MS);
      assert.deepEqual([cluster.told(), cluster.asked], [[], []]);
      await cluster.endLeader();
    });

  test('while the kill switch is off; under one that says audit, enforce counts as audit', async () => {
    const { cluster } = startShop();
    cluster.world.cap = 'off';
    cluster.setMode('shop', 'enforce');
    await cluster.clock.advance(HOUR_MS);
    assert.deepEqual([cluster.told(), cluster.asked], [[], []]);
    cluster.world.cap = 'audit';
    cluster.changed();
    await cluster.clock.advance(MINUTE_MS);
    assert.deepEqual(cluster.told(), [WEB]);
    await cluster.endLeader();
  });
});

describe('many namespaces in audit', () => {
  test('are looked at one after the other, two requests a second; a new one need not wait for all', async () => {
    const { cluster } = startShop();
    for (let i = 0; i < 2_000; i++) cluster.setMode(`n${i}`, 'audit');
    await cluster.clock.advance(MINUTE_MS);
    assert.ok(cluster.asked.length <= 121, `${cluster.asked.length} requests in a minute`);
    await cluster.clock.advance(30 * MINUTE_MS);
    const looked = new Set(cluster.asked.map(({ path }) => path)).size;
    assert.equal(looked, 2_002, 'namespaces, and one owner');
    cluster.pods.set('late', podsOf('web', { spec: DIRTY }));
    cluster.setMode('late', 'audit');
    await cluster.clock.advance(MINUTE_MS);
    assert.equal(cluster.told().at(-1), 'late: Deployment/web WouldBeRefused');
    await cluster.endLeader();
  });

  test('one that refuses Events keeps no other back', async () => {
    const { cluster } = startShop();
    for (let i = 0; i < 30; i++) cluster.setMode(`ending${i}`, 'audit');
    cluster.world.refuse = (path) => (/ending\d+\/events/.test(path) ? 403 : undefined);
    for (let i = 0; i < 30; i++) cluster.pods.set(`ending${i}`, podsOf('web', { spec: DIRTY }));
    cluster.pods.set('last', podsOf('web', { spec: DIRTY }));
    cluster.setMode('last', 'audit');
    await cluster.clock.advance(5 * MINUTE_MS);
    assert.deepEqual(cluster.told(), [WEB, 'last: Deployment/web WouldBeRefused']);
    await cluster.endLeader();
  });
});

describe('a namespace in which thousands of pods would be refused', () => {
  const barePods = (count: number) =>
    Array.from({ length: count }, (_, i) => podsOf(`bare-${i}`, { kind: 'Pod', spec: DIRTY })).flat();

  test('keeps no other waiting; its owners are told by twenties', async () => {
    const { cluster } = startShop();
    cluster.pods.set('shop', barePods(3_000));
    cluster.pods.set('late', podsOf('web', { spec: DIRTY }));
    cluster.setMode('late', 'audit');
    await cluster.clock.advance(MINUTE_MS);
    assert.ok(cluster.told().includes('late: Deployment/web WouldBeRefused'), `${cluster.told()}`);
    const ofShop = () => cluster.told().filter((one) => one.startsWith('shop: ')).length;
    assert.equal(ofShop(), 20);
    await cluster.clock.advance(31 * MINUTE_MS);
    assert.equal(ofShop(), 60, 'the next twenty, and the next');
    assert.equal(new Set(cluster.told()).size, 61, 'none twice');
    await cluster.endLeader();
  });

  test('is told no more of once its mode is another', async () => {
    const { cluster } = startShop();
    cluster.pods.set('shop', barePods(1_000));
    await cluster.clock.advance(5_000);
    cluster.setMode('shop', 'off');
    const before = cluster.told().length;
    assert.ok(before > 5 && before < 15, `${before} in five seconds`);
    await cluster.clock.advance(HOUR_MS);
    assert.ok(cluster.told().length <= before + 1, `${cluster.told().length}, of which one was being written`);
    await cluster.endLeader();
  });

  test('hears of others where the owners of the first are gone', async () => {
    const { cluster } = startShop();
    const gone = Array.from({ length: 25 }, (_, i) =>
      podsOf(`gone-${i}`, { kind: 'ReplicaSet', pods: 2, spec: DIRTY }),
    ).flat();
    const orphans = JSON.parse(JSON.stringify(gone).replaceAll('-ReplicaSet"', '-gone"'));
    cluster.pods.set('shop', [...orphans, ...podsOf('web', { spec: DIRTY })]);
    await cluster.clock.advance(17 * MINUTE_MS);
    assert.deepEqual(cluster.told(), [WEB]);
    await cluster.endLeader();
  });
});

describe('what was said within a day', () => {
  test('is kept for a day, and the oldest forgotten rather than all kept', () => {
    let now = 0;
    const memory = createMemoryOfDay(() => now);
    for (let i = 0; i < 60_000; i++) memory.note(`k${i}`, now);
    assert.deepEqual([memory.saidAt('k0'), memory.saidAt('k59999')], [undefined, 0]);
    now = 24 * HOUR_MS;
    assert.equal(memory.saidAt('k59999'), undefined);
  });
});
