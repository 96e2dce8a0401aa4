import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { toCarbonPool } from '../../src/controllers/node-pools/carbon-pool.ts';
import { MOST_CHANGES } from '../../src/controllers/node-pools/plan.ts';
import { parseStatus } from '../../src/controllers/node-pools/pool-status.ts';
import { traceOfPool } from '../../src/controllers/node-pools/pool-trace.ts';
import { makeNode, makeRegion, makeSnapshot, NOW, REGION_LABEL, ZONE_LABEL } from '../builders.ts';
/**
 * One of four US balancing authorities in 2022, gCO2/kWh by the hour (direct, average), rounded to a tenth; from HewlettPackard/dc-rl
 * data/CarbonIntensity (MIT), derived from US EIA hourly generation (public domain).
 */
import erco from '../fixtures/erco-2022.json' with { type: 'json' };
import { nodePool, type PoolParts } from './fake-node-pools.ts';
import { followedPools, type Turn } from './followed-pools.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STATUS = 'gridgate.dev/carbon-status';
const BEFORE = 'gridgate.dev/carbon-before';
const ARM = { key: 'kubernetes.io/arch', operator: 'In', values: ['arm64'] };
const AMD = { key: 'kubernetes.io/arch', operator: 'In', values: ['amd64'] };
const SPOT = { key: 'karpenter.sh/capacity-type', operator: 'In', values: ['spot'] };
const ARM_TAINT = { key: 'kubernetes.io/arch', value: 'arm64', effect: 'NoSchedule' };
const DRIFTED = { nodes: '1', reasons: ['Drifted'] };
const inRegions = (...values: readonly string[]) => ({ key: REGION_LABEL, operator: 'In', values });
const inZones = (...values: readonly string[]) => ({ key: ZONE_LABEL, operator: 'In', values });

const PAUSE: PoolParts = {
  annotations: { 'carbon-aware': 'pause', threshold: '250' },
  requirements: [inRegions('eu')],
  limits: { cpu: 100, memory: '100Gi' },
};

type Followed = ReturnType<typeof followedPools>;

const specOf = ({ pool }: Followed, name = 'a') => pool(name).spec;
const statusOf = ({ pool }: Followed, name = 'a') => parseStatus(pool(name).metadata.annotations?.[STATUS]);
/** As its owner left it: nothing of ours, and every field owned by who wrote it. */
function assertUntouched({ pool }: Followed, parts: PoolParts, name = 'a'): void {
  const { metadata, spec } = pool(name);
  const before = nodePool(name, parts);
  assert.deepEqual(spec, before.spec);
  assert.deepEqual(metadata.annotations, before.metadata.annotations);
  assert.deepEqual(metadata.managedFields, before.metadata.managedFields);
}

/** The same, but for our status. */
function assertOwnedAsBefore({ pool }: Followed, parts: PoolParts): void {
  const { metadata, spec } = pool('a');
  assert.deepEqual(spec, nodePool('a', parts).spec);
  assert.deepEqual(metadata.managedFields, nodePool('a', parts).metadata.managedFields);
}

describe('a pool with a threshold', () => {
  it('switches once in a series about it, at what is 5% above it', async () => {
    const pools = followedPools(nodePool('a', PAUSE));
    const cpus: unknown[] = [];
    for (const [hour, eu] of [240, 255, 245, 262, 280].entries()) {
      await pools.grams({ eu }, { now: NOW + hour * HOUR });
      cpus.push(specOf(pools)?.limits?.['cpu']);
    }
    assert.deepEqual(cpus, [100, 100, 100, 100, '0']);
    assert.equal(statusOf(pools)?.changes.length, 1);
  });

  const EDGES: readonly [name: string, first: number, then: number, isDirty: boolean][] = [
    ['is clean at it', 250, 250, false],
    ['is dirty above it at first sight', 250.1, 250.1, true],
    ['stays clean up to 262.5', 240, 262.5, false],
    ['gets dirty above 262.5', 240, 262.6, true],
    ['stays dirty down to what is above 237.5', 280, 237.6, true],
    ['gets clean at 237.5', 280, 237.5, false],
  ];
  for (const [name, first, then, isDirty] of EDGES)
    it(name, async () => {
      const pools = followedPools(nodePool('a', PAUSE));
      await pools.grams({ eu: first });
      await pools.grams({ eu: then }, { now: NOW + HOUR });
      assert.equal(specOf(pools)?.limits?.['cpu'], isDirty ? '0' : 100);
    });

  it('is not changed again within 30 minutes', async () => {
    const pools = followedPools(nodePool('a', PAUSE));
    await pools.grams({ eu: 400 });
    await pools.grams({ eu: 100 }, { now: NOW + 30 * MINUTE - 1 });
    assert.equal(specOf(pools)?.limits?.['cpu'], '0');
    await pools.grams({ eu: 100 }, { now: NOW + 30 * MINUTE });
    assert.equal(specOf(pools)?.limits?.['cpu'], 100);
  });

  it('changes at most half a time a day over the year 2022 of ERCOT at 250, and never more than 4 times on one', async (t) => {
    const pools = followedPools(nodePool('a', PAUSE));
    const from = Date.parse('2022-01-01T00:00:00Z');
    const changes: number[] = [];
    let cpu = specOf(pools)?.limits?.['cpu'];
    for (const [hour, eu] of erco.entries()) {
      const now = from + hour * HOUR;
      await pools.grams({ eu }, { now });
      const after = specOf(pools)?.limits?.['cpu'];
      if (after !== cpu) changes.push(now);
      cpu = after;
    }
    const days = Map.groupBy(changes, (at) => Math.floor(at / DAY));
    assert.ok(changes.length > 0 && changes.length / 365 <= 0.5, `${changes.length} changes`);
    const most = Math.max(...[...days.values()].map(({ length }) => length));
    assert.ok(most <= 4, `${most} on one day`);
    t.diagnostic(`${changes.length} changes in the year, ${most} on one day at most`);
  });

  it('changes at most 4 times in any 24 hours, whatever the grid does, and is never held up by that', async () => {
    const sample = fc.record({ minutes: fc.integer({ min: 1, max: 90 }), eu: fc.constantFrom(0, 240, 260, 2000) });
    await fc.assert(
      fc.asyncProperty(fc.array(sample, { maxLength: 120 }), async (samples) => assertCalm(await changesOver(samples))),
      { numRuns: 60 },
    );
  });

  /** When the limit changed. */
  async function changesOver(samples: readonly { readonly minutes: number; readonly eu: number }[]) {
    const pools = followedPools(nodePool('a', PAUSE));
    const changes: number[] = [];
    let now = NOW;
    let cpu: unknown = 100;
    for (const { minutes, eu } of samples) {
      now += minutes * MINUTE;
      await pools.grams({ eu }, { now });
      const after = specOf(pools)?.limits?.['cpu'];
      if (after !== cpu) changes.push(now);
      const isHeldUp = eu === 0 && after !== 100 && now - (changes.at(-1) ?? now) >= 30 * MINUTE;
      assert.ok(!isHeldUp, 'a clean grid, and no cores');
      cpu = after;
    }
    return changes;
  }

  function assertCalm(changes: readonly number[]): void {
    for (const [index, at] of changes.entries()) {
      const [one, fifth] = [changes[index - 1], changes[index - MOST_CHANGES - 1]];
      if (one !== undefined) assert.ok(at - one >= 30 * MINUTE);
      if (fifth !== undefined) assert.ok(at - fifth >= DAY);
    }
  }
});

