import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BANDS } from '../../src/regions/band.ts';
import { SIGNALS } from '../../src/regions/reading.ts';
import { parseStatus, type RegionStatus, writeStatus } from '../../src/regions/region-status.ts';

const NOW = Date.parse('2026-11-22T09:00:00Z');

const time = fc.integer({ min: NOW - 10 * 86_400_000, max: NOW + 10 * 86_400_000 });
const grams = fc.double({ min: 0, max: 2000, noNaN: true });

const status: fc.Arbitrary<RegionStatus> = fc.record(
  {
    reading: fc.record(
      {
        gramsPerKwh: grams,
        signal: fc.constantFrom(...SIGNALS),
        source: fc.string(),
        measuredAt: time,
        stepMs: fc.integer({ min: 0, max: 86_400 }).map((seconds) => seconds * 1000),
        estimated: fc.boolean(),
        freshness: fc.constantFrom('fresh', 'stale', 'embedded'),
      },
      { requiredKeys: ['gramsPerKwh', 'signal', 'source', 'estimated', 'freshness'], noNullPrototype: true },
    ),
    forecast: fc.array(
      fc.record(
        { from: time, gramsPerKwh: grams, low: grams, high: grams, standIn: fc.boolean() },
        { requiredKeys: ['from', 'gramsPerKwh'], noNullPrototype: true },
      ),
    ),
    band: fc.constantFrom(...BANDS),
    bandSince: time,
    bandChanges: fc.array(time, { maxLength: 5 }),
    bandThresholds: fc.tuple(grams, grams).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
    outage: fc.record(
      { active: fc.boolean(), reason: fc.string(), sources: fc.array(fc.string()), since: time, quietSince: time },
      { requiredKeys: ['active', 'sources'], noNullPrototype: true },
    ),
    gridZone: fc.string(),
    conditions: fc.array(
      fc.record(
        {
          type: fc.string(),
          status: fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const),
          observedGeneration: fc.nat(),
          lastTransitionTime: time,
          reason: fc.string(),
          message: fc.string(),
        },
        { noNullPrototype: true },
      ),
    ),
  },
  { requiredKeys: [], noNullPrototype: true },
);

describe('the status of a region', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(status, (one) => {
        assert.deepEqual(parseStatus(JSON.parse(JSON.stringify(writeStatus(one)))), one);
      }),
    );
  });

  it('is written with RFC 3339 times', () => {
    const reading = {
      gramsPerKwh: 41,
      signal: 'average-lifecycle',
      source: 'watttime',
      measuredAt: NOW,
      stepMs: 300_000,
      estimated: false,
      freshness: 'fresh',
    } as const;
    assert.deepEqual(
      writeStatus({ reading, bandSince: NOW, bandChanges: [NOW], forecast: [{ from: NOW, gramsPerKwh: 1 }] }),
      {
        reading: {
          gramsPerKwh: 41,
          signal: 'average-lifecycle',
          source: 'watttime',
          measuredAt: '2026-11-22T09:00:00.000Z',
          stepSeconds: 300,
          estimated: false,
          freshness: 'fresh',
        },
        bandSince: '2026-11-22T09:00:00.000Z',
        bandChanges: ['2026-11-22T09:00:00.000Z'],
        forecast: [{ from: '2026-11-22T09:00:00.000Z', gramsPerKwh: 1 }],
      },
    );
  });

  const rows: readonly [name: string, document: unknown, read: RegionStatus][] = [
    ['absent', undefined, {}],
    ['null', null, {}],
    ['a text', 'low', {}],
    ['a band that nobody knows, beside one field that is good', { band: 'green', gridZone: 'FR' }, { gridZone: 'FR' }],
    ['half a reading', { reading: { gramsPerKwh: 5 }, band: 'low' }, { band: 'low' }],
    ['an absurd reading', { reading: { gramsPerKwh: 99_999 } }, {}],
    ['a time that is none', { bandSince: 'yesterday' }, {}],
    ['an outage without sources', { outage: { active: true } }, { outage: { active: true, sources: [] } }],
    ['fields of a later version', { colour: 'blue' }, {}],
  ];
  for (const [name, document, read] of rows)
    it(`makes do with ${name}`, () => assert.deepEqual(parseStatus(document), read));

  it('never throws, whatever it is given', () => {
    fc.assert(fc.property(fc.anything(), (document) => void parseStatus(document)));
  });
});
