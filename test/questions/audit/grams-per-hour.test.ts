import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatChange, formatGramsPerHour } from '../../../src/questions/audit/grams-per-hour.ts';

describe('grams an hour', () => {
  const written: readonly [number | null, string][] = [
    [null, '-'],
    [Number.NaN, '-'],
    [Number.POSITIVE_INFINITY, '-'],
    [0, '0'],
    [0.004, '<0.01'],
    [0.01, '0.01'],
    [9.994, '9.99'],
    [9.996, '10.0'],
    [99.94, '99.9'],
    [99.96, '100'],
    [123_456.7, '123457'],
  ];
  for (const [grams, text] of written)
    it(`${grams} is written ${text}`, () => assert.equal(formatGramsPerHour(grams), text));
});

describe('a change', () => {
  const told: readonly [asWritten: number, placed: number, text: string | undefined][] = [
    [16, 8, '-50%'],
    [100, 96.5, '-3.5%'],
    [100, 104, '+4.0%'],
    [100, 250, '+150%'],
    [100, 100, '0%'],
    [100_000, 99_999, '0%'],
    [100_000, 100_001, '0%'],
    [0, 0, undefined],
    [0, 5, undefined],
    [Number.NaN, 5, undefined],
  ];
  for (const [before, after, text] of told)
    it(`from ${before} to ${after} is ${text ?? 'not told'}`, () => assert.equal(formatChange(before, after), text));
});
