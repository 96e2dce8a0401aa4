import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Basis, worstBasis } from '../../src/energy/basis.ts';

describe('what is made of several figures', () => {
  const rows: readonly [bases: readonly Basis[], worst: Basis][] = [
    [['measured', 'measured'], 'measured'],
    [['measured', 'looked-up'], 'looked-up'],
    [['estimated', 'measured', 'looked-up'], 'estimated'],
    [['looked-up'], 'looked-up'],
  ];
  for (const [bases, worst] of rows)
    it(`of ${bases.join(' and ')} is ${worst}`, () => {
      assert.equal(worstBasis(bases), worst);
      assert.equal(worstBasis(new Set([...bases].reverse())), worst);
    });
});