describe('a pool without a threshold', () => {
  const parts: PoolParts = { ...PAUSE, annotations: { 'carbon-aware': 'pause' } };

  it('follows the band of its region', async () => {
    const pools = followedPools(nodePool('a', parts));
    await pools.grams({ eu: 290 });
    assert.equal(specOf(pools)?.limits?.['cpu'], 100);
    await pools.grams({ eu: 310 }, { now: NOW + HOUR });
    assert.equal(specOf(pools)?.limits?.['cpu'], '0');
  });

  it('in several regions is dirty when all of them are', async () => {
    const pools = followedPools(nodePool('a', { ...parts, requirements: [inRegions('eu', 'us')] }));
    await pools.grams({ eu: 400, us: 100 });
    assert.equal(specOf(pools)?.limits?.['cpu'], 100);
    await pools.grams({ eu: 400, us: 500 }, { now: NOW + HOUR });
    assert.equal(specOf(pools)?.limits?.['cpu'], '0');
  });
});

describe('where a pool is', () => {
  const PLACES: readonly [
    name: string,
    parts: PoolParts,
    more: Partial<Turn>,
    regions: readonly string[] | undefined,
  ][] = [
    ['it names a region', { requirements: [inRegions('eu')] }, {}, ['eu']],
    ['it names zones', { requirements: [inZones('eua', 'usb')] }, {}, ['eu', 'us']],
    ['its nodes tell', {}, { nodes: [makeNode('n', 'us', { labels: { 'karpenter.sh/nodepool': 'a' } })] }, ['us']],
    [
      'its zones are known to nobody, and its nodes tell',
      { requirements: [inZones('z')] },
      { nodes: [makeNode('n', 'us', { labels: { 'karpenter.sh/nodepool': 'a' } })] },
      ['us'],
    ],
    [
      'nodes of another pool tell nothing',
      {},
      { nodes: [makeNode('n', 'us', { labels: { 'karpenter.sh/nodepool': 'b' } })] },
      undefined,
    ],
    ['there is one region alone', {}, { snapshot: makeSnapshot({ eu: 400 }) }, ['eu']],
    ['nothing tells', {}, {}, undefined],
  ];
  for (const [name, parts, more, regions] of PLACES)
    it(name, async () => {
      const pools = followedPools(nodePool('a', { annotations: { 'carbon-aware': 'pause' }, ...parts }));
      const { a } = await pools.turn({ snapshot: makeSnapshot({ eu: 400, us: 500 }), ...more });
      assert.deepEqual(regions && Object.keys(statusOf(pools)?.readings ?? {}), regions);
      assert.equal(a?.complaint?.reason, regions ? undefined : 'CarbonAwareNoPlace');
    });

  it('stays known of a zone whose last node has gone, beside one that has some', async () => {
    const nodeIn = (zone: string, region: string) =>
      makeNode(zone, region, { labels: { [ZONE_LABEL]: zone, 'karpenter.sh/nodepool': 'a' } });
    const requirements = [inZones('fra-1', 'osl-1')];
    const pools = followedPools(nodePool('a', { annotations: { 'carbon-aware': 'pause' }, requirements }));
    const osl = nodeIn('osl-1', 'us');
    await pools.grams({ eu: 400, us: 500 }, { nodes: [nodeIn('fra-1', 'eu'), osl] });
    assert.equal(specOf(pools)?.limits?.['cpu'], '0');
    await pools.grams({ eu: 20, us: 500 }, { nodes: [osl], now: NOW + HOUR });
    assert.equal(specOf(pools)?.limits?.['cpu'], undefined);
  });

  it('is known on when its last node has gone', async () => {
    const pools = followedPools(nodePool('a', { annotations: { 'carbon-aware': 'pause' } }));
    const nodes = [makeNode('n', 'us', { labels: { 'karpenter.sh/nodepool': 'a' } })];
    await pools.grams({ eu: 100, us: 500 }, { nodes });
    const { a } = await pools.grams({ eu: 100, us: 500 }, { now: NOW + HOUR });
    assert.equal(a?.complaint, undefined);
    assert.equal(specOf(pools)?.limits?.['cpu'], '0');
  });
});

describe('what is known of the grid', () => {
  const parts = { ...PAUSE, requirements: [inRegions('eu', 'us')] };
  const ROWS: readonly [name: string, snapshot: Turn['snapshot'], cpu: string | number][] = [
    ['both are dirty', makeSnapshot({ eu: 400, us: 300 }), '0'],
    [
      'a region is down, and the other dirty',
      makeSnapshot([makeRegion('eu', 50, { outage: 'power' }), makeRegion('us', 300)]),
      '0',
    ],
    [
      'all are down',
      makeSnapshot([makeRegion('eu', 500, { outage: 'power' }), makeRegion('us', 300, { outage: 'x' })]),
      100,
    ],
    ['nothing is measured', makeSnapshot([makeRegion('eu', undefined), makeRegion('us', undefined)]), 100],
    [
      'a yearly average calls nothing dirty',
      makeSnapshot([makeRegion('eu', 500, { reading: { freshness: 'embedded' } })]),
      100,
    ],
    ['another signal is no reading', makeSnapshot([makeRegion('eu', 500, { reading: { signal: 'marginal' } })]), 100],
    [
      'a stale reading counts',
      makeSnapshot([makeRegion('eu', 500, { reading: { freshness: 'stale' } }), makeRegion('us', 300)]),
      '0',
    ],
    [
      'one is dirty, and of the other a yearly average is known',
      makeSnapshot([makeRegion('eu', 24, { reading: { freshness: 'embedded' } }), makeRegion('us', 400)]),
      100,
    ],
    ['one is dirty, and of the other nothing is known', makeSnapshot([makeRegion('us', 400)]), 100],
  ];
  for (const [name, snapshot, cpu] of ROWS)
    it(name, async () => {
      const pools = followedPools(nodePool('a', parts));
      await pools.turn({ snapshot });
      assert.equal(specOf(pools)?.limits?.['cpu'], cpu);
    });

  it('stays judged as it was while all its regions are down', async () => {
    const pools = followedPools(nodePool('a', parts));
    await pools.grams({ eu: 400, us: 300 });
    const down = ['eu', 'us'].map((name) => makeRegion(name, 20, { outage: 'power' }));
    await pools.turn({ snapshot: makeSnapshot(down), now: NOW + HOUR });
    assert.equal(specOf(pools)?.limits?.['cpu'], '0');
    await pools.grams({ eu: 20, us: 300 }, { now: NOW + 2 * HOUR });
    assert.equal(specOf(pools)?.limits?.['cpu'], 100);
    await pools.turn({ snapshot: makeSnapshot(down), now: NOW + 3 * HOUR });
    assert.equal(specOf(pools)?.limits?.['cpu'], 100);
  });

  it('a pool is given back when nothing is known any more', async () => {
    const pools = followedPools(nodePool('a', PAUSE));
    await pools.grams({ eu: 400 });
    await pools.turn({ snapshot: makeSnapshot([makeRegion('eu', undefined)]), now: NOW + HOUR });
    assert.equal(specOf(pools)?.limits?.['cpu'], 100);
  });
});

