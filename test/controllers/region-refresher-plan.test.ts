import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { LiveRegion } from '../../src/cluster/regions.ts';
import { planStatus, planStatuses, type StatusFacts } from '../../src/controllers/region-refresher/plan.ts';
import type { OutageState, RegionStatus } from '../../src/regions/region-status.ts';
import type { RegionIntensity } from '../../src/sources/intensity/chain.ts';
import {
  averageIntensity,
  HOUR_MS,
  liveRegion,
  MINUTE_MS,
  measuredIntensity,
  NOW,
  withStatus,
} from './live-regions.ts';

type Parts = Partial<StatusFacts> & { readonly intensity?: RegionIntensity; readonly outage?: OutageState };

function facts({ intensity, outage, ...rest }: Parts = {}): StatusFacts {
  return {
    intensityOf: () => intensity,
    outages: new Map(outage ? [['a', outage]] : []),
    policySignal: 'average-lifecycle',
    now: NOW,
    ...rest,
  };
}

function planned(...[region, parts]: readonly [ReturnType<typeof liveRegion>, Parts?]): RegionStatus {
  const status = planStatus(region, facts(parts));
  assert.ok(status, 'nothing to write');
  return status;
}

/** The status after a first measurement, as the API server gives it back. */
function settled(gramsPerKwh: number, now = NOW) {
  const region = liveRegion('a', { gridZone: 'DE' });
  return withStatus(region, planned(region, { intensity: measuredIntensity(gramsPerKwh, 0, now), now }));
}

