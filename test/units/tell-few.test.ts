import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cutText } from '../../src/units/cut-text.ts';
import { itself, nameFew, tellFew } from '../../src/units/tell-few.ts';

describe('the first few of a list', () => {
  const rows: readonly [name: string, all: readonly string[], named: string, listed: string][] = [
    ['none', [], '', ''],
    ['fewer', ['a'], 'a', 'a'],
    ['as many', ['a', 'b'], 'a, b', 'a, b'],
    ['one more', ['a', 'b', 'c'], 'a, b and 1 more', 'a, b, 1 more'],
    ['many more', ['a', 'b', 'c', 'd'], 'a, b and 2 more', 'a, b, 2 more'],
  ];
  for (const [name, all, named, listed] of rows)
    it(name, () => {
      assert.equal(nameFew(all, 2, itself), named);
      assert.equal(tellFew(all, 2, itself).join(', '), listed);
    });
});

describe('a text that is cut', () => {
  const rows: readonly [name: string, text: string, cut: string][] = [
    ['fits', 'abcd', 'abcd'],
    ['is too long', 'abcde', 'abc…'],
    ['would end in half a character', 'ab💨cd', 'ab…'],
  ];
  for (const [name, text, cut] of rows) it(name, () => assert.equal(cutText(text, 4), cut));
});
