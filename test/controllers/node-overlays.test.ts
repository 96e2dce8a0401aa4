import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OWN_LABELS } from '../../src/capacity/own-overlay.ts';
import { toNodeFacts } from '../../src/regions/node-facts.ts';
import { toNodePoolFacts } from '../../src/regions/node-pool.ts';
import type { Metric } from '../../src/telemetry/metric.ts';
import { REGION_LABEL, ZONE_LABEL } from '../builders.ts';
import { BOOK, offeredType, SETTINGS, TYPE_LABEL } from '../capacity/overlays-world.ts';
import { clusterOfOverlays } from './cluster-of-overlays.ts';

const MINUTE = 60_000;
const EAST = '+0.0004217 for m5.large in us-east-1a';

/** A cluster whose leader has done its first rounds. */
async function led(prepare: (cluster: ReturnType<typeof clusterOfOverlays>) => void = () => {}) {
  const cluster = clusterOfOverlays();
  prepare(cluster);
  const controller = cluster.lead();
  await cluster.clock.advance(15_000);
  const change = async (ms = 15_000) => {
    controller.changed();
    await cluster.clock.advance(ms);
  };
  return { ...cluster, controller, change };
}

function told({ events }: { readonly events: readonly { type: string; reason: string; about: string }[] }) {
  return events.map(({ type, reason, about }) => `${type} ${reason} ${about}`);
}

function figures(metrics: readonly Metric[] = []): Readonly<Record<string, number>> {
  return Object.fromEntries(
    metrics.flatMap(({ name, read }) =>
      [...read()].map(([labels, value]) => [`${name} ${Object.values(labels).join()}`, value]),
    ),
  );
}

const users = (name: string, spec: object) => ({ metadata: { name }, spec: { requirements: [], ...spec } });

