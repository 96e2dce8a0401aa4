import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Band, type BandThresholds, type HeldBand, nextBand, thresholdsOf } from '../../src/regions/band.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function held(band: Band, minutes: number, hoursAgo: readonly number[] = []): HeldBand {
  return { band, since: NOW - minutes * MINUTE, changes: hoursAgo.map((hours) => NOW - hours * HOUR) };
}

describe('the next band', () => {
  it('of a region without one is that of its value, and no change', () => {
    const first = (gramsPerKwh: number) => nextBand({ gramsPerKwh, now: NOW });
    assert.deepEqual(first(200), { band: 'low', since: NOW, changes: [] });
    assert.deepEqual(first(201), { band: 'medium', since: NOW, changes: [] });
    assert.deepEqual(first(301), { band: 'high', since: NOW, changes: [] });
  });

  const edges: readonly [from: Band, gramsPerKwh: number, to: Band][] = [
    ['low', 0, 'low'],
    ['low', 201, 'low'],
    ['low', 220, 'low'],
    ['low', 220.1, 'medium'],
    ['low', 330, 'medium'],
    ['low', 330.1, 'high'],
    ['medium', 330, 'medium'],
    ['medium', 330.1, 'high'],
    ['medium', 180.1, 'medium'],
    ['medium', 180, 'low'],
    ['high', 2000, 'high'],
    ['high', 270.1, 'high'],
    ['high', 270, 'medium'],
    ['high', 180.1, 'medium'],
    ['high', 180, 'low'],
    ['high', 0, 'low'],
  ];
  for (const [from, gramsPerKwh, to] of edges)
    it(`after ${from}, at ${gramsPerKwh} gCO2e/kWh: ${to}`, () => {
      const next = nextBand({ previous: held(from, 60), gramsPerKwh, now: NOW });
      assert.deepEqual(next, from === to ? held(from, 60) : { band: to, since: NOW, changes: [NOW] });
    });

  const dwells: readonly [name: string, minutes: number, dwellMs: number | undefined, to: Band][] = [
    ['just now', 0, undefined, 'low'],
    ['for a little less than 30 minutes', 29.99, undefined, 'low'],
    ['for 30 minutes', 30, undefined, 'high'],
    ['for less than a dwell of its own', 59, HOUR, 'low'],
    ['for a dwell of its own', 60, HOUR, 'high'],
    ['just now, where there is no dwell', 0, 0, 'high'],
  ];
  for (const [name, minutes, minimumDwellMs, to] of dwells)
    it(`in a band ${name}: ${to}`, () => {
      const next = nextBand({ previous: held('low', minutes), gramsPerKwh: 500, now: NOW, minimumDwellMs });
      assert.equal(next.band, to);
    });

  const changes: readonly [name: string, from: Band, gramsPerKwh: number, hoursAgo: readonly number[], to: Band][] = [
    ['up, after four', 'medium', 500, [5, 4, 3, 2], 'high'],
    ['up, after five', 'medium', 500, [6, 5, 4, 3, 2], 'medium'],
    ['up, after five of which one is a day old', 'medium', 500, [24, 5, 4, 3, 2], 'high'],
    ['up, after five of which one is nearly a day old', 'medium', 500, [23.99, 5, 4, 3, 2], 'medium'],
    ['down, after three', 'high', 50, [4, 3, 2], 'low'],
    ['down, after four: the fifth is kept for the way up', 'high', 50, [5, 4, 3, 2], 'high'],
    ['down, after four of which one is a day old', 'high', 50, [24, 4, 3, 2], 'low'],
  ];
  for (const [name, from, gramsPerKwh, hoursAgo, to] of changes)
    it(`${name}: ${to}`, () => {
      const next = nextBand({ previous: held(from, 60, hoursAgo), gramsPerKwh, now: NOW });
      assert.equal(next.band, to);
      const kept = hoursAgo.filter((hours) => hours < 24).map((hours) => NOW - hours * HOUR);
      assert.deepEqual(next.changes, from === to ? kept : [...kept, NOW]);
    });

  it('of one whose changes nobody kept counts from here', () => {
    const previous = { band: 'low', since: NOW - HOUR } as const;
    assert.deepEqual(nextBand({ previous, gramsPerKwh: 500, now: NOW }), { band: 'high', since: NOW, changes: [NOW] });
  });

  it('follows thresholds and a hysteresis of its own', () => {
    const next = (thresholds: BandThresholds, hysteresis: number, gramsPerKwh: number) =>
      nextBand({ previous: held('medium', 60), gramsPerKwh, now: NOW, thresholds, hysteresis }).band;
    assert.equal(next([100, 105], 0.1, 92), 'medium');
    assert.equal(next([100, 105], 0.1, 90), 'low');
    assert.equal(next([100, 105], 0.1, 115), 'medium');
    assert.equal(next([100, 105], 0.1, 116), 'high');
    assert.equal(next([100, 105], 0, 100), 'low');
    assert.equal(next([0, 0], 0.1, 0), 'low');
  });
});

describe('after the clock was set back', () => {
  const previous = { band: 'low', since: NOW + 1000 * HOUR, changes: [NOW + 999 * HOUR, NOW + 1000 * HOUR] } as const;

  it('a band is held for one more dwell, and no longer', () => {
    const first = nextBand({ previous, gramsPerKwh: 500, now: NOW });
    assert.deepEqual(first, { band: 'low', since: NOW, changes: [NOW, NOW] });
    const later = (minutes: number) =>
      nextBand({ previous: first, gramsPerKwh: 500, now: NOW + minutes * MINUTE }).band;
    assert.deepEqual([later(29), later(30)], ['low', 'high']);
  });

  it("a day's changes count for one more day, and no longer", () => {
    const spent = { ...previous, changes: Array.from({ length: 5 }, () => NOW + 1000 * HOUR) };
    const first = nextBand({ previous: spent, gramsPerKwh: 500, now: NOW });
    const later = (hours: number) => nextBand({ previous: first, gramsPerKwh: 500, now: NOW + hours * HOUR }).band;
    assert.deepEqual([later(23), later(24)], ['low', 'high']);
  });
});

describe("a region's own thresholds", () => {
  const rows: readonly [name: string, history: readonly number[], thresholds: BandThresholds | undefined][] = [
    ['of nothing are unknown', [], undefined],
    ['of 23 values are unknown', Array.from({ length: 23 }, () => 7), undefined],
    ['of 24 equal values are that value', Array.from({ length: 24 }, () => 7), [7, 7]],
    ['of 1..25 lie on values', Array.from({ length: 25 }, (_, i) => i + 1), [7, 19]],
    ['of 1..24 lie between values', Array.from({ length: 24 }, (_, i) => i + 1), [6.75, 18.25]],
    ['do not depend on the order', Array.from({ length: 25 }, (_, i) => 25 - i), [7, 19]],
    ['compare numbers, not their digits', Array.from({ length: 25 }, (_, i) => i * 10), [60, 180]],
  ];
  for (const [name, history, thresholds] of rows)
    it(name, () => {
      const before = [...history];
      assert.deepEqual(thresholdsOf(history), thresholds);
      assert.deepEqual(history, before);
    });
});
