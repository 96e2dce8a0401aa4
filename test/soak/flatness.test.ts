import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeGrowth, slopeOf } from './flatness.ts';

const LIMIT = { share: 0.05, least: 2 };
const seriesOf = (value: (index: number) => number, count = 40) =>
  Array.from({ length: count }, (_, at) => ({ at, value: value(at) }));

/** What is held over a run, and whether that is flat. */
const RUNS: Readonly<Record<string, readonly [value: (at: number) => number, isFlat: boolean]>> = {
  'the same all the time': [() => 60, true],
  'much in the first half, which warms up': [(at) => Math.min(60, 30 + 2 * at), true],
  'less and less': [(at) => 100 - at, true],
  'up and down': [(at) => 60 + (at % 2 ? 5 : -5), true],
  'what is in flight now and then': [(at) => (at % 3 ? 60 : 90), true],
  'a little more, within the limit': [(at) => 60 + at * 0.1, true],
  'one kilobyte in 20 is kept for ever': [(at) => 60 + at * 0.5, false],
  'a leak below saw teeth': [(at) => 60 + at * 0.5 + (at % 3), false],
  'nothing at first, then a few': [(at) => Math.max(0, at - 20), false],
};

describe('what a process holds', () => {
  for (const [name, [value, isFlat]] of Object.entries(RUNS))
    it(`${isFlat ? 'is flat' : 'grows'}: ${name}`, () =>
      assert.equal(judgeGrowth(seriesOf(value), LIMIT).isFlat, isFlat));

  it('is not called flat by too few samples', () =>
    assert.equal(
      judgeGrowth(
        seriesOf(() => 1, 8),
        LIMIT,
      ).isFlat,
      false,
    ));

  it('grows by the slope of the least squares, over the second half alone', () => {
    assert.equal(slopeOf(seriesOf((at) => 7 + 3 * at)), 3);
    const { first, mean, growth, allowed } = judgeGrowth(
      seriesOf((at) => at),
      LIMIT,
    );
    assert.deepEqual([first, mean, Math.round(growth), allowed], [0, 29.5, 19, 2]);
  });
});
