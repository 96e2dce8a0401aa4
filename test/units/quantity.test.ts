import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseQuantity } from '../../src/units/quantity.ts';

describe('a quantity of Kubernetes', () => {
  const rows: readonly [quantity: unknown, amount: number][] = [
    ['0', 0],
    ['1', 1],
    ['100m', 0.1],
    ['1500m', 1.5],
    ['0.5', 0.5],
    ['.5', 0.5],
    ['5.', 5],
    ['+1.25', 1.25],
    ['-2', -2],
    ['250n', 2.5e-7],
    ['250u', 2.5e-4],
    ['2k', 2_000],
    ['3M', 3e6],
    ['4G', 4e9],
    ['5T', 5e12],
    ['6P', 6e15],
    ['1E', 1e18],
    ['1Ki', 1_024],
    ['512Mi', 536_870_912],
    ['1.5Gi', 1_610_612_736],
    ['1Ti', 1_099_511_627_776],
    ['1Pi', 2 ** 50],
    ['1Ei', 2 ** 60],
    ['1e3', 1_000],
    ['1E3', 1_000],
    ['1.5e-3', 0.0015],
    ['12e+6', 12e6],
    [2, 2],
    [0.25, 0.25],
    ['1e999', 2 ** 63],
    ['-1e999', -(2 ** 63)],
    ['9Ei', 2 ** 63],
    [1e300, 2 ** 63],
    // As kubectl 1.36.3 has it: `kubectl set image --local -o json` prints 1 and 0.
    [' 1', 1],
    ['1 ', 1],
    ['.', 0],
    ['+', 0],
    ['e3', 0],
    ['Mi', 0],
  ];
  for (const [quantity, amount] of rows)
    it(`${JSON.stringify(quantity)} is ${amount}`, () => {
      assert.equal(parseQuantity(quantity), amount);
    });

  const garbage: readonly unknown[] = [
    '',
    ' ',
    '1 Gi',
    '1e',
    '1e3m',
    '1e99999999999999999999',
    '1GiB',
    '1gi',
    '1K',
    '1mi',
    '1,5',
    '0x10',
    'NaN',
    'Infinity',
    '--1',
    '1_000',
    '１',
    '1\n',
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    undefined,
    true,
    {},
    ['1'],
    1n,
  ];
  for (const quantity of garbage)
    it(`is not ${typeof quantity === 'object' ? JSON.stringify(quantity) : typeof quantity === 'string' ? JSON.stringify(quantity) : String(quantity)}`, () => {
      assert.equal(parseQuantity(quantity), undefined);
    });

  it('in thousandths is what it is in ones', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), (cores) => {
        assert.equal(parseQuantity(`${cores * 1_000}m`), parseQuantity(`${cores}`));
      }),
    );
  });

  it('in Mi is what it is in bytes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 30 }), (mebibytes) => {
        assert.equal(parseQuantity(`${mebibytes}Mi`), parseQuantity(mebibytes * 1_048_576));
      }),
    );
  });

  it('is a finite number or none, whatever is given', () => {
    const text = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[+-]?[0-9.]{0,400}[a-zA-Z]{0,2}[+-]?[0-9]{0,5}$/),
      fc.anything(),
    );
    fc.assert(
      fc.property(text, (quantity) => {
        const amount = parseQuantity(quantity);
        assert.ok(amount === undefined || (Number.isFinite(amount) && Math.abs(amount) <= 2 ** 63));
      }),
    );
  });

  it('of a million digits and a letter is none, before anybody gets impatient', { timeout: 300_000 }, () => {
    assert.equal(parseQuantity(`${'1'.repeat(1_000_000)}x`), undefined);
  });
});
