import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bestStart, type HourlySeries, meanOver } from '../../src/forecast/best-start.ts';

const HOUR = 3_600_000;
const FROM = 500_000 * HOUR;

const series: HourlySeries = { from: FROM, gramsPerKwh: [300, 200, 100, 100, 400, 50] };
const hours = (count: number) => FROM + count * HOUR;

describe('the best start', () => {
  const rows: readonly [string, [earliest: number, latest: number, duration: number], [at: number, grams: number]][] = [
    ['waits for the cleanest hours', [0, 3, 2], [2, 100]],
    ['counts the whole run, not its first hour', [0, 3, 3], [1, 133.333333]],
    ['is now where nothing later is cleaner', [2, 3, 1], [2, 100]],
    ['is never after the latest', [0, 1.5, 1], [1.5, 150]],
    ['is now where there is no room to wait', [0.5, 0.5, 1], [0.5, 250]],
    ['is now where the latest has passed', [1, 0.2, 1], [1, 200]],
    ['of a short run is at the full hour', [0.25, 4, 0.5], [2, 100]],
    ['goes on with the last hour beyond the series', [5, 9, 3], [5, 50]],
  ];
  for (const [name, [earliest, latest, duration], [at, gramsPerKwh]] of rows)
    it(name, () => {
      const work = { earliest: hours(earliest), latest: hours(latest), durationMs: duration * HOUR };
      const start = bestStart(series, work);
      assert.deepEqual([(start.at - FROM) / HOUR, Math.round(start.gramsPerKwh * 1e6) / 1e6], [at, gramsPerKwh]);
      assert.ok(Math.abs(meanOver(series, start.at, work.durationMs) - start.gramsPerKwh) < 1e-9);
    });

  it('is now on a grid that never changes, at any moment', () => {
    const same = { from: FROM, gramsPerKwh: Array(100).fill(50.1) };
    for (let second = 0; second < 3_600; second += 7) {
      const earliest = FROM + second * 1_000 + 123;
      for (const length of [0.1, 1, 2.7])
        assert.equal(
          bestStart(same, { earliest, latest: earliest + 12 * HOUR, durationMs: length * HOUR }).at,
          earliest,
        );
    }
  });
});