describe('pause', () => {
  const LIMITS: readonly [name: string, limits: PoolParts['limits']][] = [
    ['a number', { cpu: 100, memory: '1Ti' }],
    ['a text', { cpu: '100' }],
    ['thousandths', { cpu: '1500m', nodes: 4 }],
    ['no limit of cores', { memory: '1Ti' }],
    ['limits without any', {}],
    ['no limits', undefined],
  ];
  for (const [name, limits] of LIMITS)
    it(`gives back exactly what there was: ${name}`, async () => {
      const { limits: _, ...rest } = PAUSE;
      const parts = { ...rest, ...(limits && { limits }) };
      const pools = followedPools(nodePool('a', parts));
      await pools.grams({ eu: 400 });
      assert.deepEqual(specOf(pools)?.limits, { ...limits, cpu: '0' });
      await pools.grams({ eu: 100 }, { now: NOW + HOUR });
      const { metadata } = pools.pool('a');
      assert.deepEqual(specOf(pools), nodePool('a', parts).spec);
      assert.deepEqual(metadata.managedFields, nodePool('a', parts).metadata.managedFields);
      assert.equal(metadata.annotations?.[BEFORE], undefined);
      assert.equal(statusOf(pools)?.judged, false);
    });

  it('leaves a limit that came meanwhile', async () => {
    const { limits: _, ...rest } = PAUSE;
    const pools = followedPools(nodePool('a', rest));
    await pools.grams({ eu: 400 });
    pools.patchAs('kubectl-patch', 'a', { spec: { limits: { memory: '1Ti' } } });
    await pools.grams({ eu: 100 }, { now: NOW + HOUR });
    assert.deepEqual(specOf(pools)?.limits, { memory: '1Ti' });
  });

  it('leaves a pool that has no cores anyway', async () => {
    const pools = followedPools(nodePool('a', { ...PAUSE, limits: { cpu: '0' } }));
    await pools.grams({ eu: 400 });
    await pools.grams({ eu: 100 }, { now: NOW + HOUR });
    assert.deepEqual(specOf(pools)?.limits, { cpu: '0' });
  });
});

describe('hardware', () => {
  const hardware = { annotations: { 'carbon-aware': 'hardware', threshold: '250' } };
  const at = inRegions('eu');
  const ROWS: readonly [name: string, parts: PoolParts, weight: number | 'refused'][] = [
    ['spot that is never arm64', { requirements: [at, SPOT, AMD] }, 60],
    ['arm64, tainted for it', { requirements: [at, ARM], taints: [ARM_TAINT] }, 60],
    [
      'arm64 by a label of its template',
      { requirements: [at, ARM], taints: [{ key: 'arch', value: 'arm64', effect: 'NoExecute' }] },
      60,
    ],
    [
      'arm64, with a taint whose key says so',
      { requirements: [at, ARM], taints: [{ key: 'team.io/arm64', effect: 'NoSchedule' }] },
      60,
    ],
    [
      'arm64, tainted for something else',
      { requirements: [at, ARM], taints: [{ key: 'gpu', effect: 'NoSchedule' }] },
      'refused',
    ],
    [
      'arm64, with a taint that keeps nobody away',
      { requirements: [at, ARM], taints: [{ ...ARM_TAINT, effect: 'PreferNoSchedule' }] },
      'refused',
    ],
    ['arm64 without a taint', { requirements: [at, ARM] }, 'refused'],
    ['spot that may be arm64', { requirements: [at, SPOT] }, 'refused'],
    ['spot that may be arm64, tainted for it', { requirements: [at, SPOT], taints: [ARM_TAINT] }, 60],
    ['any hardware', { requirements: [at] }, 'refused'],
    ['spot and on demand', { requirements: [at, AMD, { ...SPOT, values: ['spot', 'on-demand'] }] }, 'refused'],
  ];
  for (const [name, parts, weight] of ROWS)
    it(name, async () => {
      const pools = followedPools(nodePool('a', { ...hardware, ...parts }));
      const { a } = await pools.grams({ eu: 400 });
      assert.equal(specOf(pools)?.weight, weight === 'refused' ? undefined : weight);
      assert.equal(a?.complaint?.reason, weight === 'refused' ? 'CarbonAwareRefused' : undefined);
      assert.deepEqual(specOf(pools)?.template, nodePool('a', { ...hardware, ...parts }).spec?.template);
    });

  it('gives the weight back, absence included', async () => {
    for (const weight of [undefined, 10]) {
      const parts = { ...hardware, requirements: [at, SPOT, AMD], ...(weight !== undefined && { weight }) };
      const pools = followedPools(nodePool('a', parts));
      await pools.grams({ eu: 400 });
      await pools.grams({ eu: 100 }, { now: NOW + HOUR });
      assert.deepEqual(specOf(pools), nodePool('a', parts).spec);
    }
  });

  it('takes the highest weight of the range, and never lowers one', async () => {
    const parts = { requirements: [at, SPOT, AMD] };
    const annotations = { ...hardware.annotations, weights: '10-20' };
    const pools = followedPools(
      nodePool('a', { annotations, ...parts }),
      nodePool('b', { annotations, ...parts, weight: 30 }),
    );
    await pools.grams({ eu: 400 });
    assert.deepEqual([specOf(pools)?.weight, specOf(pools, 'b')?.weight], [20, 30]);
  });

  it('follows when its owner changes the range', async () => {
    const pools = followedPools(nodePool('a', { ...hardware, requirements: [at, SPOT, AMD], weight: 5 }));
    await pools.grams({ eu: 400 });
    pools.patchAs('kubectl-annotate', 'a', { metadata: { annotations: { 'gridgate.dev/weights': '10-20' } } });
    await pools.grams({ eu: 400 }, { now: NOW + HOUR });
    assert.equal(specOf(pools)?.weight, 20);
    await pools.grams({ eu: 100 }, { now: NOW + 2 * HOUR });
    assert.equal(specOf(pools)?.weight, 5);
  });
});

