import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Band, bandOf } from '../../src/regions/band.ts';

describe('the band of an intensity', () => {
  const rows: readonly [gramsPerKwh: number, band: Band][] = [
    [0, 'low'],
    [200, 'low'],
    [200.01, 'medium'],
    [300, 'medium'],
    [300.01, 'high'],
    [2000, 'high'],
  ];
  for (const [gramsPerKwh, band] of rows)
    it(`${gramsPerKwh} gCO2e/kWh: ${band}`, () => assert.equal(bandOf(gramsPerKwh), band));

  it("follows thresholds of one's own", () => {
    assert.deepEqual(
      [50, 60, 70].map((grams) => bandOf(grams, [50, 60])),
      ['low', 'medium', 'high'],
    );
  });
});
