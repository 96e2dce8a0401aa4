import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { solveRidge } from '../../src/forecast/solve.ts';

const RIDGE = 30;
const value = fc.double({ min: -100, max: 100, noNaN: true });

describe('a ridge system', () => {
  it('is solved', () => {
    const rows = fc
      .integer({ min: 1, max: 8 })
      .chain((n) =>
        fc.tuple(
          fc.array(fc.array(value, { minLength: n, maxLength: n }), { maxLength: 20 }),
          fc.array(value, { minLength: n, maxLength: n }),
        ),
      );
    fc.assert(
      fc.property(rows, ([samples, right]) => {
        const n = right.length;
        // M = sum s s' over the samples.
        const entry = (row: number, column: number) =>
          samples.reduce((sum, sample) => sum + (sample[row] ?? 0) * (sample[column] ?? 0), 0);
        const matrix = Float64Array.from({ length: n * n }, (_, index) => entry(Math.floor(index / n), index % n));
        const x = solveRidge(matrix, RIDGE, Float64Array.from(right));
        for (const [row, expected] of right.entries()) {
          const left = x.reduce((sum, value, column) => sum + entry(row, column) * value, RIDGE * (x[row] ?? 0));
          assert.ok(Math.abs(left - expected) < 1e-5, `row ${row}: ${left}, not ${expected}`);
        }
      }),
    );
  });
});
