import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { pino } from 'pino';
import { ApiError } from '../../src/cluster/api-error.ts';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import { createNodePools } from '../../src/controllers/node-pools/controller.ts';
import type { Mode } from '../../src/decision/policy.ts';
import type { Snapshot } from '../../src/regions/snapshot.ts';
import type { CapacityMode } from '../../src/units/capacity-mode.ts';
import { makeSnapshot, NOW, REGION_LABEL, ZONE_LABEL } from '../builders.ts';
import { fakeClock } from './fake-clock.ts';
import { type FakeNodePools, fakeNodePools, nodePool, type PoolParts } from './fake-node-pools.ts';

const HOUR = 3_600_000;
const BEFORE = 'gridgate.dev/carbon-before';
const PAUSE: PoolParts = {
  annotations: { 'carbon-aware': 'pause', threshold: '250' },
  requirements: [{ key: REGION_LABEL, operator: 'In', values: ['eu'] }],
  limits: { cpu: 100 },
};

interface Options {
  readonly option?: CapacityMode;
  readonly grams?: Readonly<Record<string, number>>;
}

const running: ReturnType<typeof createNodePools>[] = [];
const stopAll = async () => void (await Promise.all(running.splice(0).map((one) => one.stop())));

/** A controller that leads, over these pools. */
async function lead(fake: FakeNodePools, { option = 'on', grams = { eu: 400 } }: Options = {}) {
  const clock = fakeClock();
  let snapshot: Snapshot = makeSnapshot(grams);
  let cap: Mode | undefined;
  let aheadMs = 0;
  const controller = createNodePools({
    api: fake.api,
    writer: fake.writer,
    view: { nodes: () => [] },
    snapshot: () => snapshot,
    capacity: { nodePools: option },
    modeCap: () => cap,
    instance: 'gridgate-1',
    now: () => NOW + aheadMs + clock.now(),
    log: pino({ level: 'silent' }),
    clock,
  });
  running.push(controller);
  controller.start();
  await clock.advance(5_000);
  return {
    controller,
    clock,
    async turn(eu: number | Readonly<Record<string, number>>, afterMs = HOUR) {
      aheadMs += afterMs;
      snapshot = makeSnapshot(typeof eu === 'number' ? { eu } : eu);
      controller.changed('snapshot');
      await clock.advance(5_000);
    },
    async capAt(mode: Mode | undefined) {
      cap = mode;
      controller.changed('rules');
      await clock.advance(5_000);
    },
    metric: (name: string) =>
      Object.fromEntries(
        [...(controller.metrics?.find((one) => one.name === name)?.read() ?? [])]
          .filter(([, value]) => value > 0)
          .map(([labels, value]) => [Object.values(labels).join(' '), value]),
      ),
  };
}

const cpuOf = (fake: FakeNodePools, name = 'a') => fake.pool(name).spec?.limits?.['cpu'];
const poolWrites = ({ writes }: FakeNodePools) => writes.filter((write) => !write.startsWith('create'));

const putBacks = ({ events }: FakeNodePools) =>
  events.filter(({ reason }) => reason === 'CarbonAwarePutBack').map(({ note }) => note);
const annotate = (fake: FakeNodePools, annotations: Readonly<Record<string, string | null>>) =>
  fake.patchAs('kubectl-annotate', 'a', { metadata: { annotations } });