describe('weight', () => {
  const pool = (name: string, region: string, parts: PoolParts = {}) =>
    nodePool(name, { annotations: { 'carbon-aware': 'weight' }, requirements: [inRegions(region)], ...parts });
  const weights = (pools: Followed, ...names: readonly string[]) => names.map((name) => specOf(pools, name)?.weight);

  it('gives cleaner regions higher weights, and those that are down the lowest', async () => {
    const pools = followedPools(pool('a', 'eu'), pool('b', 'us'), pool('c', 'ap'));
    const down = makeRegion('ap', 10, { outage: 'power' });
    await pools.turn({ snapshot: makeSnapshot([makeRegion('eu', 300), makeRegion('us', 100), down]) });
    assert.deepEqual(weights(pools, 'a', 'b', 'c'), [59, 60, 58]);
  });

  it('changes nothing while the order is wrong by at most 5%', async () => {
    const pools = followedPools(pool('a', 'eu'), pool('b', 'us'));
    await pools.grams({ eu: 100, us: 110 });
    await pools.grams({ eu: 115, us: 110 }, { now: NOW + HOUR });
    assert.deepEqual(weights(pools, 'a', 'b'), [60, 59]);
    await pools.grams({ eu: 117, us: 110 }, { now: NOW + 2 * HOUR });
    assert.deepEqual(weights(pools, 'a', 'b'), [59, 60]);
  });

  it('has near-equal pools by the weights of their owners', async () => {
    const pools = followedPools(pool('a', 'eu', { weight: 5 }), pool('b', 'us', { weight: 50 }), pool('c', 'us'));
    await pools.grams({ eu: 100, us: 103 });
    assert.deepEqual(weights(pools, 'a', 'b', 'c'), [59, 60, 58]);
  });

  it('leaves what nobody measures as its owner has it', async () => {
    const pools = followedPools(pool('a', 'eu', { weight: 7 }), pool('b', 'us'));
    await pools.turn({ snapshot: makeSnapshot([makeRegion('eu', undefined), makeRegion('us', 100)]) });
    assert.deepEqual(weights(pools, 'a', 'b'), [7, 60]);
  });

  it('ranks a pool of several regions by its cleanest that is up', async () => {
    const wide = nodePool('a', { annotations: { 'carbon-aware': 'weight' }, requirements: [inRegions('eu', 'us')] });
    const pools = followedPools(wide, pool('b', 'ap'));
    const down = makeRegion('eu', 10, { outage: 'power' });
    await pools.turn({ snapshot: makeSnapshot([down, makeRegion('us', 300), makeRegion('ap', 200)]) });
    assert.deepEqual(weights(pools, 'a', 'b'), [59, 60]);
  });

  for (const place of [1e6, 3, -5, -1e9, 0.5, null, 'x'])
    it(`takes the place ${place}, which nobody gave, for none, and moves no other by it`, async () => {
      const since = new Date(NOW - DAY).toISOString();
      const status = (at: unknown) =>
        JSON.stringify({ version: 1, mode: 'weight', ranked: { place: at, weight: 40 }, since, changes: [] });
      const annotated = (name: string, region: string, at: unknown) =>
        pool(name, region, { annotations: { 'carbon-aware': 'weight', 'carbon-status': status(at) } });
      const pools = followedPools(annotated('a', 'eu', 0), annotated('b', 'us', 1), annotated('c', 'ap', place));
      await pools.grams({ eu: 104, us: 100, ap: 300 });
      assert.deepEqual(weights(pools, 'a', 'b', 'c'), [60, 59, 58]);
      assert.equal(pools.writes.filter((write) => write === 'apply c').length, 1);
    });

  it('gives back what the owner had, absence included, when it is not asked for any more', async () => {
    const pools = followedPools(pool('a', 'eu', { weight: 5 }), pool('b', 'us'));
    await pools.grams({ eu: 100, us: 200 });
    for (const name of ['a', 'b'])
      pools.patchAs('kubectl-annotate', name, { metadata: { annotations: { 'gridgate.dev/carbon-aware': null } } });
    await pools.grams({ eu: 100, us: 200 }, { now: NOW + MINUTE });
    assert.deepEqual(weights(pools, 'a', 'b'), [5, undefined]);
  });
});

