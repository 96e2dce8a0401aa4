import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { buildSnapshot, nextChange } from '../../src/regions/build-snapshot.ts';
import type { ObservedRegion } from '../../src/regions/observed-region.ts';
import type { RegionSpec } from '../../src/regions/region-resource.ts';
import type { ObservedReading, OutageState, RegionStatus } from '../../src/regions/region-status.ts';
import { createSnapshotHolder } from '../../src/regions/snapshot-holder.ts';
import { AVERAGE, NOW } from '../builders.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const READ_AT = NOW - 1_000;

function measured(ageMs: number, change: Partial<ObservedReading> = {}): ObservedReading {
  const measuredAt = NOW - ageMs;
  return {
    gramsPerKwh: 100,
    signal: 'average-lifecycle',
    source: 'electricity-maps',
    measuredAt,
    estimated: false,
    freshness: 'fresh',
    stepMs: HOUR_MS,
    ...change,
  };
}

function regionOf(spec: RegionSpec, observed: RegionStatus = {}): ObservedRegion {
  return { metadata: { name: 'a' }, spec, observed };
}

function viewOf(region: ObservedRegion, now = NOW) {
  const [view] = buildSnapshot({
    regions: [region],
    regionsReadAt: READ_AT,
    fallbackReading: () => AVERAGE,
    regionLabel: 'region',
    policySignal: 'average-lifecycle',
    now,
  }).regions;
  assert.ok(view);
  return view;
}

describe('the reading of a region in a cluster', () => {
  const rows: readonly [name: string, region: ObservedRegion, source: string, freshness: string][] = [
    ['fixed, before what was measured', regionOf({ gramsPerKwh: 7 }, { reading: measured(0) }), 'static', 'fresh'],
    ['measured and fresh', regionOf({}, { reading: measured(2 * HOUR_MS) }), 'electricity-maps', 'fresh'],
    [
      'measured when the leader left',
      regionOf({}, { reading: measured(2 * HOUR_MS + 1) }),
      'electricity-maps',
      'stale',
    ],
    ['six hours old', regionOf({}, { reading: measured(6 * HOUR_MS) }), 'electricity-maps', 'stale'],
    ['older than six hours', regionOf({}, { reading: measured(6 * HOUR_MS + 1) }), 'embedded', 'embedded'],
    [
      'of a daily series',
      regionOf({}, { reading: measured(20 * HOUR_MS, { stepMs: 24 * HOUR_MS }) }),
      'electricity-maps',
      'fresh',
    ],
    [
      'of a 5-minute series',
      regionOf({}, { reading: measured(66 * MINUTE_MS, { stepMs: 5 * MINUTE_MS }) }),
      'electricity-maps',
      'stale',
    ],
    [
      'without a time',
      regionOf({}, { reading: { ...measured(0), measuredAt: undefined } as never }),
      'embedded',
      'embedded',
    ],
    [
      'fixed once, and taken back',
      regionOf({}, { reading: measured(0, { source: 'static' }) }),
      'embedded',
      'embedded',
    ],
    [
      'of another grid zone',
      regionOf({ gridZone: 'DE' }, { gridZone: 'FR', reading: measured(0) }),
      'embedded',
      'embedded',
    ],
    [
      'of the same grid zone',
      regionOf({ gridZone: 'DE' }, { gridZone: 'DE', reading: measured(0) }),
      'electricity-maps',
      'fresh',
    ],
    ['an average', regionOf({}, { reading: { ...AVERAGE, gramsPerKwh: 1 } }), 'embedded', 'embedded'],
    ['not there', regionOf({}), 'embedded', 'embedded'],
  ];
  for (const [name, region, source, freshness] of rows)
    it(name, () => {
      const { reading } = viewOf(region);
      assert.deepEqual([reading?.source, reading?.freshness], [source, freshness]);
      if (source === 'embedded') assert.equal(reading, AVERAGE);
    });

  it('fixed keeps the moment at which the leader first saw it, while it is the same value', () => {
    const seen = measured(HOUR_MS, { source: 'static', gramsPerKwh: 7 });
    assert.equal(viewOf(regionOf({ gramsPerKwh: 7 }, { reading: seen })).reading?.measuredAt, NOW - HOUR_MS);
    assert.equal(viewOf(regionOf({ gramsPerKwh: 8 }, { reading: seen })).reading?.measuredAt, READ_AT);
  });
});

describe('the band of a region in a cluster', () => {
  const rows: readonly [name: string, region: ObservedRegion, band: string | undefined][] = [
    ['is the one that the leader holds', regionOf({}, { reading: measured(0), band: 'high' }), 'high'],
    ['stays while the reading is stale', regionOf({}, { reading: measured(5 * HOUR_MS), band: 'high' }), 'high'],
    [
      'goes with a reading that is too old',
      regionOf({}, { reading: { ...measured(7 * HOUR_MS), gramsPerKwh: 1 }, band: 'low' }),
      'high',
    ],
    ['is judged here until the leader has', regionOf({}, { reading: measured(0) }), 'low'],
    ['is that of a new fixed value', regionOf({ gramsPerKwh: 250 }, { reading: measured(0), band: 'high' }), 'medium'],
    ['is absent for another signal', regionOf({}, { reading: measured(0, { signal: 'marginal' }) }), undefined],
  ];
  for (const [name, region, band] of rows) it(name, () => assert.equal(viewOf(region).band, band));
});

