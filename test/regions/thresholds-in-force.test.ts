import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BandThresholds } from '../../src/regions/band.ts';
import type { Reading } from '../../src/regions/reading.ts';
import { thresholdsInForce } from '../../src/regions/thresholds-in-force.ts';

const OWN: BandThresholds = [30, 60];
const ABSOLUTE: BandThresholds = [150, 250];

function reading(overrides: Partial<Reading>): Reading {
  return {
    gramsPerKwh: 50,
    signal: 'average-lifecycle',
    source: 'watttime',
    estimated: false,
    freshness: 'fresh',
    ...overrides,
  };
}

describe('the thresholds that a band is judged by', () => {
  const fixed = reading({ source: 'static' });
  const average = reading({ source: 'embedded', freshness: 'embedded' });
  const rows: readonly [name: string, reading: Reading, own: BandThresholds | undefined, wanted: BandThresholds][] = [
    ['absolute bands', reading({}), undefined, ABSOLUTE],
    ['a fresh measurement', reading({}), OWN, OWN],
    ['a stale measurement', reading({ freshness: 'stale' }), OWN, OWN],
    ['a fixed value', fixed, OWN, ABSOLUTE],
    ['a yearly average', average, OWN, ABSOLUTE],
  ];
  for (const [name, one, own, wanted] of rows)
    it(`of ${name}`, () => assert.equal(thresholdsInForce(one, { absolute: ABSOLUTE, own }), wanted));

  it('are the usual ones where nobody says anything', () => {
    assert.deepEqual(thresholdsInForce(fixed, {}), [200, 300]);
  });
});
