import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatDuration, parseDuration } from '../../src/units/duration.ts';

describe('a duration', () => {
  const rows: readonly [text: string, durationMs: number | undefined][] = [
    ['8h', 28_800_000],
    ['1h30m', 5_400_000],
    ['80ms', 80],
    ['45s', 45_000],
    ['2d', 172_800_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['90m', 5_400_000],
    ['0', 0],
    ['0s', 0],
    ['', undefined],
    ['5', undefined],
    ['h', undefined],
    ['-5s', undefined],
    ['1.5h', undefined],
    ['30m1h', undefined],
    ['1h1h', undefined],
    ['1 h', undefined],
    ['1H', undefined],
    ['9999999999s', undefined],
    [' 1h', undefined],
    ['1h\n', undefined],
  ];
  for (const [text, durationMs] of rows) {
    it(`${JSON.stringify(text)} is ${durationMs ?? 'not a duration'}`, () => {
      assert.equal(parseDuration(text), durationMs);
    });
  }

  it('is written the way it is read', () => {
    for (const text of ['8h', '1h30m', '80ms', '1d2h3m4s5ms', '0s']) {
      assert.equal(formatDuration(parseDuration(text) ?? Number.NaN), text);
    }
  });

  it('is written in whole milliseconds', () => assert.equal(formatDuration(1_499.6), '1s500ms'));
});