describe('requirement', () => {
  const parts: PoolParts = {
    annotations: { 'carbon-aware': 'requirement', threshold: '250' },
    budgets: [DRIFTED],
    requirements: [AMD, inZones('eu-1a', 'eu-1b', 'us-1a'), SPOT],
  };
  const ZONES = { 'eu-1': 400, 'us-1': 100 };
  const zonesOf = (pools: Followed) =>
    specOf(pools)?.template?.spec?.requirements?.find(({ key }) => key === ZONE_LABEL)?.values;

  it('leaves the zones of dirty regions out, and gives them back', async () => {
    const pools = followedPools(nodePool('a', parts));
    await pools.grams(ZONES);
    assert.deepEqual(specOf(pools)?.template?.spec?.requirements, [AMD, inZones('us-1a'), SPOT]);
    assert.deepEqual(statusOf(pools)?.judged, ['eu-1']);
    await pools.grams({ 'eu-1': 100, 'us-1': 100 }, { now: NOW + HOUR });
    assert.deepEqual(specOf(pools), nodePool('a', parts).spec);
    assert.deepEqual(pools.pool('a').metadata.managedFields, nodePool('a', parts).metadata.managedFields);
  });

  it('follows which regions are dirty', async () => {
    const pools = followedPools(nodePool('a', parts));
    await pools.grams(ZONES);
    await pools.grams({ 'eu-1': 100, 'us-1': 400 }, { now: NOW + HOUR });
    assert.deepEqual(zonesOf(pools), ['eu-1a', 'eu-1b']);
  });

  const LEFT: readonly [name: string, snapshot: Turn['snapshot'], zones: readonly string[]][] = [
    ['all are dirty', makeSnapshot({ 'eu-1': 400, 'us-1': 300 }), ['eu-1a', 'eu-1b', 'us-1a']],
    ['none is dirty', makeSnapshot({ 'eu-1': 100, 'us-1': 100 }), ['eu-1a', 'eu-1b', 'us-1a']],
    [
      'the clean one is down',
      makeSnapshot([makeRegion('eu-1', 400), makeRegion('us-1', 100, { outage: 'x' })]),
      ['eu-1a', 'eu-1b', 'us-1a'],
    ],
    [
      'what is left is not measured',
      makeSnapshot([makeRegion('eu-1', 400), makeRegion('us-1', undefined)]),
      ['eu-1a', 'eu-1b', 'us-1a'],
    ],
    [
      'nothing is dirty, and one is down',
      makeSnapshot([makeRegion('eu-1', 100), makeRegion('us-1', 100, { outage: 'x' })]),
      ['eu-1a', 'eu-1b', 'us-1a'],
    ],
  ];
  for (const [name, snapshot, zones] of LEFT)
    it(`changes nothing where ${name}`, async () => {
      const pools = followedPools(nodePool('a', parts));
      await pools.turn({ snapshot });
      assert.deepEqual(zonesOf(pools), zones);
    });

  it('keeps a zone of which nobody knows the region', async () => {
    const pools = followedPools(nodePool('a', { ...parts, requirements: [inZones('eu-1a', 'z', 'us-1a')] }));
    await pools.grams(ZONES);
    assert.deepEqual(zonesOf(pools), ['z', 'us-1a']);
  });

  it('narrows regions where no zones are listed', async () => {
    const pools = followedPools(nodePool('a', { ...parts, requirements: [inRegions('eu-1', 'us-1')] }));
    await pools.grams(ZONES);
    assert.deepEqual(specOf(pools)?.template?.spec?.requirements, [inRegions('us-1')]);
  });

  it('never goes below minValues', async () => {
    const wide = { ...inZones('eu-1a', 'us-1a', 'us-1b'), minValues: 2 };
    const pools = followedPools(nodePool('a', { ...parts, requirements: [wide] }));
    await pools.grams(ZONES);
    assert.deepEqual(specOf(pools)?.template?.spec?.requirements, [{ ...wide, values: ['us-1a', 'us-1b'] }]);
    const narrow = followedPools(nodePool('a', { ...parts, requirements: [{ ...wide, minValues: 3 }] }));
    await narrow.grams(ZONES);
    assert.deepEqual(zonesOf(narrow), ['eu-1a', 'us-1a', 'us-1b']);
  });

  const CLEAN_EU = { 'eu-1': 20, 'us-1': 400, 'ap-1': 400 };
  const notIn = (key: string, ...values: readonly string[]) => ({ key, operator: 'NotIn', values });
  const both = inZones('eu-1a', 'us-1a');
  const NO_PLACE_LEFT: readonly [name: string, requirements: readonly object[]][] = [
    ['another list of the same label', [both, inZones('us-1a', 'ap-1a')]],
    ['what it excludes', [both, notIn(ZONE_LABEL, 'eu-1a')]],
    ['the regions that it lists', [both, inRegions('us-1')]],
    ['the regions that it excludes', [both, notIn(REGION_LABEL, 'eu-1')]],
    [
      'what it excludes, above minValues',
      [{ ...inZones('eu-1a', 'eu-1b', 'us-1a'), minValues: 2 }, notIn(ZONE_LABEL, 'eu-1b')],
    ],
    ['minValues of another list', [both, { ...inZones('eu-1a', 'us-1a'), minValues: 2 }]],
    ['minValues of regions', [both, { key: REGION_LABEL, operator: 'Exists', minValues: 2 }]],
    [
      'minValues of zones, where regions are listed',
      [inRegions('eu-1', 'us-1'), { key: ZONE_LABEL, operator: 'Exists', minValues: 2 }],
    ],
  ];
  for (const [name, requirements] of NO_PLACE_LEFT)
    it(`changes nothing where no place would be left by ${name}`, async () => {
      const pools = followedPools(nodePool('a', { ...parts, requirements }));
      await pools.grams(CLEAN_EU);
      assert.deepEqual(specOf(pools)?.template?.spec?.requirements, requirements);
    });

  it('leaves a place by a label of the template: there is no other', async () => {
    const object = nodePool('a', { ...parts, requirements: [both] });
    const labels = { [ZONE_LABEL]: 'us-1a' };
    const template = { ...object.spec?.template, metadata: { labels } };
    const pools = followedPools({ ...object, spec: { ...object.spec, template } } as typeof object);
    await pools.grams(CLEAN_EU);
    assert.deepEqual(zonesOf(pools), ['eu-1a', 'us-1a']);
  });

  it('always leaves a place that is clean, and at least minValues, whatever else the pool says', async () => {
    const zones = ['eu-1a', 'eu-1b', 'us-1a', 'us-1b', 'ap-1a'];
    const listed = fc.subarray(zones, { minLength: 1 });
    const more = fc.oneof(
      fc.record({ key: fc.constant(ZONE_LABEL), operator: fc.constantFrom('In', 'NotIn'), values: listed }),
      fc.record({
        key: fc.constant(REGION_LABEL),
        operator: fc.constantFrom('In', 'NotIn'),
        values: fc.subarray(['eu-1', 'us-1', 'ap-1'], { minLength: 1 }),
      }),
    );
    const grams = fc.record({
      'eu-1': fc.constantFrom(20, 400),
      'us-1': fc.constantFrom(20, 400),
      'ap-1': fc.constantFrom(20, 400),
    });
    await fc.assert(
      fc.asyncProperty(
        listed,
        fc.array(more, { maxLength: 3 }),
        fc.integer({ min: 1, max: 3 }),
        grams,
        async (own, others, minValues, now) => {
          const requirements = [{ ...inZones(...own), minValues }, ...others];
          const pools = followedPools(nodePool('a', { ...parts, requirements }));
          await pools.grams(now);
          const after = specOf(pools)?.template?.spec?.requirements ?? [];
          if (JSON.stringify(after) === JSON.stringify(requirements)) return;
          const possible = zones.filter((zone) =>
            after.every(({ key, operator, values = [] }) => {
              const value = key === ZONE_LABEL ? zone : zone.slice(0, 4);
              return values.includes(value) === (operator === 'In');
            }),
          );
          assert.ok(possible.length >= minValues);
          assert.ok(possible.every((zone) => now[zone.slice(0, 4) as 'eu-1'] === 20));
        },
      ),
    );
  });

  const nodeIn = (zone: string, region: string) =>
    makeNode(zone, region, { labels: { [ZONE_LABEL]: zone, 'karpenter.sh/nodepool': 'a' } });

  it('stays narrowed under a grid that stands still, also where only nodes that go tell the region of a zone', async () => {
    const nodes = [nodeIn('fra-1', 'eu-1'), nodeIn('osl-1', 'us-1')];
    const pools = followedPools(nodePool('a', { ...parts, requirements: [inZones('fra-1', 'osl-1')] }));
    await pools.grams(ZONES, { nodes });
    const written = pools.writes.length;
    for (const [hour, there] of [[nodes[1]], [], [nodes[1]], [nodes[0]], []].entries()) {
      const left = there.filter((one) => one !== undefined);
      await pools.grams(ZONES, { nodes: left, now: NOW + (hour + 1) * HOUR });
      assert.deepEqual(zonesOf(pools), ['osl-1']);
    }
    assert.equal(pools.writes.length, written);
    await pools.grams({ 'eu-1': 100, 'us-1': 400 }, { nodes: [], now: NOW + 10 * HOUR });
    assert.deepEqual(zonesOf(pools), ['fra-1']);
    await pools.grams({ 'eu-1': 100, 'us-1': 400 }, { nodes: [], now: NOW + 11 * HOUR });
    assert.deepEqual(zonesOf(pools), ['fra-1']);
  });

  it('keeps a region out that goes down, and all as it is while all are down', async () => {
    const pools = followedPools(nodePool('a', parts));
    await pools.grams(ZONES);
    const down = makeRegion('eu-1', 400, { outage: 'x' });
    await pools.turn({ snapshot: makeSnapshot([down, makeRegion('us-1', 100)]), now: NOW + HOUR });
    assert.deepEqual(zonesOf(pools), ['us-1a']);
    const both = [down, makeRegion('us-1', 100, { outage: 'x' })];
    await pools.turn({ snapshot: makeSnapshot(both), now: NOW + 2 * HOUR });
    assert.deepEqual(zonesOf(pools), ['us-1a']);
  });

  const REFUSED: readonly [name: string, change: PoolParts, why: RegExp][] = [
    [
      "Karpenter's own budget",
      { budgets: [{ nodes: '10%' }] },
      /no disruption budget without a schedule names Drifted/,
    ],
    ['no budget', { budgets: [] }, /no disruption budget/],
    ['a budget for something else', { budgets: [{ nodes: '1', reasons: ['Empty'] }] }, /no disruption budget/],
    [
      'a budget that holds at times',
      { budgets: [{ ...DRIFTED, schedule: '@daily', duration: '1h' }] },
      /no disruption budget/,
    ],
    ['neither zones nor regions listed', { requirements: [AMD] }, /it lists no zones or regions/],
    [
      'zones excluded, not listed',
      { requirements: [{ ...inZones('eu-1a'), operator: 'NotIn' }] },
      /it lists no zones or regions/,
    ],
    ['a static pool', { replicas: 3 }, /it has spec\.replicas/],
  ];
  for (const [name, change, why] of REFUSED)
    it(`is refused with ${name}`, async () => {
      const pools = followedPools(nodePool('a', { ...parts, ...change }));
      const { a } = await pools.grams(ZONES);
      assert.equal(a?.complaint?.reason, 'CarbonAwareRefused');
      assert.match(a?.complaint?.note ?? '', why);
      assertUntouched(pools, { ...parts, ...change });
    });

  it('gives back what it narrowed when the budget is taken away', async () => {
    const pools = followedPools(nodePool('a', parts));
    await pools.grams(ZONES);
    pools.patchAs('kubectl-patch', 'a', { spec: { disruption: { budgets: [{ nodes: '10%' }] } } });
    await pools.grams(ZONES, { now: NOW + MINUTE });
    assert.deepEqual(zonesOf(pools), ['eu-1a', 'eu-1b', 'us-1a']);
  });

  it('gives back its own item alone where another was added meanwhile', async () => {
    const pools = followedPools(nodePool('a', parts));
    await pools.grams(ZONES);
    const requirements = [AMD, inZones('us-1a')];
    pools.patchAs('kubectl-edit', 'a', { spec: { template: { spec: { requirements } } } });
    await pools.grams({ 'eu-1': 100, 'us-1': 100 }, { now: NOW + HOUR });
    assert.deepEqual(specOf(pools)?.template?.spec?.requirements, [AMD, inZones('eu-1a', 'eu-1b', 'us-1a')]);
  });

  it('is refused where regions are read from a label that Karpenter does not know', async () => {
    const pools = followedPools(nodePool('a', { ...parts, requirements: [inRegions('eu-1', 'us-1')] }));
    const { a } = await pools.turn({ snapshot: makeSnapshot(ZONES, { regionLabel: 'region' }) });
    assert.match(a?.complaint?.note ?? '', /gridgate reads regions from the label region/);
  });
});