describe('the status of a region', () => {
  it('says all there is to say about a measurement', () => {
    const forecast = { points: [{ from: NOW, gramsPerKwh: 90 }], estimated: true, source: 'electricity-maps' } as const;
    const status = planned(liveRegion('a', { gridZone: 'DE' }), {
      intensity: { ...measuredIntensity(250), forecast },
      outage: { active: false, sources: [] },
    });
    const { conditions, ...rest } = status;
    assert.deepEqual(rest, {
      reading: { ...measuredIntensity(250).reading, stepMs: HOUR_MS },
      forecast: [{ from: NOW, gramsPerKwh: 90, standIn: true }],
      band: 'medium',
      bandSince: NOW,
      bandChanges: [],
      bandThresholds: [200, 300],
      outage: { active: false, sources: [] },
      gridZone: 'DE',
    });
    assert.deepEqual(
      conditions?.map(({ type, status: is, reason, observedGeneration }) => [type, is, reason, observedGeneration]),
      [
        ['Ready', 'True', 'Measured', 1],
        ['SourcesHealthy', 'True', 'Answering', 1],
      ],
    );
  });

  it('says where not even the grid zone is known', () => {
    const nobody = { intensity: { attempts: [], forecast: undefined } };
    const [ready] = planned(liveRegion('us-iso-east-1'), nobody).conditions ?? [];
    assert.deepEqual([ready?.status, ready?.reason], ['False', 'NoZone']);
    assert.match(ready?.message ?? '', /no grid zone is known .* spec\.gridZone/);
    assert.equal(planned(liveRegion('mars', { gridZone: 'MARS' }), nobody).conditions?.[0]?.reason, 'NoReading');
  });

  it('shows the zone of a public cloud region whose spec names none', () => {
    assert.equal(planned(liveRegion('eu-central-1'), {}).gridZone, 'DE');
  });

  const kept = settled(100);
  const rows: readonly [
    name: string,
    region: ReturnType<typeof liveRegion>,
    parts: Parts,
    source: string | undefined,
  ][] = [
    ['a fixed value before all', liveRegion('a', { gramsPerKwh: 1 }), { intensity: measuredIntensity(2) }, 'static'],
    ['what was measured', liveRegion('a'), { intensity: measuredIntensity(2) }, 'electricity-maps'],
    ['the average where nothing was ever measured', liveRegion('a'), { intensity: averageIntensity() }, 'embedded'],
    [
      'what the leader before measured, while usable',
      kept,
      { intensity: averageIntensity(), now: NOW + 5 * HOUR_MS },
      'electricity-maps',
    ],
    ['the average once that is too old', kept, { intensity: averageIntensity(), now: NOW + 7 * HOUR_MS }, 'embedded'],
    [
      'nothing of another grid zone',
      { ...kept, spec: { gridZone: 'FR' } },
      { intensity: averageIntensity() },
      'embedded',
    ],
    ['nothing where nobody knows', liveRegion('a'), { intensity: { attempts: [], forecast: undefined } }, undefined],
  ];
  for (const [name, region, parts, source] of rows)
    it(`has as its reading ${name}`, () => assert.equal(planned(region, parts).reading?.source, source));

  const ours = [{ from: NOW, gramsPerKwh: 90, low: 80, high: 100 }] as const;
  const theirs = [{ from: NOW, gramsPerKwh: 70 }] as const;
  const before = [{ from: NOW + HOUR_MS, gramsPerKwh: 50 }] as const;
  const announced: RegionIntensity = {
    ...measuredIntensity(2),
    forecast: { points: theirs, estimated: false, source: 'electricity-maps' },
  };
  const forecasts: readonly [
    name: string,
    parts: Parts & { readonly spec?: LiveRegion['spec']; readonly before?: RegionStatus['forecast'] },
    forecast: RegionStatus['forecast'] | undefined,
  ][] = [
    ['what was learnt before what the source says', { forecastOf: () => ours, intensity: announced }, ours],
    ['what the source says while too little was learnt', { forecastOf: () => undefined, intensity: announced }, theirs],
    [
      'what was written while it is not learnt yet',
      { forecastOf: () => 'not-yet', intensity: announced, before },
      before,
    ],
    [
      'what the source says where nothing was written yet',
      { forecastOf: () => 'not-yet', intensity: announced },
      theirs,
    ],
    ['what was written where nobody says anything', { intensity: measuredIntensity(2), before }, before],
    ['none of a fixed value', { forecastOf: () => ours, intensity: announced, spec: { gramsPerKwh: 5 } }, undefined],
  ];
  for (const [name, { spec, before, ...parts }, forecast] of forecasts)
    it(`has as its forecast ${name}`, () => {
      const region = liveRegion('a', spec, before ? { forecast: before } : {});
      assert.deepEqual(planned(region, parts).forecast, forecast);
    });

  it('is left as it was by a new leader that has asked nobody yet', () => {
    assert.equal(planStatus(kept, facts()), undefined);
  });

  it('loses what was of the zone before when the spec names another', () => {
    assert.deepEqual(planned({ ...kept, spec: { gridZone: 'FR' } }), { gridZone: 'FR' });
  });

  it('keeps no reason of an outage that is over, or that a hand overrules', () => {
    const past = { active: true, reason: 'drill', until: '2026-11-22T08:00:00Z' };
    for (const outage of [past, { active: false, reason: 'wrong alarm' }])
      assert.deepEqual(planned(liveRegion('a', { outage })).outage, { active: false, sources: ['manual'] });
  });

  it('turns stale by itself', () => {
    const later = planned(kept, { intensity: measuredIntensity(100), now: NOW + 3 * HOUR_MS });
    assert.equal(later.reading?.freshness, 'stale');
    assert.equal(later.conditions?.[0]?.reason, 'Stale');
  });
});

