import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type BudgetCount,
  type BudgetReading,
  type BudgetVerdict,
  countLook,
  joinVerdicts,
} from '../../src/scaling/budget-count.ts';

const HOLD = 3;

/** What a budget of 1 kgCO2e/h is judged after each of these looks; a pair is a reading with so many unknown pods. */
function verdicts(looks: readonly (number | [number, number] | undefined)[]): BudgetVerdict[] {
  let count: BudgetCount | undefined;
  return looks.map((look) => {
    const [kgPerHour, unknown] = Array.isArray(look) ? look : [look, 0];
    const reading: BudgetReading | undefined = kgPerHour === undefined ? undefined : { kgPerHour, unknown };
    count = countLook(count, { limit: 1, holdCycles: HOLD }, reading);
    return count.verdict;
  });
}

describe('the looks at a carbon budget', () => {
  for (const [what, looks, expected] of [
    ['over after three in a row', [2, 2, 2, 2], ['between', 'between', 'over', 'over']],
    [
      'held until it is under',
      [2, 2, 2, 0.9, 0.9, 0.7, 0.7, 0.7, 0.9],
      ['between', 'between', 'over', 'held', 'held', 'held', 'held', 'under', 'between'],
    ],
    ['exactly the limit is not over', [1, 1, 1], ['between', 'between', 'between']],
    ['one below it begins anew', [2, 2, 1, 2, 2], ['between', 'between', 'between', 'between', 'between']],
    ['under below 80%', [0.79, 0.79, 0.79], ['between', 'between', 'under']],
    ['80% itself is not under', [0.8, 0.8, 0.8], ['between', 'between', 'between']],
    ['nothing that runs is under', [0, 0, 0], ['between', 'between', 'under']],
    ['nobody knows from the first', [undefined, undefined], ['unknown', 'unknown']],
    [
      'a gap is bridged and counts for nothing',
      [2, 2, undefined, undefined, 2],
      ['between', 'between', 'between', 'between', 'over'],
    ],
    [
      'a gap of four looks counts anew',
      [2, 2, 2, undefined, undefined, undefined, undefined, 2, 2, 2],
      ['between', 'between', 'over', 'over', 'over', 'over', 'unknown', 'between', 'between', 'over'],
    ],
    [
      'more than the limit with unknown pods is over',
      [
        [2, 1],
        [2, 1],
        [2, 1],
      ],
      ['between', 'between', 'over'],
    ],
    [
      'less with unknown pods is not under',
      [
        [0.1, 1],
        [0.1, 1],
        [0.1, 1],
        [0.1, 1],
      ],
      ['between', 'between', 'between', 'unknown'],
    ],
  ] satisfies [string, (number | [number, number] | undefined)[], BudgetVerdict[]][])
    it(what, () => {
      assert.deepEqual(verdicts(looks), expected);
    });

  it('count from the beginning for another limit', () => {
    const over = [2, 2, 2].reduce<BudgetCount | undefined>(
      (count, kgPerHour) => countLook(count, { limit: 1, holdCycles: HOLD }, { kgPerHour, unknown: 0 }),
      undefined,
    );
    assert.equal(countLook(over, { limit: 1.5, holdCycles: HOLD }, { kgPerHour: 2, unknown: 0 }).verdict, 'between');
  });

  for (const [verdicts, joined] of [
    [[], undefined],
    [['under'], 'under'],
    [['under', 'over'], 'over'],
    [['between', 'held'], 'held'],
    [['under', 'between'], 'between'],
    [['unknown', 'between'], 'unknown'],
    [['unknown', 'over'], 'over'],
  ] satisfies [BudgetVerdict[], BudgetVerdict | undefined][])
    it(`${verdicts.join(' and ') || 'none'} is ${joined}`, () => {
      assert.equal(joinVerdicts(verdicts), joined);
    });
});
