import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { holdStep, toDecimal, toStep } from '../../src/capacity/price-step.ts';

const price = fc.double({ min: -8, max: 3, noNaN: true }).map((exponent) => 10 ** exponent);

describe('a price in steps of 1%', () => {
  // Powers of 1.01: 1.01^-781 = 0.00042172, 1.01^-790 = 0.00038560, 1.01^0 = 1.
  const rows: readonly [exact: number, written: number][] = [
    [0.000423, 0.0004217],
    [0.000384, 0.0003856],
    [1, 1],
    [1.004, 1],
    [1.006, 1.01],
    [0, 0],
    [1e-13, 0],
  ];
  for (const [exact, written] of rows) it(`${exact} is ${written}`, () => assert.equal(toStep(exact), written));

  it('is within 0.6% of the exact one', () =>
    fc.assert(fc.property(price, (exact) => assert.ok(Math.abs(toStep(exact) / exact - 1) < 0.006))));
});

describe('a price that is written', () => {
  it('stays while the exact one moves by 1% from what it was, up and down, as often as it likes', () =>
    fc.assert(
      fc.property(price, fc.array(fc.double({ min: 0.99, max: 1.01, noNaN: true })), (exact, wiggles) => {
        const written = toStep(exact);
        for (const wiggle of wiggles) assert.equal(holdStep(exact * wiggle, written), written);
      }),
    ));

  it('follows the exact one that is 2% off', () =>
    fc.assert(
      fc.property(price, fc.constantFrom(0.98, 1.0205), (exact, change) => {
        const written = toStep(exact);
        assert.notEqual(holdStep(written * change, written), written);
      }),
    ));

  it('is the step of the exact one where none is written, or nothing was worth anything', () => {
    assert.equal(holdStep(0.000423, undefined), 0.0004217);
    assert.equal(holdStep(0.000423, 0), 0.0004217);
    assert.equal(holdStep(0, 0.0004217), 0);
  });
});

describe('a number as decimals', () => {
  const rows: readonly [value: number, part: number, decimal: string][] = [
    [0.0004217, 0.0004217, '0.0004217'],
    [0.00001, 0.00001, '0.00001'],
    [0.1 + 0.2, 0.2, '0.3'],
    [0.096 + 0.0004217, 0.0004217, '0.0964217'],
    [1_000_000, 0, '1000000'],
    [1e21, 1, '1000000000000000'],
    [1e-9, 1e-9, '0.000000001'],
    [0, 0, '0'],
    [100, 100, '100'],
  ];
  for (const [value, part, decimal] of rows)
    it(`${value} is ${decimal}`, () => assert.equal(toDecimal(value, part), decimal));
});
