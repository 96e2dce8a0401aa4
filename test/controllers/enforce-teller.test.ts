import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createEnforceTeller } from '../../src/controllers/enforce-teller/controller.ts';
import { clusterOfPods, DIRTY, MINUTE_MS, podsOf } from './cluster-of-pods.ts';

/** A namespace `shop` in which one of two workloads would be refused, and a leader that has looked. */
async function startShop(mode: 'audit' | 'warn' | 'enforce' | 'off' = 'warn') {
  const cluster = clusterOfPods();
  cluster.setMode('shop', mode, { isNew: true });
  cluster.pods.set('shop', [...podsOf('web', { spec: DIRTY, pods: 3 }), ...podsOf('api', { pods: 2 })]);
  const lead = () => cluster.lead(createEnforceTeller(cluster.deps));
  lead();
  await cluster.clock.advance(MINUTE_MS);
  return { cluster, lead };
}

const SHOP = 'shop: Namespace/shop EnforceBegan';

describe('a namespace that rises to enforce', () => {
  for (const before of ['off', 'audit', 'warn'] as const)
    test(`from ${before} is told within a minute what is refused there`, async () => {
      const { cluster } = await startShop(before);
      cluster.setMode('shop', 'enforce');
      await cluster.clock.advance(MINUTE_MS);
      assert.deepEqual(cluster.told(), [SHOP]);
      const [event] = cluster.events();
      assert.equal(event?.type, 'Warning');
      assert.equal(
        event?.note,
        'mode enforce refuses pods of 1 of 2 workloads here when they are made again ("gridgate audit --live -n shop" says why): deployment/web (high_carbon)',
      );
      await cluster.clock.advance(120 * MINUTE_MS);
      assert.equal(cluster.told().length, 1, 'once');
      await cluster.endLeader();
    });

  test('is told of the first 5, those with most pods first', async () => {
    const { cluster } = await startShop();
    cluster.pods.set(
      'shop',
      [1, 2, 3, 4, 5, 6, 7].flatMap((pods) => podsOf(`w${pods}`, { pods, spec: DIRTY })),
    );
    cluster.setMode('shop', 'enforce');
    await cluster.clock.advance(MINUTE_MS);
    assert.match(
      cluster.events()[0]?.note ?? '',
      /7 of 7 .*: deployment\/w7 \(high_carbon\), deployment\/w6 \(.*deployment\/w3 \(high_carbon\) and 2 more$/,
    );
    await cluster.endLeader();
  });

  test('is told that nothing is refused, and nothing where nothing runs', async () => {
    const { cluster } = await startShop();
    cluster.setMode('idle', 'warn', { isNew: true });
    await cluster.clock.advance(MINUTE_MS);
    cluster.pods.set('shop', podsOf('api', { pods: 2 }));
    cluster.setMode('shop', 'enforce');
    cluster.setMode('idle', 'enforce');
    await cluster.clock.advance(MINUTE_MS);
    assert.deepEqual(cluster.told(), [SHOP]);
    const [event] = cluster.events();
    assert.deepEqual(
      [event?.type, event?.note],
      ['Normal', 'mode enforce refuses no pods of the 1 workload here, were they made again now'],
    );
    await cluster.endLeader();
  });

  test('is told again when it rises again', async () => {
    const { cluster } = await startShop();
    for (const mode of ['enforce', 'audit', 'enforce'] as const) {
      cluster.setMode('shop', mode);
      await cluster.clock.advance(MINUTE_MS);
    }
    assert.deepEqual(cluster.told(), [SHOP, SHOP]);
    await cluster.endLeader();
  });

  test('is told where the name of a workload is as long as names can be, and the command stands in front', async () => {
    const { cluster } = await startShop();
    cluster.pods.set(
      'shop',
      Array.from({ length: 5 }, (_, i) =>
        podsOf(`${i}${'n'.repeat(250)}`, { kind: 'StatefulSet', spec: DIRTY }),
      ).flat(),
    );
    cluster.setMode('shop', 'enforce');
    await cluster.clock.advance(MINUTE_MS);
    const { note = '' } = cluster.events()[0] ?? {};
    assert.ok(Buffer.byteLength(note) <= 1_024);
    assert.match(note, /"gridgate audit --live -n shop" says why/);
    await cluster.endLeader();
  });
});

describe('what is no rise', () => {
  test('a namespace that comes with enforce: nothing runs in it yet', async () => {
    const { cluster } = await startShop();
    cluster.pods.set('new', podsOf('web', { spec: DIRTY }));
    cluster.setMode('new', 'enforce', { isNew: true });
    await cluster.clock.advance(MINUTE_MS);
    assert.deepEqual(cluster.told(), []);
    await cluster.endLeader();
  });

  test('a kill switch that is lifted', async () => {
    const { cluster } = await startShop('enforce');
    cluster.world.cap = 'audit';
    cluster.changed();
    await cluster.clock.advance(MINUTE_MS);
    cluster.world.cap = undefined;
    cluster.changed();
    await cluster.clock.advance(MINUTE_MS);
    assert.deepEqual(cluster.told(), []);
    assert.deepEqual(cluster.asked, [], 'nor is anything read for it');
    await cluster.endLeader();
  });

  test('but one under a kill switch is told when that is lifted', async () => {
    const { cluster } = await startShop();
    cluster.world.cap = 'audit';
    cluster.setMode('shop', 'enforce');
    await cluster.clock.advance(30 * MINUTE_MS);
    assert.deepEqual(cluster.told(), []);
    cluster.world.cap = undefined;
    cluster.changed();
    await cluster.clock.advance(MINUTE_MS);
    assert.deepEqual(cluster.told(), [SHOP]);
    await cluster.endLeader();
  });

  test('one that falls back before its turn', async () => {
    const { cluster } = await startShop();
    for (let i = 0; i < 40; i++) cluster.setMode(`n${i}`, 'enforce');
    cluster.pods.set('last', podsOf('web', { spec: DIRTY }));
    cluster.setMode('last', 'enforce');
    await cluster.clock.advance(3_000);
    cluster.setMode('last', 'audit');
    await cluster.clock.advance(30 * MINUTE_MS);
    assert.deepEqual(cluster.told(), []);
    await cluster.endLeader();
  });

  test('of one that rose under a kill switch and is gone: another of its name', async () => {
    const { cluster } = await startShop();
    cluster.world.cap = 'audit';
    cluster.setMode('shop', 'enforce');
    await cluster.clock.advance(MINUTE_MS);
    cluster.forget('shop');
    await cluster.clock.advance(MINUTE_MS);
    cluster.setMode('shop', 'enforce', { isNew: true });
    cluster.world.cap = undefined;
    await cluster.clock.advance(30 * MINUTE_MS);
    assert.deepEqual(cluster.told(), []);
    await cluster.endLeader();
  });

  test("another change of a namespace that enforces, and gridgate's own", async () => {
    const { cluster } = await startShop('enforce');
    cluster.setMode('gridgate-system', 'off');
    await cluster.clock.advance(MINUTE_MS);
    cluster.setMode('gridgate-system', 'enforce');
    await cluster.clock.advance(MINUTE_MS);
    assert.deepEqual(cluster.told(), []);
    await cluster.endLeader();
  });
});

describe('the next leader', () => {
  const gaps: readonly [name: string, afterRiseMin: number, told: boolean][] = [
    ['tells what rose while nobody led', 0.5, true],
    ['tells it most of an hour later', 50, true],
    ['does not tell what rose longer ago than Events live', 61, false],
  ];
  for (const [name, minutes, told] of gaps)
    test(name, async () => {
      const { cluster, lead } = await startShop();
      await cluster.endLeader();
      cluster.setMode('shop', 'enforce');
      await cluster.clock.advance(minutes * MINUTE_MS);
      lead();
      await cluster.clock.advance(MINUTE_MS);
      assert.deepEqual(cluster.told(), told ? [SHOP] : []);
      await cluster.endLeader();
    });

  test('does not tell again what was told, whenever it comes', async () => {
    const { cluster, lead } = await startShop();
    cluster.setMode('shop', 'enforce');
    await cluster.clock.advance(MINUTE_MS);
    for (let minutes = 0; minutes < 130; minutes += 7) {
      await cluster.endLeader();
      lead();
      await cluster.clock.advance(7 * MINUTE_MS);
    }
    assert.deepEqual(cluster.told(), [SHOP]);
    await cluster.endLeader();
  });
});

test('a namespace that rises right after it was made, between two looks, is told', async () => {
  const { cluster } = await startShop();
  cluster.setMode('quick', 'enforce');
  cluster.pods.set('quick', podsOf('web', { spec: DIRTY }));
  await cluster.clock.advance(MINUTE_MS);
  assert.deepEqual(cluster.told(), ['quick: Namespace/quick EnforceBegan']);
  await cluster.endLeader();
});

describe('many at once', () => {
  test('are told one after the other, five requests a second, and none is lost', async () => {
    const { cluster } = await startShop();
    const names = Array.from({ length: 300 }, (_, i) => `n${i}`);
    for (const name of names) cluster.setMode(name, 'warn', { isNew: true });
    await cluster.clock.advance(MINUTE_MS);
    for (const name of names) {
      cluster.pods.set(name, podsOf('web', { spec: DIRTY }));
      cluster.setMode(name, 'enforce');
    }
    const from = cluster.clock.now();
    await cluster.clock.advance(MINUTE_MS);
    const requests = cluster.asked.filter(({ at }) => at >= from).length + cluster.told().length;
    assert.ok(requests <= 301 && requests > 200, `${requests} requests in a minute`);
    await cluster.clock.advance(5 * MINUTE_MS);
    assert.equal(new Set(cluster.told()).size, 300);
    await cluster.endLeader();
  });

  test('keep none from being seen that falls and rises meanwhile', async () => {
    const { cluster } = await startShop('enforce');
    for (let i = 0; i < 500; i++) cluster.setMode(`n${i}`, 'enforce');
    await cluster.clock.advance(10_000);
    cluster.setMode('shop', 'audit');
    await cluster.clock.advance(30_000);
    cluster.setMode('shop', 'enforce');
    await cluster.clock.advance(5 * MINUTE_MS);
    assert.deepEqual(cluster.told(), [SHOP]);
    await cluster.endLeader();
  });

  test('one that refuses Events is looked at every quarter of an hour, and holds up none that rises meanwhile', async () => {
    const { cluster } = await startShop();
    cluster.setMode('ending', 'warn', { isNew: true });
    await cluster.clock.advance(MINUTE_MS);
    cluster.pods.set('ending', podsOf('web', { spec: DIRTY, pods: 20_000 }));
    cluster.world.refuse = (path) => (/ending\/events/.test(path) ? 403 : undefined);
    cluster.setMode('ending', 'enforce');
    await cluster.clock.advance(118 * MINUTE_MS);
    const looks = cluster.asked.length / 40;
    assert.ok(looks >= 7 && looks <= 8, `${looks} looks at all its pods in two hours`);
    cluster.setMode('shop', 'enforce');
    await cluster.clock.advance(30_000);
    assert.deepEqual(cluster.told(), [SHOP]);
    cluster.world.refuse = () => undefined;
    await cluster.clock.advance(16 * MINUTE_MS);
    assert.deepEqual(cluster.told(), [SHOP, 'ending: Namespace/ending EnforceBegan']);
    await cluster.endLeader();
  });

  test('a namespace of 100,000 pods is looked at in part, and that is said', async () => {
    const { cluster } = await startShop();
    cluster.pods.set('shop', podsOf('web', { spec: DIRTY, pods: 100_000 }));
    cluster.setMode('shop', 'enforce');
    await cluster.clock.advance(MINUTE_MS);
    assert.match(cluster.events()[0]?.note ?? '', /1 of 1 workload \(not all pods were looked at\) here/);
    assert.equal(cluster.asked.length, 100);
    await cluster.endLeader();
  });
});
