import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wrapLines, wrapText } from '../../src/terminal/wrap-text.ts';

describe('wrapped text', () => {
  it('has a first line of the whole width, and others that hang', () =>
    assert.deepEqual(wrapLines('one two three four five', 9, 4), ['one two', 'three', 'four', 'five']));

  it('says each word once, however its letters are composed', () =>
    assert.deepEqual(wrapLines('cafe\u0301 au lait de re\u0301gion', 12, 2), ['caf\u00e9 au lait', 'de r\u00e9gion']));

  it('breaks a word that is longer than a line', () => assert.equal(wrapText('abcdefgh', 6, '  '), '  abcd\n  efgh\n'));

  it('knows that some characters are two columns wide', () => assert.deepEqual(wrapLines('🌱🌱🌱', 4), ['🌱🌱', '🌱']));
});