describe('what its owner writes', () => {
  const MISTAKES: readonly [name: string, annotations: Readonly<Record<string, string>>, told: RegExp][] = [
    ['an unknown mode', { 'carbon-aware': 'pasue' }, /"pasue" is no mode; did you mean pause\?/],
    ['nothing like a mode', { 'carbon-aware': 'yes please' }, /it is one of hardware, weight, pause, requirement/],
    ['two modes', { 'carbon-aware': 'pause,weight' }, /is no mode/],
    [
      'a threshold that is no number',
      { 'carbon-aware': 'pause', threshold: 'low' },
      /threshold: "low" is no gCO2e\/kWh/,
    ],
    ['a threshold of 0', { 'carbon-aware': 'pause', threshold: '0' }, /is no gCO2e\/kWh/],
    ['weights that are no range', { 'carbon-aware': 'weight', weights: '60-40' }, /weights: "60-40" is no range/],
    ['weights beyond 100', { 'carbon-aware': 'weight', weights: '50-101' }, /is no range/],
    [
      'a threshold that means nothing',
      { 'carbon-aware': 'weight', threshold: '250' },
      /threshold means nothing with .*=weight/,
    ],
    ['weights that mean nothing', { 'carbon-aware': 'pause', weights: '1-2' }, /weights means nothing with .*=pause/],
    ['a misspelt annotation', { 'carbon-aware': 'pause', treshold: '250' }, /did you mean gridgate\.dev\/threshold\?/],
  ];
  for (const [name, annotations, told] of MISTAKES)
    it(`is told, and nothing is done: ${name}`, async () => {
      const parts = { ...PAUSE, annotations };
      const pools = followedPools(nodePool('a', parts));
      const { a } = await pools.grams({ eu: 400 });
      assert.equal(a?.complaint?.reason, 'CarbonAwareMistake');
      assert.match(a?.complaint?.note ?? '', told);
      assertUntouched(pools, parts);
    });

  it('without the annotation nothing is done', async () => {
    const parts = { ...PAUSE, annotations: { threshold: '250', 'example.com/x': 'y' } };
    const pools = followedPools(nodePool('a', parts));
    await pools.grams({ eu: 400 });
    assertUntouched(pools, parts);
    assert.deepEqual(pools.writes, []);
  });

  const ENDS: readonly [name: string, change: object, turn: Partial<Turn>][] = [
    ['takes the annotation away', { 'gridgate.dev/carbon-aware': null }, {}],
    ['writes a mistake', { 'gridgate.dev/carbon-aware': 'x' }, {}],
    ['the option is audit, or a kill switch says so', {}, { mode: 'audit' }],
    ['a kill switch says off', {}, { mode: 'off' }],
  ];
  for (const [name, annotations, turn] of ENDS)
    it(`all is put back at once: ${name}`, async () => {
      const pools = followedPools(nodePool('a', PAUSE));
      await pools.grams({ eu: 400 });
      pools.patchAs('kubectl-annotate', 'a', { metadata: { annotations } });
      await pools.grams({ eu: 400 }, { now: NOW + MINUTE, ...turn });
      const { metadata, spec } = pools.pool('a');
      assert.deepEqual(spec, nodePool('a', PAUSE).spec);
      assert.deepEqual([metadata.annotations?.[STATUS], metadata.annotations?.[BEFORE]], [undefined, undefined]);
      const manifest = (metadata.managedFields ?? []).find(({ manager }) => manager === 'kubectl');
      assert.deepEqual(manifest, nodePool('a', PAUSE).metadata.managedFields?.[0]);
      assert.ok(!(metadata.managedFields ?? []).some(({ manager }) => manager === 'gridgate-node-pools'));
    });

  const LEFT_ALONE: readonly [name: string, annotations: object, turn: Partial<Turn>][] = [
    ['and the grid turns', {}, { now: NOW + HOUR }],
    ['and the annotation goes', { 'gridgate.dev/carbon-aware': null }, { now: NOW + HOUR }],
    ['and a kill switch says off', {}, { now: NOW + HOUR, mode: 'off' }],
  ];
  for (const [name, annotations, turn] of LEFT_ALONE)
    it(`paused, it stays just as it is, ${name}`, async () => {
      const pools = followedPools(nodePool('a', PAUSE));
      await pools.grams({ eu: 400 });
      pools.patchAs('kubectl-annotate', 'a', {
        metadata: { annotations: { 'gridgate.dev/paused': 'true', ...annotations } },
      });
      const before = pools.pool('a');
      const { a } = await pools.grams({ eu: 100 }, turn);
      assert.deepEqual(pools.pool('a'), before);
      assert.equal(a?.state, 'left-alone');
    });

  for (const [text, isLeft] of Object.entries({
    true: true,
    yes: true,
    '': true,
    TRUE: true,
    false: false,
    ' false ': false,
  }))
    it(`gridgate.dev/paused: ${JSON.stringify(text)} ${isLeft ? 'leaves a pool alone' : 'changes nothing'}`, async () => {
      const parts = { ...PAUSE, annotations: { ...PAUSE.annotations, paused: text } };
      const pools = followedPools(nodePool('a', parts));
      await pools.grams({ eu: 400 });
      assert.equal(specOf(pools)?.limits?.['cpu'], isLeft ? 100 : '0');
    });

  it('another mode begins once what the first wrote is put back', async () => {
    const pools = followedPools(nodePool('a', { ...PAUSE, requirements: [inRegions('eu'), SPOT, AMD] }));
    await pools.grams({ eu: 400 });
    pools.patchAs('kubectl-annotate', 'a', { metadata: { annotations: { 'gridgate.dev/carbon-aware': 'hardware' } } });
    await pools.grams({ eu: 400 }, { now: NOW + MINUTE });
    assert.deepEqual([specOf(pools)?.limits?.['cpu'], specOf(pools)?.weight], [100, undefined]);
    await pools.grams({ eu: 400 }, { now: NOW + 2 * MINUTE });
    assert.equal(specOf(pools)?.weight, undefined, 'within 30 minutes');
    await pools.grams({ eu: 400 }, { now: NOW + 30 * MINUTE });
    assert.deepEqual([specOf(pools)?.limits?.['cpu'], specOf(pools)?.weight], [100, 60]);
  });
});

