import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listRegions, renderListing, renderShell } from '../../../src/questions/regions/region-listing.ts';
import type { RegionView } from '../../../src/regions/snapshot.ts';
import { makeRegion, makeSnapshot, NOW } from '../../builders.ts';

const NO_ZONES: ReadonlyMap<string, string> = new Map();

const AVERAGE: RegionView = {
  name: 'avg',
  reading: {
    gramsPerKwh: 250.04,
    signal: 'average-lifecycle',
    source: 'embedded',
    estimated: true,
    freshness: 'embedded',
  },
  band: 'medium',
  latencyMs: new Map(),
  elastic: false,
};

function list(...regions: readonly RegionView[]) {
  return listRegions({ snapshot: makeSnapshot(regions), zones: new Map([['avg', 'DE']]) });
}

/** The words of each line of the table, without its titles. */
function cells(...regions: readonly RegionView[]): readonly (readonly string[])[] {
  const [, ...lines] = renderListing(list(...regions))
    .trimEnd()
    .split('\n');
  return lines.map((line) => line.trim().split(/ {2,}/));
}

describe('the listing of regions', () => {
  it('has every field of v1, null where nobody knows', () =>
    assert.deepEqual(list(makeRegion('eu', 120.5, { outage: 'flood' }), AVERAGE, makeRegion('mars', undefined)), {
      version: 'v1',
      takenAt: '2026-11-22T09:00:00.000Z',
      policySignal: 'average-lifecycle',
      regions: [
        {
          name: 'eu',
          zone: null,
          gramsPerKwh: 120.5,
          signal: 'average-lifecycle',
          band: 'low',
          outage: { active: true, reason: 'flood', sources: ['manual'] },
          source: 'static',
          freshness: 'fresh',
          estimated: false,
          measuredAt: '2026-11-22T08:50:00.000Z',
          ageSeconds: 600,
        },
        {
          name: 'avg',
          zone: 'DE',
          gramsPerKwh: 250.04,
          signal: 'average-lifecycle',
          band: 'medium',
          outage: null,
          source: 'embedded',
          freshness: 'embedded',
          estimated: true,
          measuredAt: null,
          ageSeconds: null,
        },
        {
          name: 'mars',
          zone: null,
          gramsPerKwh: null,
          signal: null,
          band: null,
          outage: null,
          source: null,
          freshness: null,
          estimated: null,
          measuredAt: null,
          ageSeconds: null,
        },
      ],
    }));

  const ages: readonly [name: string, ageMs: number, seconds: number, shown: string][] = [
    ['now', 0, 0, '0s'],
    ['of the future: clocks differ', -5_000, 0, '0s'],
    ['under a minute', 59_999, 59, '59s'],
    ['minutes, without seconds', 150_000, 150, '2m'],
    ['hours and minutes', 5_430_000, 5_430, '1h30m'],
    ['days and hours', 97_260_000, 97_260, '1d3h'],
  ];
  for (const [name, ageMs, seconds, shown] of ages)
    it(`tells the age of a reading: ${name}`, () => {
      const region = makeRegion('eu', 50, { reading: { measuredAt: NOW - ageMs } });
      assert.equal(list(region).regions[0]?.ageSeconds, seconds);
      assert.equal(cells(region)[0]?.at(-1), shown);
    });
});

describe('the table of regions', () => {
  const rows: readonly [name: string, region: RegionView, cells: readonly string[]][] = [
    ['measured', makeRegion('eu', 120.46), ['eu', '-', '120.5', 'low', '-', 'static', '10m']],
    ['an average has no age', AVERAGE, ['avg', 'DE', '250', 'medium', '-', 'embedded', '-']],
    ['unknown, as is its zone', makeRegion('eu', undefined), ['eu', 'no zone', 'unknown', '-', '-', '-', '-']],
    ['unknown in a known zone', makeRegion('avg', undefined), ['avg', 'DE', 'unknown', '-', '-', '-', '-']],
    ['in outage', makeRegion('eu', 1, { outage: 'flood' }), ['eu', '-', '1', 'low', 'DOWN: flood', 'static', '10m']],
    [
      'in outage, nobody says why',
      { ...makeRegion('eu', 1), outage: { active: true, sources: [] } },
      ['eu', '-', '1', 'low', 'DOWN', 'static', '10m'],
    ],
    [
      'an outage that is over',
      { ...makeRegion('eu', 1), outage: { active: false, reason: 'flood', sources: [] } },
      ['eu', '-', '1', 'low', '-', 'static', '10m'],
    ],
  ];
  for (const [name, region, expected] of rows) it(name, () => assert.deepEqual(cells(region), [expected]));

  it('names a signal that compares with nothing', () => {
    const { band: _, ...region } = makeRegion('eu', 7, { reading: { signal: 'marginal' } });
    assert.deepEqual(cells(region), [['eu', '-', '7', '-', '-', 'static (marginal)', '10m']]);
  });

  const marks: readonly [name: string, reading: object, source: string, age: string][] = [
    ['an estimate', { estimated: true }, 'static (estimated)', '10m'],
    ['an estimate of another signal', { estimated: true, signal: 'marginal' }, 'static (marginal, estimated)', '10m'],
    ['what is stale', { freshness: 'stale' }, 'static', '10m stale'],
  ];
  for (const [name, reading, source, age] of marks)
    it(`marks ${name}, as the status page does`, () =>
      assert.deepEqual(cells(makeRegion('eu', 7, { reading }))[0]?.slice(-2), [source, age]));

  it('fits 80 columns and keeps names whole as long as it can', () => {
    const region = makeRegion('ap-southeast-1', 1999.9, {
      outage: 'x'.repeat(200),
      reading: { source: 'uk-carbon-intensity', measuredAt: NOW - 97_260_000 },
      band: 'medium',
    });
    const zones = new Map([[region.name, 'US-CENT-SWPP']]);
    const lines = renderListing(listRegions({ snapshot: makeSnapshot([region]), zones })).split('\n');
    for (const line of lines) assert.ok(line.length <= 80, line);
    assert.match(lines[1] ?? '', /^ap-southeast-1 .*1999\.9 .*DOW.*… .*1d3h$/);
  });

  it('of no regions is its titles', () =>
    assert.match(renderListing(listRegions({ snapshot: makeSnapshot([]), zones: NO_ZONES })), /^NAME .*AGE\n$/));
});

it('a runbook reads a line for each candidate, as given', () =>
  assert.equal(
    renderShell([
      { name: 'eu-north-1', gramsPerKwh: 18.04 },
      { name: 'us-west-2', gramsPerKwh: 120.46 },
    ]),
    'eu-north-1: 18 gCO2e/kWh\nus-west-2: 120.5 gCO2e/kWh\n',
  ));