describe('what is worth a write', () => {
  const before = settled(100);
  const down: OutageState = { active: true, reason: 'many 5xx', sources: ['prometheus'], since: NOW };
  const rows: readonly [name: string, parts: Parts, isWritten: boolean][] = [
    ['nothing: no', { intensity: measuredIntensity(100) }, false],
    ['a later measurement of the same value: yes', { intensity: measuredIntensity(100, -MINUTE_MS) }, true],
    ['another value: yes', { intensity: measuredIntensity(101) }, true],
    ['an outage: yes', { intensity: measuredIntensity(100), outage: down }, true],
    [
      'a source that fails: yes',
      { intensity: { ...measuredIntensity(100), attempts: averageIntensity().attempts } },
      true,
    ],
    ['time alone: no', { intensity: measuredIntensity(100), now: NOW + HOUR_MS }, false],
  ];
  for (const [name, parts, isWritten] of rows)
    it(name, () => assert.equal(planStatus(before, facts(parts)) !== undefined, isWritten));

  it('a countdown in the words of a failure: no', () => {
    const region = liveRegion('a');
    const failing = withStatus(region, planned(region, { intensity: averageIntensity('left alone for 37 s') }));
    assert.equal(planStatus(failing, facts({ intensity: averageIntensity('left alone for 7 s') })), undefined);
    assert.ok(planStatus(failing, facts({ intensity: averageIntensity('it answers 500') })));
  });

  it('the condition of somebody else: no, and it stays theirs', () => {
    const foreign = { type: 'Audited', status: 'True', lastTransitionTime: NOW, reason: 'Seen', message: '' } as const;
    const conditions = [foreign, ...(before.observed.conditions ?? [])];
    const shared = { ...before, observed: { ...before.observed, conditions } };
    assert.equal(planStatus(shared, facts({ intensity: measuredIntensity(100) })), undefined);
    assert.equal(planned(shared, { outage: down }).conditions?.length, 2);
  });

  it('in the order of what decides most', () => {
    const [outage, band, value, same] = ['z-outage', 'y-band', 'b-value', 'a-same'].map((name) => {
      const region = liveRegion(name);
      const status = planStatus(region, facts({ intensity: measuredIntensity(100) }));
      assert.ok(status);
      return withStatus(region, status);
    });
    assert.ok(outage && band && value && same);
    const now = NOW + HOUR_MS;
    const intensities = new Map([
      ['a-same', measuredIntensity(100)],
      ['b-value', measuredIntensity(101)],
      ['y-band', measuredIntensity(900)],
      ['z-outage', measuredIntensity(100)],
    ]);
    const outages = new Map([['z-outage', down]]);
    const order = planStatuses(
      [same, value, band, outage],
      facts({ intensityOf: ({ metadata }) => intensities.get(metadata.name), outages, now }),
    );
    assert.deepEqual(
      order.map(({ metadata }) => metadata.name),
      ['z-outage', 'y-band', 'b-value'],
    );
  });
});

describe('a condition', () => {
  it('keeps the time of its last change, and has another when it changes', () => {
    const before = settled(100);
    const later = NOW + HOUR_MS;
    const worse = planned(before, {
      intensity: { ...measuredIntensity(110), attempts: averageIntensity().attempts },
      now: later,
    });
    assert.deepEqual(
      worse.conditions?.map(({ type, status, lastTransitionTime }) => [type, status, lastTransitionTime]),
      [
        ['Ready', 'True', NOW],
        ['SourcesHealthy', 'False', later],
      ],
    );
    assert.equal(worse.conditions?.[1]?.message, 'electricity-maps: unavailable: it answers 500');
  });
});