describe('what somebody else writes meanwhile', () => {
  it('counts, and is left until the grid has turned twice', async () => {
    const pools = followedPools(nodePool('a', PAUSE));
    await pools.grams({ eu: 400 });
    pools.patchAs('argocd-controller', 'a', { spec: { limits: { cpu: '50' } } });
    for (const hour of [1, 2, 3]) {
      const { a } = await pools.grams({ eu: 400 }, { now: NOW + hour * HOUR });
      assert.deepEqual([a?.state, a?.complaint?.reason], ['let-go', 'CarbonAwareLetGo']);
      assert.equal(specOf(pools)?.limits?.['cpu'], '50');
    }
    await pools.grams({ eu: 100 }, { now: NOW + 4 * HOUR });
    assert.equal(specOf(pools)?.limits?.['cpu'], '50');
    assert.equal(pools.pool('a').metadata.annotations?.[BEFORE], undefined);
    await pools.grams({ eu: 400 }, { now: NOW + 5 * HOUR });
    assert.equal(specOf(pools)?.limits?.['cpu'], '0');
    await pools.grams({ eu: 100 }, { now: NOW + 6 * HOUR });
    assert.equal(specOf(pools)?.limits?.['cpu'], '50');
  });

  it('is given back where they wrote the same as we, as Argo CD does with what it is to look past', async () => {
    const pools = followedPools(nodePool('a', PAUSE));
    await pools.grams({ eu: 400 });
    const { metadata, ...rest } = pools.pool('a');
    const fieldsV1 = { 'f:spec': { 'f:limits': { 'f:cpu': {} } } };
    const theirs = {
      manager: 'argocd-controller',
      operation: 'Apply',
      apiVersion: 'karpenter.sh/v1',
      fieldsV1,
    } as const;
    pools.replace({ ...rest, metadata: { ...metadata, managedFields: [...(metadata.managedFields ?? []), theirs] } });
    await pools.grams({ eu: 100 }, { now: NOW + HOUR });
    assertOwnedAsBefore(pools, PAUSE);
  });

  it('is not fought where a tool replaces the whole pool each time', async () => {
    const pools = followedPools(nodePool('a', PAUSE));
    await pools.grams({ eu: 400 });
    pools.replace(nodePool('a', PAUSE));
    await pools.grams({ eu: 400 }, { now: NOW + MINUTE, wroteAt: NOW });
    assertUntouched(pools, PAUSE);
  });

  it('of an owner who takes our memory away: what stands there is theirs', async () => {
    const pools = followedPools(nodePool('a', PAUSE));
    await pools.grams({ eu: 400 });
    pools.patchAs('kubectl-annotate', 'a', { metadata: { annotations: { [BEFORE]: null } } });
    await pools.grams({ eu: 100 }, { now: NOW + HOUR });
    assert.equal(specOf(pools)?.limits?.['cpu'], '0');
  });
});

