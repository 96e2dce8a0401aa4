import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { termOf, withCarbon } from '../../src/capacity/price-term.ts';
import { priceOf } from './brute-force.ts';

/** Of the CustomResourceDefinition (`karpenter.sh_nodeoverlays.yaml`, 1.14). */
const PRICE = /^\d+(\.\d+)?$/;
const ADJUSTMENT = /^(([+-]{1}(\d*\.?\d+))|(\+{1}\d*\.?\d+%)|(^(-\d{1,2}(\.\d+)?%)$)|(-100%))$/;

const CARBON = 0.0004217;

describe("a price of carbon on top of what a user's overlay says", () => {
  type Row = readonly [
    users: { price?: string; priceAdjustment?: string },
    providers: number | undefined,
    ours: object | undefined,
  ];
  const rows: readonly Row[] = [
    [{}, 0.096, { priceAdjustment: '+0.0004217' }],
    [{}, undefined, { priceAdjustment: '+0.0004217' }],
    [{ price: '0.05' }, undefined, { price: '0.0504217' }],
    [{ price: '0.05' }, 0.096, { price: '0.0504217' }],
    [{ priceAdjustment: '+0.01' }, undefined, { priceAdjustment: '+0.0104217' }],
    [{ priceAdjustment: '-0.01' }, undefined, { priceAdjustment: '-0.0095783' }],
    // 0.096 - 0.2 is no price: Karpenter takes 0, and so do we before carbon.
    [{ priceAdjustment: '-0.2' }, 0.096, { priceAdjustment: '-0.0955783' }],
    [{ priceAdjustment: '-10%' }, 0.096, { priceAdjustment: '-0.0091783' }],
    [{ priceAdjustment: '+10%' }, 0.096, { priceAdjustment: '+0.0100217' }],
    [{ priceAdjustment: '-100%' }, undefined, { price: '0.0004217' }],
    [{ priceAdjustment: '-10%' }, undefined, undefined],
    [{ priceAdjustment: '+.5' }, undefined, { priceAdjustment: '+0.5004217' }],
    [{ priceAdjustment: '-0.0004217' }, undefined, { priceAdjustment: '+0' }],
  ];
  for (const [users, providers, ours] of rows)
    it(`${JSON.stringify(users)} of ${providers ?? 'a price that nobody knows'}`, () => {
      const term = termOf(users, providers);
      assert.deepEqual(term && withCarbon(term, CARBON), ours);
    });

  const amount = fc.double({ min: 0, max: 100_000, noNaN: true });
  const decimal = amount.map((value) => value.toFixed(6));
  const users = fc.oneof(
    decimal.map((price) => ({ price })),
    fc.tuple(fc.constantFrom('+', '-'), decimal).map(([sign, text]) => ({ priceAdjustment: `${sign}${text}` })),
    decimal.map((text) => ({ priceAdjustment: `+${text}%` })),
    fc.integer({ min: 0, max: 100 }).map((percent) => ({ priceAdjustment: `-${percent}%` })),
  );
  const carbon = fc.double({ min: -12, max: 5, noNaN: true }).map((exponent) => 10 ** exponent);

  it('is always of the patterns of the resource, and never has an exponent', () =>
    fc.assert(
      fc.property(users, fc.option(amount, { nil: undefined }), carbon, (theirs, providers, price) => {
        const term = termOf(theirs, providers);
        if (!term) return;
        const ours = withCarbon(term, price);
        if ('price' in ours) assert.match(ours.price, PRICE);
        else assert.match(ours.priceAdjustment, ADJUSTMENT);
      }),
    ));

  it('comes to their price and carbon, as Karpenter computes both', () =>
    fc.assert(
      fc.property(users, amount, carbon, (theirs, providers, price) => {
        const term = termOf(theirs, providers);
        assert.ok(term);
        const before = priceOf(theirs, providers) ?? Number.NaN;
        const after = priceOf(withCarbon(term, price), providers) ?? Number.NaN;
        assert.ok(Math.abs(after - before - price) <= price / 1_000 + 2e-6, `${before} + ${price} is ${after}`);
      }),
    ));
});