describe('the controller of node pools', () => {
  afterEach(stopAll);

  it('takes a field, gives it back, and tells both', async () => {
    const fake = fakeNodePools(nodePool('a', PAUSE), nodePool('b', { limits: { cpu: 1 } }));
    const leader = await lead(fake);
    assert.equal(cpuOf(fake), '0');
    await leader.turn(100);
    assert.equal(cpuOf(fake), 100);
    assert.deepEqual(
      fake.events.map(({ type, reason, note }) => `${type} ${reason}: ${note}`),
      [
        'Normal CarbonAwareDirty: spec.limits.cpu is 0, its owner has 100: eu has 400 gCO2e/kWh, threshold 250; no new nodes until the grid is at 237.5 gCO2e/kWh or below',
        'Normal CarbonAwareClean: spec.limits.cpu is as its owner has it (100): eu has 100 gCO2e/kWh, threshold 250',
      ],
    );
    assert.deepEqual(poolWrites(fake), ['apply a', 'mergePatch a', 'mergePatch a']);
    assert.deepEqual(leader.metric('gridgate_node_pools'), { 'pause as-it-was': 1, 'none as-it-was': 1 });
    assert.deepEqual(leader.metric('gridgate_node_pool_changes_total'), { 'pause done': 2 });
  });

  it('in audit writes no pool, and tells what it would do', async () => {
    const fake = fakeNodePools(nodePool('a', PAUSE), nodePool('b', { annotations: { 'carbon-aware': 'x' } }));
    const leader = await lead(fake, { option: 'audit' });
    await leader.turn(100);
    await leader.turn(400, 60_000);
    await leader.turn(400);
    assert.deepEqual(poolWrites(fake), []);
    assert.deepEqual(fake.events.map(({ reason }) => reason).sort(), [
      'CarbonAwareClean',
      'CarbonAwareDirty',
      'CarbonAwareDirty',
      'CarbonAwareMistake',
    ]);
    const [told] = fake.events.filter(({ reason }) => reason === 'CarbonAwareDirty');
    assert.match(told?.note ?? '', /^spec\.limits\.cpu would be 0, its owner has 100: /);
    assert.deepEqual(leader.metric('gridgate_node_pool_changes_total'), { 'pause would': 3 });
  });

  for (const option of ['on', 'audit'] as const)
    it(`warns of a carbon-before that is not its own, and writes nothing of it: ${option}`, async () => {
      const forged = { version: 1, field: 'weight', value: 1_000, owners: [], wrote: 7 };
      const annotations = { 'carbon-before': JSON.stringify(forged) };
      const fake = fakeNodePools(nodePool('a', { annotations, weight: 7 }));
      await lead(fake, { option });
      assert.equal(fake.pool('a').spec?.weight, 7);
      assert.deepEqual(
        [...new Set(fake.events.map(({ type, reason }) => `${type} ${reason}`))],
        ['Warning CarbonAwareMistake'],
      );
    });

  for (const cap of ['audit', 'off'] as const)
    it(`puts all back under a kill switch of ${cap}, and begins again when it is lifted`, async () => {
      const fake = fakeNodePools(nodePool('a', PAUSE));
      const leader = await lead(fake);
      await leader.capAt(cap);
      assert.equal(cpuOf(fake), 100);
      assert.deepEqual(
        Object.keys(fake.pool('a').metadata.annotations ?? {}),
        Object.keys(nodePool('a', PAUSE).metadata.annotations ?? {}),
      );
      assert.deepEqual(putBacks(fake), [`put back: spec.limits.cpu is 100 again, because the kill switch says ${cap}`]);
      await leader.capAt('enforce');
      assert.equal(cpuOf(fake), 100, 'within 30 minutes of its last change');
      await leader.turn(400);
      assert.equal(cpuOf(fake), '0');
    });

  const ZONES = [{ key: ZONE_LABEL, operator: 'In', values: ['eua', 'usa'] }];
  const SPOT = { key: 'karpenter.sh/capacity-type', operator: 'In', values: ['spot'] };
  const AMD = { key: 'kubernetes.io/arch', operator: 'In', values: ['amd64'] };
  const EU = { key: REGION_LABEL, operator: 'In', values: ['eu'] };
  const SAYS: readonly [name: string, parts: PoolParts, note: RegExp][] = [
    [
      'a pool without a threshold',
      { ...PAUSE, annotations: { 'carbon-aware': 'pause' } },
      /, the band high; no new nodes until the grid is not in the band high any more$/,
    ],
    [
      'a pool that is preferred',
      { annotations: { 'carbon-aware': 'hardware', threshold: '250' }, requirements: [EU, SPOT, AMD] },
      /^spec\.weight is 60, its owner has none: .*; tried before pools of less weight until the grid is at 237\.5 gCO2e/,
    ],
    [
      'a pool that is narrowed',
      {
        annotations: { 'carbon-aware': 'requirement', threshold: '250' },
        budgets: [{ nodes: '1', reasons: ['Drifted'] }],
        requirements: ZONES,
      },
      /^topology\.kubernetes\.io\/zone is \[usa\], .*; no new nodes in the places left out until the grid is at 237\.5 /,
    ],
    [
      'a pool that is ranked',
      { annotations: { 'carbon-aware': 'weight' }, requirements: [EU] },
      /: eu has 400 gCO2e\/kWh, place 2 of 2$/,
    ],
    [
      'a pool that may not be narrowed',
      { annotations: { 'carbon-aware': 'requirement' }, requirements: ZONES },
      /; add \{nodes: "1", reasons: \[Drifted\]\} to spec\.disruption\.budgets, beside \{nodes: "10%"\} where it lists none yet/,
    ],
  ];
  for (const [name, parts, note] of SAYS)
    it(`says what it means, until when, or what to do: ${name}`, async () => {
      const other: PoolParts = {
        annotations: { 'carbon-aware': 'weight' },
        requirements: [{ ...EU, values: ['us'] }],
      };
      const fake = fakeNodePools(nodePool('a', parts), nodePool('other', other));
      const leader = await lead(fake, { grams: { eu: 400, us: 100 } });
      await leader.clock.advance(60_000);
      assert.ok(
        fake.events.some((event) => note.test(event.note)),
        fake.events.map((event) => event.note).join('\n'),
      );
    });

  const ENDS: readonly [name: string, annotations: Readonly<Record<string, string | null>>, why: string][] = [
    [
      'the annotation is gone',
      { 'gridgate.dev/carbon-aware': null, 'gridgate.dev/threshold': null },
      'because the annotation gridgate.dev/carbon-aware is gone',
    ],
    [
      'the annotation is mistaken',
      { 'gridgate.dev/carbon-aware': 'puase' },
      'because its gridgate.dev annotations are mistaken (CarbonAwareMistake)',
    ],
    [
      'the mode is refused',
      { 'gridgate.dev/carbon-aware': 'hardware' },
      'because it cannot be followed as they ask (CarbonAwareRefused)',
    ],
  ];
  for (const [name, annotations, why] of ENDS)
    it(`tells what was put back and why: ${name}`, async () => {
      const fake = fakeNodePools(nodePool('a', PAUSE));
      const leader = await lead(fake);
      annotate(fake, annotations);
      await leader.clock.advance(60_000);
      assert.deepEqual(putBacks(fake), [`put back: spec.limits.cpu is 100 again, ${why}`]);
    });

  it('tells what was put back and why: another leader has --node-pools=audit, and there was no limit', async () => {
    const fake = fakeNodePools(nodePool('a', { ...PAUSE, limits: { memory: '1Ti' } }));
    await (await lead(fake)).controller.stop();
    await lead(fake, { option: 'audit' });
    assert.deepEqual(putBacks(fake), ['put back: spec.limits.cpu is absent again, because --node-pools=audit']);
  });

  it('tells of nothing put back where nothing was changed', async () => {
    const fake = fakeNodePools(nodePool('a', PAUSE));
    const leader = await lead(fake, { grams: { eu: 100 } });
    annotate(fake, { 'gridgate.dev/carbon-aware': null, 'gridgate.dev/threshold': null });
    await leader.clock.advance(60_000);
    assert.equal(fake.pool('a').metadata.annotations?.['gridgate.dev/carbon-status'], undefined);
    assert.deepEqual(putBacks(fake), []);
  });

  it('tells what stays of somebody else where it lets go', async () => {
    const fake = fakeNodePools(nodePool('a', PAUSE));
    const leader = await lead(fake);
    fake.patchAs('kubectl-edit', 'a', { spec: { limits: { cpu: 7 } } });
    await leader.capAt('audit');
    assert.deepEqual(putBacks(fake), [
      'let go: spec.limits.cpu stays 7, as somebody else wrote it, because the kill switch says audit',
    ]);
  });

  it('tells once from when a pool is followed again whose annotation is mended within 30 minutes', async () => {
    const fake = fakeNodePools(nodePool('a', PAUSE));
    const leader = await lead(fake);
    annotate(fake, { 'gridgate.dev/carbon-aware': 'puase' });
    await leader.clock.advance(60_000);
    annotate(fake, { 'gridgate.dev/carbon-aware': 'pause' });
    await leader.turn(379.1, 60_000);
    await leader.turn(380, 60_000);
    assert.equal(cpuOf(fake), 100);
    const resting = fake.events.filter(({ reason }) => reason === 'CarbonAwareResting');
    const [{ type, note } = { type: '', note: '' }] = resting;
    assert.equal(resting.length, 1);
    assert.equal(type, 'Normal');
    const at = new Date(NOW + HOUR / 2).toISOString().slice(11, 17);
    assert.match(
      note,
      new RegExp(
        `^spec\\.limits\\.cpu would be 0 \\(eu has 379\\.1 gCO2e/kWh, threshold 250\\); at the earliest at ${at}\\d\\dZ, 30 minutes after its last change$`,
      ),
    );
    await leader.turn(380, HOUR / 2);
    assert.equal(cpuOf(fake), '0');
  });

  it('follows at once a pool whose annotation was mistaken from the first', async () => {
    const fake = fakeNodePools(nodePool('a', { ...PAUSE, annotations: { 'carbon-aware': 'puase' } }));
    const leader = await lead(fake);
    annotate(fake, { 'gridgate.dev/carbon-aware': 'pause' });
    await leader.turn(400, 60_000);
    assert.equal(cpuOf(fake), '0');
  });

  it('decides anew on the pool as it is, where somebody wrote in between', async () => {
    const fake = fakeNodePools(nodePool('a', PAUSE));
    let isFirst = true;
    fake.beforeEach((write) => {
      if (write !== 'apply a' || !isFirst) return;
      isFirst = false;
      fake.patchAs('kubectl-edit', 'a', { spec: { limits: { cpu: 7 } } });
    });
    const leader = await lead(fake);
    await leader.clock.advance(60_000);
    assert.equal(cpuOf(fake), '0');
    await leader.turn(100);
    assert.equal(cpuOf(fake), 7);
  });

  it('is not asked for any more in between: nothing is done', async () => {
    const fake = fakeNodePools(nodePool('a', PAUSE));
    fake.beforeEach((write) => {
      if (write !== 'apply a') return;
      fake.beforeEach(() => {});
      fake.patchAs('kubectl-annotate', 'a', { metadata: { annotations: { 'gridgate.dev/carbon-aware': null } } });
    });
    const leader = await lead(fake);
    await leader.clock.advance(60_000);
    assert.equal(cpuOf(fake), 100);
    assert.deepEqual(poolWrites(fake), []);
  });

  it('another leader goes on where one ended before, within and after its writes, and nothing is done twice', async () => {
    for (const endsAt of [1, 2, 3, 4]) {
      const fake = fakeNodePools(nodePool('a', PAUSE));
      let writes = 0;
      fake.beforeEach((write) => {
        if (!write.startsWith('create') && ++writes >= endsAt) throw new Error('it leads no more');
      });
      const first = await lead(fake);
      await first.turn(100);
      await first.controller.stop();
      fake.beforeEach(() => {});
      const second = await lead(fake, { grams: { eu: 400 } });
      await second.turn(400, 2 * HOUR);
      assert.equal(cpuOf(fake), '0', `${endsAt}`);
      assert.match(fake.pool('a').metadata.annotations?.[BEFORE] ?? '', /"value":100,/);
      await second.turn(100);
      assert.equal(cpuOf(fake), 100);
      assert.deepEqual(fake.pool('a').metadata.managedFields, nodePool('a', PAUSE).metadata.managedFields, `${endsAt}`);
      await second.controller.stop();
    }
  });

  it('leaves the others be where one is refused, and tries that again', async () => {
    const fake = fakeNodePools(nodePool('a', PAUSE), nodePool('b', PAUSE), nodePool('c', PAUSE));
    let isRefused = true;
    fake.beforeEach((write) => {
      if (write === 'apply a' && isRefused) throw new ApiError('PATCH a', { code: 422 });
    });
    const leader = await lead(fake);
    assert.deepEqual(
      ['a', 'b', 'c'].map((name) => cpuOf(fake, name)),
      [100, '0', '0'],
    );
    isRefused = false;
    await leader.clock.advance(60_000);
    assert.equal(cpuOf(fake), '0');
  });

  it('tells of the others where one is refused', async () => {
    const typo = nodePool('typo', { annotations: { 'carbon-aware': 'puase' } });
    const fake = fakeNodePools(nodePool('bad', PAUSE), nodePool('a', PAUSE), typo, nodePool('gone', PAUSE));
    await (await lead(fake)).controller.stop();
    fake.events.length = 0;
    fake.patchAs('kubectl-annotate', 'gone', { metadata: { annotations: { 'gridgate.dev/carbon-aware': null } } });
    fake.beforeEach((write) => {
      if (write.endsWith(' bad')) throw new ApiError('PATCH bad', { code: 403 });
    });
    const leader = await lead(fake, { grams: { eu: 100 } });
    await leader.turn(100);
    assert.equal(cpuOf(fake, 'bad'), '0');
    const told = new Set(fake.events.map(({ reason, note }) => `${reason} ${note.split(' ')[0]}`));
    assert.ok(told.has('CarbonAwarePutBack put'), [...told].join());
    assert.ok(told.has('CarbonAwareClean spec.limits.cpu'), [...told].join());
    assert.ok(told.has('CarbonAwareMistake gridgate.dev/carbon-aware:'), [...told].join());
  });

  it('ranks the others as they stand beside one that is refused at a place which it should not have', async () => {
    const regions = { r0: 200, r1: 206, r2: 212, r3: 300 };
    const pool = (region: string) =>
      nodePool(region, {
        annotations: { 'carbon-aware': 'weight' },
        requirements: [{ key: REGION_LABEL, operator: 'In', values: [region] }],
      });
    const fake = fakeNodePools(...Object.keys(regions).map(pool));
    const leader = await lead(fake, { grams: regions });
    fake.beforeEach((write) => {
      if (write === 'apply r3') throw new ApiError('PATCH r3', { code: 422 });
    });
    const weights = () => ['r0', 'r1', 'r2'].map((name) => fake.pool(name).spec?.weight);
    await leader.turn({ ...regions, r3: 100 });
    const first = weights();
    for (const noise of [0.98, 1.02, 0.99, 1.01, 0.98, 1.02]) {
      await leader.turn({ r0: 200, r1: 206 * noise, r2: 212 / noise, r3: 100 });
      assert.deepEqual(weights(), first);
    }
  });

  it('tells what is put back also where that Event was refused at first', async () => {
    const fake = fakeNodePools(nodePool('a', PAUSE));
    const leader = await lead(fake);
    let isRefused = true;
    fake.beforeEach((write) => {
      if (write === 'create CarbonAwarePutBack' && isRefused) throw new ApiError('POST', { code: 403 });
    });
    fake.patchAs('kubectl-annotate', 'a', { metadata: { annotations: { 'gridgate.dev/carbon-aware': null } } });
    await leader.turn(400);
    isRefused = false;
    await leader.clock.advance(60_000);
    assert.equal(fake.events.filter(({ reason }) => reason === 'CarbonAwarePutBack').length, 1);
  });

  const FORGOTTEN: readonly [name: string, keys: readonly string[]][] = [
    ['all annotations', ['carbon-aware', 'carbon-before', 'carbon-status', 'threshold']],
    ['carbon-before alone', ['carbon-before']],
    ['both of its own', ['carbon-before', 'carbon-status']],
  ];
  for (const [name, keys] of FORGOTTEN)
    it(`warns of what stands there where somebody removes ${name}`, async () => {
      const fake = fakeNodePools(nodePool('a', PAUSE));
      const leader = await lead(fake);
      const annotations = Object.fromEntries(keys.map((key) => [`gridgate.dev/${key}`, null]));
      fake.patchAs('kubectl', 'a', { metadata: { annotations } });
      await leader.clock.advance(60_000);
      assert.equal(cpuOf(fake), '0');
      const warnings = fake.events.filter(({ type }) => type === 'Warning');
      assert.deepEqual(
        warnings.map(({ reason, note }) => `${reason}: ${note}`),
        [
          `CarbonAwareForgotten: gridgate.dev/carbon-before no longer keeps what its owner had: spec.limits.cpu is 0, as gridgate wrote it, and stays so until somebody writes what it is to be: kubectl patch nodepool a --type=merge -p '{"spec":{"limits":{"cpu":null}}}' (null: none; or a value)`,
        ],
      );
      assert.ok(!fake.events.some(({ reason }) => reason === 'CarbonAwarePutBack'));
    });

  it('writes at most 5 times a second, and nothing once all is as it should be', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `p${index}`);
    const fake = fakeNodePools(...names.map((name) => nodePool(name, PAUSE)));
    const at: number[] = [];
    let clock: { now(): number } = { now: () => 0 };
    fake.beforeEach(() => void at.push(clock.now()));
    const leader = await lead(fake);
    clock = leader.clock;
    await leader.clock.advance(30_000);
    assert.equal(fake.writes.length, 60); // a write and an Event of each
    await leader.clock.advance(600_000);
    assert.equal(fake.writes.length, 60);
    const later = at.filter((one) => one > 0);
    for (const [index, one] of later.entries()) {
      const sixth = later[index + 5];
      if (sixth !== undefined) assert.ok(sixth - one >= 900, `${sixth - one} ms`);
    }
  });

  it('forgets pools that are gone', async () => {
    const fake = fakeNodePools(nodePool('a', PAUSE));
    const leader = await lead(fake);
    fake.remove('a');
    await leader.clock.advance(5_000);
    assert.deepEqual(leader.metric('gridgate_node_pools'), {});
  });

  it('tells nothing while it does not lead', async () => {
    const leader = await lead(fakeNodePools(nodePool('a', PAUSE)));
    await leader.controller.stop();
    assert.deepEqual(leader.metric('gridgate_node_pools'), {});
    assert.deepEqual(leader.controller.lastEventAt?.(), {});
  });
});

