import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Choice, findTurn } from '../../src/capacity/shadow-price.ts';

const choice = (type: string, price: number, grams: number): Choice => ({ type, zone: 'a', price, grams });

describe('the price of carbon from which another choice is the cheapest', () => {
  type Row = readonly [name: string, choices: readonly Choice[], says: string];
  const rows: readonly Row[] = [
    // (0.102 - 0.096) / (4.231 - 1.165 g) = 0.0019569 a gram
    ['a cleaner region', [choice('east', 0.096, 4.231), choice('north', 0.102, 1.165)], 'east, north from 1.957'],
    ['nothing is cleaner', [choice('east', 0.096, 1), choice('north', 0.102, 2)], 'east'],
    [
      'the first of several',
      [choice('a', 1, 10), choice('b', 1.5, 5), choice('c', 1.2, 7), choice('d', 3, 1)],
      'a, c from 66.667',
    ],
    ['a tie', [choice('dirty', 1, 10), choice('clean', 1, 5)], 'clean, any decides'],
    ['a tie but for floating point', [choice('dirty', 0.1 + 0.2, 10), choice('clean', 0.3, 5)], 'clean, any decides'],
  ];
  for (const [name, choices, says] of rows)
    it(`${name}: ${says}`, () => {
      const { cheapest, isTie, next, carbonPrice } = findTurn(choices) ?? {};
      const turn = next ? `, ${next.type} from ${carbonPrice?.toFixed(3)}` : '';
      assert.equal(`${cheapest?.type}${isTie ? ', any decides' : ''}${turn}`, says);
    });

  it('of nothing there is none', () => assert.equal(findTurn([]), undefined));
});
