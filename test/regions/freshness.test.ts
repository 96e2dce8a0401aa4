import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freshnessOf } from '../../src/regions/freshness.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('the freshness of a measurement', () => {
  const rows: readonly [name: string, ageMs: number, stepMs: number, expected: string | undefined][] = [
    ['of this moment', 0, HOUR, 'fresh'],
    ['at the end of its hour and the one to publish the next', 2 * HOUR, HOUR, 'fresh'],
    ['a millisecond later', 2 * HOUR + 1, HOUR, 'stale'],
    ['of a 5 min series, after 65 min', 65 * MINUTE, 5 * MINUTE, 'fresh'],
    ['of a 5 min series, after more', 65 * MINUTE + 1, 5 * MINUTE, 'stale'],
    ['of a series without steps, after an hour', HOUR, 0, 'fresh'],
    ['of 6 h ago', 6 * HOUR, HOUR, 'stale'],
    ['of more than 6 h ago', 6 * HOUR + 1, HOUR, undefined],
    ['of a daily series, after 25 h', 25 * HOUR, 24 * HOUR, 'fresh'],
    ['of a daily series, after more', 25 * HOUR + 1, 24 * HOUR, undefined],
    ['ahead by what clocks differ', -5 * MINUTE, HOUR, 'fresh'],
    ['ahead by more: the clock was set back', -5 * MINUTE - 1, HOUR, 'stale'],
    ['ahead by 6 h', -6 * HOUR, HOUR, 'stale'],
    ['ahead by more than 6 h', -6 * HOUR - 1, HOUR, undefined],
    ['without a time', Number.NaN, HOUR, undefined],
    ['without a step, of this moment', 0, Number.NaN, 'stale'],
  ];
  for (const [name, ageMs, stepMs, expected] of rows)
    it(`${name}: ${expected ?? 'not usable'}`, () => {
      assert.equal(freshnessOf(ageMs, stepMs), expected);
    });
});