describe('a band', () => {
  it('is held by the next leader as by the one before', () => {
    const before = settled(100);
    const soon = { intensity: measuredIntensity(240), now: NOW + 29 * MINUTE_MS };
    assert.equal(planned(before, soon).band, 'low', 'for half an hour');
    assert.equal(planned(before, { ...soon, now: NOW + 31 * MINUTE_MS }).band, 'medium');
    const restless = { ...before, observed: { ...before.observed, bandChanges: Array(5).fill(NOW - HOUR_MS) } };
    assert.equal(planned(restless, { ...soon, now: NOW + 31 * MINUTE_MS }).band, 'low', 'after five changes a day');
  });

  it('begins anew with another kind of value', () => {
    const soon = NOW + MINUTE_MS;
    const high = settled(900);
    const fixed = withStatus(liveRegion('a'), planned(liveRegion('a', { gramsPerKwh: 900 })));
    const average = withStatus(liveRegion('a'), planned(liveRegion('a'), { intensity: averageIntensity() }));
    const rows: readonly [name: string, region: ReturnType<typeof liveRegion>, band: string][] = [
      ['measured before', high, 'high'],
      ['of another zone before', { ...high, spec: { gridZone: 'FR' } }, 'low'],
      ['fixed before', fixed, 'low'],
      ['an average before', average, 'low'],
    ];
    for (const [name, region, band] of rows)
      assert.equal(planned(region, { intensity: measuredIntensity(100), now: soon }).band, band, name);
    assert.equal(
      planned({ ...high, spec: { gridZone: 'DE', gramsPerKwh: 1 } }, { now: soon }).band,
      'low',
      'fixed now',
    );
  });

  it('has the thresholds of its region', () => {
    const thresholdsOf = ({ metadata }: LiveRegion) => (metadata.name === 'a' ? ([50, 80] as const) : undefined);
    const thresholds = [1, 2] as const;
    const rows: readonly [name: string, region: LiveRegion, intensity: RegionIntensity, band: string, own: boolean][] =
      [
        ['measured, with a week of its own', liveRegion('a'), measuredIntensity(70), 'medium', true],
        ['measured, too little known of it', liveRegion('b'), measuredIntensity(70), 'high', false],
        ['a yearly average', liveRegion('a'), averageIntensity(), 'high', false],
        ['a fixed value', liveRegion('a', { gramsPerKwh: 2 }), measuredIntensity(70), 'medium', false],
      ];
    for (const [name, region, intensity, band, own] of rows) {
      const status = planned(region, { intensity, thresholds, thresholdsOf });
      assert.deepEqual([status.band, status.bandThresholds], [band, own ? [50, 80] : [1, 2]], name);
    }
  });

  it('shows other thresholds as soon as they count', () => {
    const parts = { intensity: measuredIntensity(100) };
    assert.equal(planStatus(settled(100), facts(parts)), undefined);
    const status = planned(settled(100), { ...parts, thresholds: [150, 300] });
    assert.deepEqual([status.bandThresholds, status.band], [[150, 300], 'low']);
  });

  it('holds a band although its thresholds move', () => {
    const region = settled(100);
    const thresholdsOf = () => [40, 80] as const;
    const at = (now: number) => planned(region, { intensity: measuredIntensity(100, 0, now), thresholdsOf, now }).band;
    assert.deepEqual([at(NOW + 29 * MINUTE_MS), at(NOW + 30 * MINUTE_MS)], ['low', 'high']);
  });
});

describe('whatever happens', () => {
  const intensity = fc.oneof(
    fc.record({ grams: fc.integer({ min: 0, max: 2000 }), ageMs: fc.integer({ min: -MINUTE_MS, max: 8 * HOUR_MS }) }),
    fc.constant('average' as const),
    fc.constant('unasked' as const),
  );
  const outage = fc.option(
    fc.record(
      {
        active: fc.boolean(),
        reason: fc.string({ maxLength: 300 }),
        sources: fc.constant(['nodes']),
        since: fc.constant(NOW),
      },
      { requiredKeys: ['active', 'sources'], noNullPrototype: true },
    ),
    { nil: undefined },
  );
  const spec = fc.record(
    {
      gridZone: fc.constantFrom('DE', 'FR'),
      gramsPerKwh: fc.integer({ min: 0, max: 2000 }),
      outage: fc.record({ active: fc.boolean() }, { noNullPrototype: true }),
    },
    { requiredKeys: [], noNullPrototype: true },
  );
  const step = fc.record({ spec, intensity, outage, passedMs: fc.integer({ min: -HOUR_MS, max: 10 * HOUR_MS }) });

  it('a status that was written is not written again', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        let region = liveRegion('a');
        let now = NOW;
        for (const one of steps) {
          now += one.passedMs;
          const at = now;
          const said = one.intensity;
          const parts: Parts = {
            now,
            ...(said === 'average' && { intensity: averageIntensity() }),
            ...(typeof said === 'object' && { intensity: measuredIntensity(said.grams, said.ageMs, at) }),
            ...(one.outage && { outage: one.outage }),
          };
          region = { ...region, spec: one.spec };
          const status = planStatus(region, facts(parts));
          if (status) region = withStatus(region, status);
          assert.equal(planStatus(region, facts(parts)), undefined);
        }
      }),
    );
  });
});
