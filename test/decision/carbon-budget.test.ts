import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCarbonBudget } from '../../src/decision/carbon-budget.ts';

describe('a carbon budget', () => {
  const rows: readonly (readonly [text: string, kg: number | undefined])[] = [
    ['0.5', 0.5],
    ['.5', 0.5],
    [' 2 ', 2],
    ['2kg', 2],
    ['500g', 0.5],
    ['500 g', 0.5],
    ['0', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['', undefined],
    ['much', undefined],
    ['0,5', undefined],
    ['NaN', undefined],
    ['99999999999', undefined],
  ];
  for (const [text, kg] of rows)
    it(`of ${JSON.stringify(text)} is ${kg === undefined ? 'none' : `${kg} kgCO2e an hour`}`, () =>
      assert.equal(parseCarbonBudget(text), kg));
});