describe('nodes that go because their pool was narrowed', () => {
  afterEach(stopAll);

  const NARROWED: PoolParts = {
    annotations: { 'carbon-aware': 'requirement', threshold: '250' },
    budgets: [{ nodes: '1', reasons: ['Drifted'] }],
    requirements: [{ key: ZONE_LABEL, operator: 'In', values: ['eua', 'usa'] }],
  };

  function claim(name: string, zone: string, ...conditions: readonly string[]): KubeObject {
    const reasons: Readonly<Record<string, string>> = { Drifted: 'RequirementsDrifted', DisruptionReason: 'Drifted' };
    const labels = { [ZONE_LABEL]: zone, 'karpenter.sh/nodepool': 'a', 'node.kubernetes.io/instance-type': 'm5.large' };
    const all = conditions.map((type) => ({ type, status: 'True', reason: reasons[type] }));
    return {
      metadata: { name, uid: name, labels },
      status: { allocatable: { cpu: '2' }, conditions: all },
    } as KubeObject;
  }

  it('are not counted that go for another reason', async () => {
    const fake = fakeNodePools(nodePool('a', NARROWED));
    const empty = claim('empty', 'eua', 'Drifted', 'DisruptionReason');
    const { conditions = [] } =
      (empty as { status?: { conditions?: { type: string; reason: string }[] } }).status ?? {};
    for (const one of conditions) if (one.type === 'DisruptionReason') one.reason = 'Empty';
    // Its owner changed another requirement, too: what is in a place that is left drifted by that alone.
    fake.claims.push(empty, claim('other', 'usa', 'Drifted', 'DisruptionReason'), claim('nowhere', '', 'Drifted'));
    const leader = await lead(fake, { grams: { eu: 400, us: 100 } });
    fake.endClaims('empty', 'other', 'nowhere');
    await leader.clock.advance(60_000);
    assert.deepEqual(leader.metric('gridgate_node_pool_replaced_nodes_total'), {});
  });

  it('are not counted once somebody else wrote the list', async () => {
    const fake = fakeNodePools(nodePool('a', NARROWED));
    const leader = await lead(fake, { grams: { eu: 400, us: 100 } });
    const requirements = [{ key: ZONE_LABEL, operator: 'In', values: ['usb'] }];
    fake.patchAs('kubectl', 'a', { spec: { template: { spec: { requirements } } } });
    fake.claims.push(claim('goes', 'eua', 'Drifted', 'DisruptionReason'));
    await leader.controller.stop();
    const next = await lead(fake, { grams: { eu: 400, us: 100 } });
    await next.clock.advance(60_000);
    fake.endClaims('goes');
    await next.clock.advance(60_000);
    assert.deepEqual(next.metric('gridgate_node_pool_replaced_nodes_total'), {});
  });

  it('are counted once they are gone, with their embodied grams while they stood beside their replacement', async () => {
    const fake = fakeNodePools(nodePool('a', NARROWED));
    fake.claims.push(
      claim('goes', 'eua', 'Drifted', 'DisruptionReason'),
      claim('stays', 'eua', 'Drifted'),
      claim('consolidated', 'usa'),
    );
    const leader = await lead(fake, { grams: { eu: 400, us: 100 } });
    const counted = async (afterMs: number) => {
      await leader.clock.advance(afterMs);
      return ['nodes', 'grams'].map((what) => leader.metric(`gridgate_node_pool_replaced_${what}_total`)['a']);
    };
    const { requirements = [] } = fake.pool('a').spec?.template?.spec ?? {};
    assert.deepEqual(requirements[0]?.values, ['usa']);
    assert.deepEqual(await counted(HOUR), [undefined, undefined]);
    fake.endClaims('goes', 'consolidated');
    const [nodes, grams = 0] = await counted(60_000);
    // 1,610.79 kg over 35,040 h, 2 of 96 vCPUs, for the hour that it was seen to be replaced.
    const perHour = (1_610_790 / 35_040) * (2 / 96);
    assert.equal(nodes, 1);
    assert.ok(grams > perHour * 0.99 && grams < perHour * 1.05, `${grams}`);
  });
});
