import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forecastFromDays } from '../../src/forecast/first-weeks.ts';

describe('a forecast from few days', () => {
  it('of no past is none, of one hour that hour', () => {
    assert.deepEqual(forecastFromDays([], 5), []);
    assert.deepEqual(forecastFromDays([80], 3), [80, 80, 80]);
  });

  it('is the mean of two day profiles, each with the last deviation fading', () => {
    // Two days, whose second is 70 above the first; nothing but whole days is looked at.
    const past = [...Array(24).fill(100), ...Array(24).fill(170)];
    const halved = (0.5 * 170 + 0.25 * 100) / 0.75;
    const plain = (170 + 100) / 2;
    const expected = Array.from({ length: 30 }, (_, index) => {
      const fade = (by: number) => 70 * by ** (index + 1);
      return (halved + fade(0.9) + plain + fade(0.95)) / 2;
    });
    for (const [index, value] of forecastFromDays(past, 30).entries())
      assert.ok(Math.abs(value - (expected[index] ?? 0)) < 1e-9, `${index}: ${value}, not ${expected[index]}`);
  });
});
