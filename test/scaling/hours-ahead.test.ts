import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hoursAhead } from '../../src/scaling/hours-ahead.ts';
import { makeRegion, makeSnapshot, NOW } from '../builders.ts';

const HOUR_MS = 3_600_000;
const points = (hours: number, grams: (hour: number) => number) =>
  Array.from({ length: hours }, (_, hour) => ({ from: NOW + hour * HOUR_MS, gramsPerKwh: grams(hour) }));

describe('the hours of a region that moves are judged by', () => {
  const forecast = points(30, (hour) => 100 + hour);
  const measured = { reading: { source: 'electricity-maps' } };
  for (const [what, region, expected] of [
    ['its reading and its forecast', makeRegion('eu', 90, { ...measured, forecast }), [90, 101, 102, 24]],
    ['its reading for ever, where that is fixed', makeRegion('eu', 90), [90, 90, 90, 24]],
    [
      'its reading for this hour alone, where it is measured and nobody forecasts',
      makeRegion('eu', 90, measured),
      [90, undefined, undefined, 1],
    ],
    [
      'as far as it is forecast',
      makeRegion('eu', 90, { ...measured, forecast: forecast.slice(0, 3) }),
      [90, 101, 102, 3],
    ],
    [
      'nothing, where its reading is of another signal',
      makeRegion('eu', 90, { reading: { signal: 'marginal' } }),
      [undefined, undefined, undefined, 0],
    ],
  ] as const)
    it(`are ${what}`, () => {
      const hours = hoursAhead('eu', makeSnapshot([region]), NOW);
      assert.deepEqual([hours[0], hours[1], hours[2], hours.length], expected);
    });

  it('are none of a region that nobody knows', () =>
    assert.deepEqual(hoursAhead('nowhere', makeSnapshot({}), NOW), []));
});