describe('the outage of a region in a cluster', () => {
  const down: OutageState = { active: true, reason: 'many 5xx', sources: ['prometheus'] };
  const up: OutageState = { active: false, sources: [] };
  const byHand: OutageState = { active: true, reason: 'flood', sources: ['manual'] };
  const both: OutageState = { active: true, reason: 'flood', sources: ['manual', 'prometheus'] };
  const past = new Date(NOW).toISOString();
  const rows: readonly [
    name: string,
    manual: RegionSpec['outage'],
    status: OutageState | undefined,
    expected: readonly [active: boolean, sources: readonly string[]] | undefined,
  ][] = [
    ['by hand', { active: true }, undefined, [true, ['manual']]],
    ['by hand, whatever automatic sources say', { active: true }, up, [true, ['manual']]],
    ['by hand and by itself', { active: true }, down, [true, ['manual', 'prometheus']]],
    ['overridden by hand', { active: false }, down, [false, ['manual']]],
    [
      'overridden by hand, and seen by the leader',
      { active: false },
      { ...up, sources: ['manual'] },
      [false, ['manual']],
    ],
    ['over, by hand', { active: true, until: past }, undefined, [false, ['manual']]],
    ['over by hand, but not by itself', { active: true, until: past }, both, [true, ['prometheus']]],
    ['over by hand and by itself', { active: true, until: past }, up, [false, []]],
    ['by itself', undefined, down, [true, ['prometheus']]],
    ['none', undefined, up, [false, []]],
    ['taken back by hand, which no leader saw', undefined, byHand, undefined],
    ['taken back by hand, but not by itself', undefined, both, [true, ['prometheus']]],
    ['unknown', undefined, undefined, undefined],
  ];
  for (const [name, manual, status, expected] of rows)
    it(name, () => {
      const { outage } = viewOf(regionOf(manual ? { outage: manual } : {}, status ? { outage: status } : {}));
      assert.deepEqual(outage && [outage.active, outage.sources], expected);
    });

  it('does not keep the reason of a hand that has gone', () => {
    assert.equal(viewOf(regionOf({}, { outage: both })).outage?.reason, undefined);
    assert.equal(viewOf(regionOf({}, { outage: down })).outage?.reason, 'many 5xx');
  });
});

describe('the forecast of a region', () => {
  const forecast = [{ from: NOW, gramsPerKwh: 5, standIn: true }];
  const rows: readonly [name: string, region: ObservedRegion, shown: boolean][] = [
    ['is shown', regionOf({}, { forecast }), true],
    ['means nothing beside a fixed value', regionOf({ gramsPerKwh: 5 }, { forecast }), false],
    ['means nothing for another zone', regionOf({ gridZone: 'DE' }, { forecast, gridZone: 'FR' }), false],
  ];
  for (const [name, region, shown] of rows)
    it(name, () => assert.deepEqual(viewOf(region).forecast, shown ? forecast : undefined));
});

describe('the next change of a reading', () => {
  it('comes when it turns stale, and when it is too old', () => {
    const region = regionOf({}, { reading: measured(0) });
    const stale = nextChange([region], NOW);
    assert.equal(stale, NOW + 2 * HOUR_MS + 1);
    assert.equal(nextChange([region], stale ?? 0), NOW + 6 * HOUR_MS + 1);
    assert.equal(nextChange([region], NOW + 6 * HOUR_MS + 1), undefined);
  });

  it('is never for a fixed value', () => {
    assert.equal(nextChange([regionOf({ gramsPerKwh: 1 }, { reading: measured(0) })], NOW), undefined);
  });

  it('changes the snapshot by itself, just then', (t: TestContext) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: NOW });
    const fixed = { regionLabel: 'r', policySignal: 'average-lifecycle', fallbackReading: () => AVERAGE } as const;
    const holder = createSnapshotHolder(fixed, Date.now);
    t.after(holder.stop);
    holder.setRegions([regionOf({}, { reading: measured(0), band: 'low' })]);
    const freshness = () => holder.current().byName.get('a')?.reading?.freshness;
    const seen = [freshness()];
    for (const ms of [2 * HOUR_MS, 1, 4 * HOUR_MS - 1, 1]) {
      t.mock.timers.tick(ms);
      seen.push(freshness());
    }
    assert.deepEqual(seen, ['fresh', 'fresh', 'stale', 'stale', 'embedded']);
    assert.equal(holder.current().byName.get('a')?.band, 'high');
  });
});
