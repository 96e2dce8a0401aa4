import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bandRegions, orderHolds } from '../../src/capacity/region-bands.ts';

function regions(grams: Readonly<Record<string, number>>) {
  return Object.entries(grams).map(([name, gramsPerKwh]) => ({ name, gramsPerKwh }));
}

describe('bands of regions', () => {
  const rows: readonly [name: string, grams: Readonly<Record<string, number>>, bands: string][] = [
    ['none', {}, ''],
    ['near ones share one', { a: 100, b: 110 }, 'a b'],
    ['a band begins with its best', { a: 100, b: 110, c: 111 }, 'a b | c'],
    ['a chain of near ones is cut', { a: 100, b: 109, c: 118, d: 127 }, 'a b | c d'],
    ['equal ones go by name', { z: 50, a: 50 }, 'a z'],
    ['below one gram nothing is cleaner', { a: 0, b: 1, c: 2 }, 'a b | c'],
  ];
  for (const [name, grams, bands] of rows)
    test(name, () => {
      const found = bandRegions(regions(grams)).map((band) => band.map((one) => one.name).join(' '));
      assert.equal(found.join(' | '), bands);
    });
});

describe('an order in force holds', () => {
  const rows: readonly [name: string, a: number, b: number, order: readonly [a: number, b: number], holds: boolean][] =
    [
      ['as it was made', 100, 200, [9, 8], true],
      ['until the better is 5% dirtier', 105, 100, [9, 8], true],
      ['no longer than that', 106, 100, [9, 8], false],
      ['of equal ones until one is 15.5% dirtier', 100, 115, [9, 9], true],
      ['of equal ones no longer', 100, 116, [9, 9], false],
      ['of ones that became near', 100, 101, [9, 8], true],
    ];
  for (const [name, a, b, [ofA, ofB], holds] of rows)
    test(name, () => {
      const orderOf = (region: string) => (region === 'a' ? ofA : ofB);
      assert.equal(orderHolds(regions({ a, b }), orderOf), holds);
    });

  test('not where a region has no place in it', () =>
    assert.equal(
      orderHolds(regions({ a: 1, b: 2 }), (name) => (name === 'a' ? 9 : undefined)),
      false,
    ));
});
