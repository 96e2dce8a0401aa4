import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { jsonPieces } from '../../../src/questions/audit/json-pieces.ts';
import { runsOf } from '../../decision/random-runs.ts';

describe('JSON in pieces', () => {
  it('is what JSON.stringify writes, however deep it is cut', () =>
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }), fc.nat(7), (value, depth) =>
        assert.equal([...jsonPieces(value, depth)].join(''), JSON.stringify(value, null, 2)),
      ),
      { numRuns: runsOf(300) },
    ));

  it('leaves out what is not given', () =>
    assert.equal(
      [...jsonPieces({ a: undefined, b: [undefined, Number.NaN] })].join(''),
      '{\n  "b": [\n    null,\n    null\n  ]\n}',
    ));

  it('has no piece longer than an entry of its list', () => {
    const pieces = [...jsonPieces({ list: Array.from({ length: 1000 }, (_, i) => ({ name: `n${i}` })) })];
    assert.ok(Math.max(...pieces.map(({ length }) => length)) < 60);
  });
});