describe('the leader keeps NodeOverlays', () => {
  it('writes what is missing, with who manages it and when its price was written', async () => {
    const { ours, objects, now } = await led();
    assert.deepEqual(ours(), [EAST]);
    const metadata = objects()[0]?.metadata;
    assert.match(metadata?.name ?? '', /^gridgate-[0-9a-f]{16}$/);
    assert.deepEqual(metadata?.labels, {
      'app.kubernetes.io/managed-by': 'gridgate',
      'gridgate.dev/overlay': 'carbon',
    });
    assert.equal(metadata?.annotations?.['gridgate.dev/carbon-price'], '0.0004217');
    assert.ok(Date.parse(metadata?.annotations?.['gridgate.dev/priced-at'] ?? '') <= now());
  });

  it('writes nothing while nothing changes, nor while the grid moves by 1%', async () => {
    const cluster = await led();
    for (const grams of [379.1, 382, 376, 379.1]) {
      cluster.setGrams({ 'us-east-1': grams });
      await cluster.change(31 * MINUTE);
    }
    assert.equal(cluster.writes.length, 1);
  });

  it('follows the grid, every 30 minutes at most, and back', async () => {
    const cluster = await led();
    const prices: string[] = [];
    for (const grams of [200, 100, 379.1]) {
      cluster.setGrams({ 'us-east-1': grams });
      await cluster.change(10 * MINUTE);
      prices.push(cluster.ours().join().split(' ')[0] ?? '');
      await cluster.change(21 * MINUTE);
      prices.push(cluster.ours().join().split(' ')[0] ?? '');
    }
    // 0.95772 g + 7.6073 Wh * 1.135 * 200 g/kWh = 2.6846 g; with 100 g/kWh 1.8211 g
    assert.deepEqual(prices, ['+0.0004217', '+0.0002695', '+0.0002695', '+0.0001828', '+0.0001828', '+0.0004217']);
    assert.equal(cluster.writes.length, 4);
  });

  it('keeps a price whose intensity is not known any more', async () => {
    const cluster = await led();
    cluster.setGrams({ 'us-east-1': undefined });
    await cluster.change(40 * MINUTE);
    assert.deepEqual(cluster.ours(), [EAST]);
  });

  it('a clock that was set back by a day holds no price up', async () => {
    const cluster = await led();
    cluster.world.setAheadMs = -24 * 60 * MINUTE;
    cluster.setGrams({ 'us-east-1': 200 });
    await cluster.change();
    assert.deepEqual(cluster.ours(), ['+0.0002695 for m5.large in us-east-1a']);
  });

  it('puts right what somebody edited or deleted', async () => {
    const cluster = await led();
    const name = cluster.objects()[0]?.metadata.name ?? '';
    cluster.edit(name, { spec: { priceAdjustment: '+7' } });
    await cluster.change();
    assert.deepEqual(cluster.ours(), [EAST]);
  });

  it('creates another set before it deletes the one that it replaces, and never with its weight', async () => {
    const cluster = await led();
    cluster.world.inputs = {
      settings: SETTINGS,
      ...BOOK,
      types: [offeredType('m5.large'), offeredType('m5a.large')],
    };
    await cluster.change();
    assert.deepEqual(cluster.ours(), ['+0.0004217 for m5.large|m5a.large in us-east-1a']);
    assert.deepEqual(
      cluster.writes.map(({ what }) => what),
      ['create', 'create', 'delete'],
    );
    assert.equal(cluster.objects()[0]?.spec['weight'], 9_001);
  });

  it('composes with what users wrote, as it comes and goes', async () => {
    const cluster = await led();
    cluster.put(users('licences', { weight: 9_000, priceAdjustment: '+0.2' }));
    await cluster.change();
    assert.deepEqual(cluster.ours(), ['+0.2004217 for m5.large in us-east-1a']);
    const mine = cluster.objects().find(({ spec }) => spec['priceAdjustment'] === '+0.2004217');
    assert.equal(mine?.spec['weight'], 9_001);
    assert.equal(mine?.metadata.annotations?.['gridgate.dev/includes'], 'licences');
    cluster.edit('licences', { spec: { priceAdjustment: '+0.3' } });
    await cluster.change();
    assert.deepEqual(cluster.ours(), ['+0.3004217 for m5.large in us-east-1a']);
  });

  it('says which overlay of users is in its way', async () => {
    const { events, ours } = await led(({ put }) => {
      put(users('mine', { weight: 10_000, price: '1' }));
      put(users('also', { weight: 10_000, price: '1' }));
    });
    assert.deepEqual(ours(), []);
    assert.deepEqual(told({ events }).sort(), ['Warning CarbonPriceLeftOut mine', 'Warning OverlayConflict also']);
  });

  it('leaves one that is paused just as it is, also when nobody wants it any more', async () => {
    const cluster = await led();
    const name = cluster.objects()[0]?.metadata.name ?? '';
    cluster.edit(name, { annotations: { 'gridgate.dev/paused': 'true' } });
    cluster.setGrams({ 'us-east-1': 200 });
    await cluster.change(40 * MINUTE);
    assert.deepEqual(cluster.ours(), [EAST]);
    cluster.world.mode = 'audit';
    await cluster.change();
    assert.deepEqual(cluster.ours(), [EAST]);
    cluster.edit(name, { annotations: { 'gridgate.dev/paused': 'false' } });
    await cluster.change();
    assert.deepEqual(cluster.ours(), []);
  });

  for (const text of ['True', 'yes', ''])
    it(`takes "${text}" for paused, as for other objects of capacity`, async () => {
      const cluster = await led();
      cluster.edit(cluster.objects()[0]?.metadata.name ?? '', { annotations: { 'gridgate.dev/paused': text } });
      cluster.setGrams({ 'us-east-1': 200 });
      await cluster.change(40 * MINUTE);
      assert.deepEqual(cluster.ours(), [EAST]);
    });

  it('one that is paused between the look and the write stays as it is', async () => {
    const cluster = await led();
    const name = cluster.objects()[0]?.metadata.name ?? '';
    cluster.holdBack();
    cluster.edit(name, { annotations: { 'gridgate.dev/paused': 'true' } });
    cluster.setGrams({ 'us-east-1': 200 });
    await cluster.change(40 * MINUTE);
    assert.deepEqual(cluster.ours(), [EAST]);
  });

  it('a change between the read and the write is seen anew, and nothing is overwritten', async () => {
    const cluster = await led();
    const name = cluster.objects()[0]?.metadata.name ?? '';
    cluster.setGrams({ 'us-east-1': 200 });
    let conflicts = 0;
    cluster.world.meanwhile = (what) => {
      if (!what.startsWith('PATCH') || conflicts++ > 0) return;
      cluster.edit(name, { annotations: { team: 'green' } });
    };
    await cluster.change(40 * MINUTE);
    assert.ok(conflicts >= 2);
    assert.deepEqual(cluster.ours(), ['+0.0002695 for m5.large in us-east-1a']);
    assert.equal(cluster.objects()[0]?.metadata.annotations?.['team'], 'green');
  });

  it('a leader that was killed after its write, unseen: the next one writes nothing twice', async () => {
    const cluster = await led();
    cluster.holdBack();
    cluster.setGrams({ 'us-east-1': 200 });
    await cluster.change(31 * MINUTE);
    await cluster.controller.stop();
    const before = cluster.writes.length;
    cluster.lead();
    await cluster.clock.advance(20 * MINUTE);
    assert.equal(cluster.writes.length, before);
    cluster.showAll();
    await cluster.clock.advance(MINUTE);
    assert.equal(cluster.writes.length, before);
    assert.deepEqual(cluster.ours(), ['+0.0002695 for m5.large in us-east-1a']);
  });

  it('goes on when the API server is back', async () => {
    const cluster = await led(({ world }) => {
      world.refuse = () => 'no answer';
    });
    assert.deepEqual(cluster.ours(), []);
    cluster.world.refuse = () => undefined;
    await cluster.change(3 * MINUTE);
    assert.deepEqual(cluster.ours(), [EAST]);
  });

  it('does nothing before everything was seen, or where there are no NodeOverlays', async () => {
    const cluster = await led(({ world }) => {
      world.isReady = false;
    });
    assert.deepEqual(cluster.ours(), []);
    cluster.world.isReady = true;
    await cluster.change();
    assert.deepEqual(cluster.ours(), [EAST]);
  });

  it('leaves all as it is, and says so, while a file cannot be read', async () => {
    const cluster = await led();
    cluster.world.inputs = { problem: 'types.yaml: there is no such file' };
    await cluster.change();
    assert.deepEqual(cluster.ours(), [EAST]);
    assert.deepEqual(told(cluster), ['Warning OverlaysNotKept gridgate']);
    assert.equal(cluster.events[0]?.note, 'NodeOverlays: they stay as they are: types.yaml: there is no such file');
  });

  it('takes back what it wrote where nobody asks for prices of carbon any more', async () => {
    const cluster = await led();
    cluster.world.inputs = { problem: 'overlays.carbonPrice is missing in gridgate.yaml', isUnasked: true };
    await cluster.change();
    assert.deepEqual(cluster.ours(), []);
    assert.deepEqual(told(cluster), ['Warning OverlaysNotKept gridgate']);
  });

  describe('one that people applied from what the command printed', () => {
    const byHand = (name = 'gridgate-0011223344556677') => ({
      metadata: { name, labels: OWN_LABELS, annotations: { 'gridgate.dev/carbon-price': '0.0004' } },
      spec: {
        weight: 9_000,
        priceAdjustment: '+0.0004',
        requirements: [
          { key: TYPE_LABEL, operator: 'In', values: ['m5.large'] },
          { key: ZONE_LABEL, operator: 'In', values: ['us-east-1a'] },
        ],
      },
    });
    for (const mode of ['on', 'audit', 'off'] as const)
      it(`is not the controller's, in mode ${mode}`, async () => {
        const { ours, writes } = await led(({ world, put }) => {
          world.mode = mode;
          put(byHand());
        });
        assert.deepEqual([ours(), writes], [['+0.0004 for m5.large in us-east-1a'], []]);
      });
    it('is told, and gives way to the controller once it is deleted', async () => {
      const cluster = await led(({ put }) => put(byHand()));
      assert.match(
        cluster.events[0]?.note ?? '',
        /^no price of carbon for m5\.large: .* were applied there; delete gridgate-0011223344556677, and the controller/,
      );
      cluster.remove('gridgate-0011223344556677');
      await cluster.change();
      assert.deepEqual(cluster.ours(), [EAST]);
    });
  });

  describe('where the API server refuses a write', () => {
    const old = {
      metadata: {
        name: 'gridgate-old',
        labels: OWN_LABELS,
        annotations: { 'gridgate.dev/carbon-price': '9', 'gridgate.dev/priced-at': '2026-01-01T00:00:00Z' },
      },
      spec: { weight: 9_500, priceAdjustment: '+9', requirements: [] as object[] },
    };
    const types = [offeredType('m5.large'), offeredType('c5.xlarge'), offeredType('r5.large')];
    const inputs = { settings: SETTINGS, ...BOOK, types };
    const on = (type: string) => [
      { key: TYPE_LABEL, operator: 'In', values: [type] },
      { key: ZONE_LABEL, operator: 'In', values: ['us-east-1a'] },
    ];
    /** With one that was edited and cannot be written any more. */
    async function withRefusal() {
      const cluster = await led(({ world }) => {
        world.inputs = inputs;
      });
      const found = cluster.objects().find(({ spec }) => JSON.stringify(spec).includes('c5.xlarge'));
      const name = found?.metadata.name ?? '';
      cluster.world.refuse = (what) => (what === `PATCH ${name}` ? 403 : undefined);
      cluster.edit(name, { spec: { priceAdjustment: '+7' } });
      return { ...cluster, name };
    }
    it('prices, deletions that do not hang on it and Events go on, and the refusal is told', async () => {
      const cluster = await withRefusal();
      cluster.put({ ...old, spec: { ...old.spec, requirements: on('x1.gone') } });
      cluster.setGrams({ 'us-east-1': 200 });
      await cluster.change(40 * MINUTE);
      const ours = cluster.ours();
      assert.ok(
        ours.includes('+7 for c5.xlarge in us-east-1a') && !ours.some((one) => one.includes('x1.gone')),
        ours.join(),
      );
      assert.ok(
        ours.includes('+0.0002695 for m5.large|r5.large in us-east-1a') ||
          ours.includes('+0.0002695 for m5.large in us-east-1a'),
        ours.join(),
      );
      assert.ok(told(cluster).includes(`Warning OverlayNotWritten ${cluster.name}`));
    });
    it('what it should take the place of stays', async () => {
      const cluster = await withRefusal();
      cluster.put({ ...old, spec: { ...old.spec, requirements: on('c5.xlarge') } });
      await cluster.change(5 * MINUTE);
      assert.ok(cluster.ours().includes('+9 for c5.xlarge in us-east-1a'));
      cluster.world.refuse = () => undefined;
      await cluster.change(5 * MINUTE);
      assert.ok(!cluster.ours().includes('+9 for c5.xlarge in us-east-1a'));
    });
  });

  it('leaves one of its names alone that is not its own', async () => {
    const name = await led().then(({ objects }) => objects()[0]?.metadata.name ?? '');
    const { objects, writes } = await led(({ put }) => put(users(name, {})));
    assert.equal(objects().length, 1);
    assert.deepEqual(writes, []);
  });
});

