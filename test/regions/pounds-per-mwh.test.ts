import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gramsOfPounds } from '../../src/units/pounds-per-mwh.ts';

describe('an intensity in lbs/MWh', () => {
  const rows: readonly [lbsPerMwh: number, gramsPerKwh: number][] = [
    [0, 0],
    [1, 0.45359237],
    [1585, 718.94390645],
    [865, 392.35740005],
  ];
  for (const [lbsPerMwh, gramsPerKwh] of rows)
    it(`of ${lbsPerMwh} is ${gramsPerKwh} gCO2e/kWh`, () =>
      assert.ok(Math.abs(gramsOfPounds(lbsPerMwh) - gramsPerKwh) < 1e-9, String(gramsOfPounds(lbsPerMwh))));
});