describe('a carbon-before that gridgate did not write', () => {
  const key = ZONE_LABEL;
  const owner = { manager: 'x', operation: 'Apply', apiVersion: 'karpenter.sh/v1' };
  const FORGED: readonly [name: string, hold: object, spec: PoolParts][] = [
    [
      'another label',
      { field: 'requirements', key: 'kubernetes.io/arch', value: ['arm64', 'amd64'], wrote: ['amd64'] },
      { requirements: [AMD] },
    ],
    [
      'other values than it listed',
      { field: 'requirements', key, value: ['eua'], wrote: ['usa'] },
      { requirements: [inZones('usa')] },
    ],
    ['no values', { field: 'requirements', key, value: ['eua'], wrote: [] }, { requirements: [inZones()] }],
    ['a weight of 1,000', { field: 'weight', value: 1_000, wrote: 60 }, { weight: 60 }],
    ['half a weight', { field: 'weight', value: 1.5, wrote: 60 }, { weight: 60 }],
    ['no quantity', { field: 'limits.cpu', value: 'many', wrote: '0' }, { limits: { cpu: '0' } }],
    ['less than nothing', { field: 'limits.cpu', value: -1, wrote: '0' }, { limits: { cpu: '0' } }],
    ['a limit that gridgate never writes', { field: 'limits.cpu', value: 1_000, wrote: '4' }, { limits: { cpu: '4' } }],
    ['many owners', { field: 'weight', value: 5, wrote: 60, owners: Array(5).fill(owner) }, { weight: 60 }],
    ['owners that are none', { field: 'weight', value: 5, wrote: 60, owners: [7] }, { weight: 60 }],
    [
      'a text without end',
      { field: 'requirements', key, value: ['a', 'b'.repeat(5_000)], wrote: ['a'] },
      { requirements: [inZones('a')] },
    ],
  ];
  for (const [name, hold, spec] of FORGED)
    it(`is never put back, and told: ${name}`, async () => {
      const annotations = { 'carbon-before': JSON.stringify({ version: 1, owners: [], ...hold }) };
      const object = nodePool('a', { ...spec, annotations });
      // What stands there is ours, as it would be on a pool that we follow.
      const [mine] = object.metadata.managedFields ?? [];
      const managedFields = [{ ...mine, manager: 'gridgate-node-pools' }];
      const pools = followedPools({ ...object, metadata: { ...object.metadata, managedFields } } as typeof object);
      assert.equal(traceOfPool(pools.pool('a'))?.patch.spec, undefined, 'uninstall');
      const { a } = await pools.grams({ eu: 400 });
      assert.deepEqual(specOf(pools), object.spec);
      assert.equal(a?.complaint?.reason, 'CarbonAwareMistake');
      assert.match(a?.complaint?.note ?? '', /carbon-before is nothing that gridgate writes/);
    });
});

describe('a leader that begins', () => {
  it('goes on where one was killed between putting back and forgetting', async () => {
    const pools = followedPools(nodePool('a', PAUSE));
    await pools.grams({ eu: 400 });
    let writes = 0;
    pools.beforeEach(() => {
      if (++writes === 2) throw new Error('killed');
    });
    await assert.rejects(pools.grams({ eu: 100 }, { now: NOW + HOUR }), /killed/);
    assert.equal(specOf(pools)?.limits?.['cpu'], 100);
    assert.notEqual(pools.pool('a').metadata.annotations?.[BEFORE], undefined);
    pools.beforeEach(() => {});
    await pools.grams({ eu: 100 }, { now: NOW + HOUR + MINUTE });
    const { metadata } = pools.pool('a');
    assert.equal(metadata.annotations?.[BEFORE], undefined);
    assert.deepEqual(metadata.managedFields, nodePool('a', PAUSE).metadata.managedFields);
    assert.equal(statusOf(pools)?.changes.length, 1);
  });

  it('writes nothing where all is as it should be', async () => {
    const pools = followedPools(nodePool('a', PAUSE));
    await pools.grams({ eu: 400 });
    const written = pools.writes.length;
    for (const minutes of [1, 60, 2_000]) await pools.grams({ eu: 300 }, { now: NOW + minutes * MINUTE });
    assert.equal(pools.writes.length, written);
  });

  it('of whom the clock was set back waits 30 minutes, not until it has caught up', async () => {
    const pools = followedPools(nodePool('a', PAUSE));
    await pools.grams({ eu: 400 });
    const back = NOW - 10 * DAY;
    await pools.grams({ eu: 100 }, { now: back });
    assert.equal(specOf(pools)?.limits?.['cpu'], '0');
    await pools.grams({ eu: 100 }, { now: back + 29 * MINUTE });
    assert.equal(specOf(pools)?.limits?.['cpu'], '0');
    await pools.grams({ eu: 100 }, { now: back + 30 * MINUTE });
    assert.equal(specOf(pools)?.limits?.['cpu'], 100);
  });

  const UNREADABLE = ['', '{', '[]', 'null', '{"version":2}', '{"version":1,"mode":"pause","dirty":"x","since":"y"}'];
  for (const text of UNREADABLE)
    it(`judges anew by a status that cannot be read: ${text}`, async () => {
      const parts = { ...PAUSE, annotations: { ...PAUSE.annotations, 'carbon-status': text, 'carbon-before': text } };
      const pools = followedPools(nodePool('a', parts));
      await pools.grams({ eu: 400 });
      await pools.grams({ eu: 100 }, { now: NOW + HOUR });
      assert.deepEqual(specOf(pools), nodePool('a', PAUSE).spec);
    });
});

describe('what is read of a pool', () => {
  it('survives what people and other versions write', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.json(), (mode, before, status) => {
        const annotations = { 'carbon-aware': mode, 'carbon-before': before, 'carbon-status': status };
        assert.equal(toCarbonPool(nodePool('a', { annotations })).name, 'a');
      }),
    );
  });
});