describe('in audit', () => {
  it('nothing is written but what would be, once, and what on has written goes', async () => {
    const cluster = await led();
    cluster.world.mode = 'audit';
    await cluster.change();
    await cluster.change(5 * MINUTE);
    assert.deepEqual(cluster.ours(), []);
    assert.deepEqual(told(cluster), ['Normal OverlaysWouldChange gridgate']);
    assert.equal(
      cluster.events[0]?.note,
      'with --node-overlays=on there would be 1 NodeOverlays for 1 offerings, with a price of carbon from about 0.0004 to 0.0004 an hour',
    );
    assert.equal(figures(cluster.controller.metrics)['gridgate_node_overlays due'], 1);
  });

  it('and under a kill switch that says off not even that', async () => {
    const cluster = await led();
    cluster.world.mode = 'off';
    await cluster.change();
    assert.deepEqual([cluster.ours(), cluster.events], [[], []]);
  });
});

describe('what Karpenter says of ours', () => {
  it('nothing at all within five minutes is told once', async () => {
    const cluster = await led();
    assert.deepEqual(told(cluster), []);
    for (let i = 0; i < 3; i++) await cluster.change(3 * MINUTE);
    const name = cluster.objects()[0]?.metadata.name ?? '';
    assert.deepEqual(told(cluster), [`Warning OverlaysUnseen ${name}`]);
    assert.match(cluster.events[0]?.note ?? '', /its feature gate NodeOverlay is off, or it does not run/);
  });

  it('a refusal is told with its reason, and counted', async () => {
    const cluster = await led();
    const name = cluster.objects()[0]?.metadata.name ?? '';
    const condition = {
      type: 'ValidationSucceeded',
      status: 'False',
      reason: 'Conflict',
      message: 'conflict with another overlay',
    };
    cluster.edit(name, { status: { conditions: [condition] } });
    await cluster.change();
    assert.deepEqual(told(cluster), [`Warning OverlayRefused ${name}`]);
    assert.equal(cluster.events[0]?.note, 'Karpenter does not apply it: Conflict: conflict with another overlay');
    assert.equal(figures(cluster.controller.metrics)['gridgate_node_overlays refused'], 1);
  });
});

