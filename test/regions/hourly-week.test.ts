import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  BANDS,
  type Band,
  type BandThresholds,
  bandOf,
  type HeldBand,
  MAX_BAND_CHANGES,
  MINIMUM_DWELL_MS,
  nextBand,
} from '../../src/regions/band.ts';
import type { TimedValue } from '../../src/regions/reading.ts';
import { type HourlyWeek, ownThresholds, rememberHours } from '../../src/sources/intensity/trailing-weeks.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.parse('2026-11-22T09:30:00Z');

function value(ageMs: number, gramsPerKwh: number): TimedValue {
  return { measuredAt: NOW - ageMs, gramsPerKwh };
}

/** One value an hour, the last of `NOW`. */
function hours(count: number, gramsAt: (index: number) => number): readonly TimedValue[] {
  return Array.from({ length: count }, (_, index) => value((count - 1 - index) * HOUR, gramsAt(index)));
}

function gramsIn(week: HourlyWeek): readonly number[] {
  return [...week.values()].map(({ gramsPerKwh }) => gramsPerKwh);
}

describe('the last 7 days of a region', () => {
  const rows: readonly [name: string, known: readonly TimedValue[], added: readonly TimedValue[], kept: number[]][] = [
    ['begin empty', [], [], []],
    ['keep one value an hour, the latest', [value(20 * MINUTE, 1)], [value(0, 2)], [2]],
    ['keep the latest when it was known before', [value(0, 2)], [value(20 * MINUTE, 1)], [2]],
    ['take a better value of the same moment', [value(0, 2)], [value(0, 3)], [3]],
    ['keep other hours', [value(HOUR, 1)], [value(0, 2)], [1, 2]],
    ['forget what is older than 7 days', [value(7 * DAY, 1), value(7 * DAY - HOUR, 2)], [], [2]],
    ['do not take what is older than 7 days', [], [value(8 * DAY, 1)], []],
    ['do not keep what is of a later hour: the clock was set back', [value(-DAY, 1)], [value(0, 2)], [2]],
  ];
  for (const [name, known, added, kept] of rows)
    it(name, () => {
      const latest = Math.max(NOW, ...known.map(({ measuredAt }) => measuredAt));
      const before = rememberHours(new Map(), known, latest);
      assert.deepEqual(gramsIn(rememberHours(before, added, NOW)), kept);
    });

  it('make no thresholds from 23 hours, but from 24', () => {
    const thresholds = (count: number) =>
      ownThresholds(
        rememberHours(
          new Map(),
          hours(count, (i) => 100 + i),
          NOW,
        ),
      );
    assert.equal(thresholds(23), undefined);
    assert.deepEqual(thresholds(24), [105.8, 117.3]); // 105.75 and 117.25, interpolated
  });

  it('count 7 days and no more', () => {
    const week = rememberHours(
      new Map(),
      hours(400, (i) => i),
      NOW,
    );
    assert.equal(week.size, 168);
    assert.equal(Math.min(...gramsIn(week)), 232);
  });

  it('are never more than 168 values, with thresholds in order and among them, whatever comes in whatever order', () => {
    const added = fc.record({
      measuredAt: fc.integer({ min: NOW - 9 * DAY, max: NOW + DAY }),
      gramsPerKwh: fc.double({ min: 0, max: 2000, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(fc.array(added, { maxLength: 200 }), { maxLength: 4 }), (parts) => {
        const week = parts.reduce<HourlyWeek>((known, values) => rememberHours(known, values, NOW), new Map());
        assert.ok(week.size <= 168);
        const thresholds = ownThresholds(week);
        assert.equal(thresholds === undefined, week.size < 24);
        if (!thresholds) return;
        const [low, high] = thresholds;
        assert.ok(low <= high);
        assert.ok(low >= Math.min(...gramsIn(week)) - 0.05 && high <= Math.max(...gramsIn(week)) + 0.05);
      }),
    );
  });
});

interface Step {
  readonly now: number;
  readonly gramsPerKwh: number;
  readonly thresholds: BandThresholds;
  readonly from: Band;
  readonly to: Band;
}

/** The changes of a band that three readings an hour and the week they make give. */
function changesIn(readings: readonly number[]): readonly Step[] {
  const changes: Step[] = [];
  let week: HourlyWeek = new Map();
  let held: HeldBand | undefined;
  for (const [index, gramsPerKwh] of readings.entries()) {
    const now = NOW + index * 20 * MINUTE;
    week = rememberHours(week, [{ measuredAt: now, gramsPerKwh }], now);
    const thresholds = ownThresholds(week);
    if (!thresholds) continue;
    const next = nextBand({ previous: held, gramsPerKwh, now, thresholds });
    if (held && next.band !== held.band) changes.push({ now, gramsPerKwh, thresholds, from: held.band, to: next.band });
    held = next;
  }
  return changes;
}

describe('bands with thresholds that move with the week', () => {
  const noise = fc.array(fc.integer({ min: -60, max: 60 }), { minLength: 300, maxLength: 400 });
  const restless = fc
    .tuple(noise, fc.integer({ min: 60, max: 600 }))
    .map(([parts, base]) => parts.map((part, i) => Math.max(0, base + part + 40 * Math.sin((i / 72) * 2 * Math.PI))));

  it('are held for the dwell time, and change at most 5 times in 24 hours', () => {
    fc.assert(
      fc.property(restless, (readings) => {
        const changes = changesIn(readings).map(({ now }) => now);
        for (const [index, at] of changes.entries()) {
          assert.ok(at - (changes[index - 1] ?? 0) >= MINIMUM_DWELL_MS);
          assert.ok(at - (changes[index - MAX_BAND_CHANGES] ?? 0) >= DAY);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('change only where a value passes a threshold of the moment by 10 %', () => {
    let seen = 0;
    fc.assert(
      fc.property(restless, (readings) => {
        for (const { gramsPerKwh, thresholds, from, to } of changesIn(readings)) {
          seen += 1;
          const isUp = BANDS.indexOf(to) > BANDS.indexOf(from);
          assert.equal(to, bandOf(gramsPerKwh / (isUp ? 1.1 : 0.9), thresholds));
        }
      }),
      { numRuns: 50 },
    );
    assert.ok(seen > 100, `${seen} changes`);
  });
});