describe('many of them', () => {
  const types = Array.from({ length: 500 }, (_, i) => offeredType(`box-${i}`, { vcpus: 2 + i }));

  it('are created at 10 a second, and their prices follow the grid at less than 60 a minute', async () => {
    const cluster = await led(({ world }) => {
      world.inputs = { settings: SETTINGS, ...BOOK, types };
    });
    await cluster.clock.advance(2 * MINUTE);
    assert.equal(cluster.ours().length, 500);
    const times = cluster.writes.map(({ at }) => at);
    for (const at of times) assert.ok(times.filter((one) => one >= at && one < at + 1_000).length <= 11);
    cluster.setGrams({ 'us-east-1': 200 });
    const from = cluster.writes.length;
    await cluster.change(31 * MINUTE);
    await cluster.clock.advance(20 * MINUTE);
    const prices = cluster.writes.slice(from).map(({ at }) => at);
    assert.equal(prices.length, 500);
    for (const at of prices) assert.ok(prices.filter((one) => one >= at && one < at + MINUTE).length < 60);
  });
});

describe('where no file says which instance types there are', () => {
  const node = (name: string, type: string, zone: string) =>
    toNodeFacts(
      {
        metadata: { name, labels: { [TYPE_LABEL]: type, [ZONE_LABEL]: zone, [REGION_LABEL]: zone.slice(0, -1) } },
        status: { allocatable: { cpu: '2', memory: '8Gi' } },
      },
      REGION_LABEL,
    );
  const fromCluster = {
    settings: SETTINGS,
    ...BOOK,
    types: undefined,
  };

  it('they are those of nodes and NodePools, and stay for a day after their last node', async () => {
    const cluster = await led(({ world }) => {
      world.inputs = fromCluster;
      world.nodes = [node('a', 'm5.large', 'us-east-1a'), node('b', 'm5.large', 'eu-north-1a')];
      world.pools = [
        toNodePoolFacts({
          metadata: { name: 'default' },
          spec: { template: { spec: { requirements: [{ key: TYPE_LABEL, operator: 'In', values: ['m5a.large'] }] } } },
        }),
      ];
    });
    const both = [
      '+0.0001168 for m5.large|m5a.large in eu-north-1a',
      '+0.0004217 for m5.large|m5a.large in us-east-1a',
    ];
    assert.deepEqual(cluster.ours(), both);
    cluster.world.nodes = [];
    await cluster.change(23 * 60 * MINUTE);
    assert.deepEqual(cluster.ours(), both);
    assert.equal(cluster.writes.length, 2);
    await cluster.change(2 * 60 * MINUTE);
    assert.deepEqual(cluster.ours(), []);
  });

  it('and stay so when another replica leads meanwhile', async () => {
    const cluster = await led(({ world }) => {
      world.inputs = fromCluster;
      world.nodes = [node('a', 'm5.large', 'us-east-1a'), node('b', 'c5.xlarge', 'us-east-1a')];
    });
    const before = cluster.ours();
    assert.equal(before.length, 2);
    cluster.world.nodes = [node('a', 'm5.large', 'us-east-1a')];
    await cluster.change();
    await cluster.controller.stop();
    const next = cluster.lead();
    await cluster.clock.advance(10 * MINUTE);
    assert.deepEqual(
      cluster.ours().map((one) => one.replace(/^\S+/, '')),
      before.map((one) => one.replace(/^\S+/, '')),
    );
    await cluster.clock.advance(25 * 60 * MINUTE);
    assert.equal(cluster.ours().length, 1);
    await next.stop();
  });

  it('types and zones of which nothing is known are told', async () => {
    const { events } = await led(({ world }) => {
      world.inputs = {
        ...fromCluster,
        types: [offeredType('box'), offeredType('m5.large', { offerings: [{ zone: 'rack-7' }] })],
      };
    });
    assert.deepEqual(events.map(({ note }) => note).sort(), [
      'no price of carbon for box: vCPUs not known; overlays.instanceTypes of gridgate.yaml can say it',
      'no price of carbon for m5.large in zone rack-7: nobody knows its region; overlays.instanceTypes of gridgate.yaml can say it',
    ]);
  });

  it('types above all others are told with what comes of it', async () => {
    const { events } = await led(({ world }) => {
      world.inputs = { ...fromCluster, settings: { ...SETTINGS, unknown: 'high' }, types: [offeredType('box')] };
    });
    assert.match(
      events[0]?.note ?? '',
      /^no carbon is known of box: .* consolidation replaces running nodes of such types$/,
    );
  });
});
