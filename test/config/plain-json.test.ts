import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parsePlainJson } from '../../src/config/plain-json.ts';

describe('parsePlainJson', () => {
  it('reads any object as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.integer({ min: 0, max: 2 }), (object, indent) => {
        const text = JSON.stringify(object, undefined, indent);
        assert.deepEqual(parsePlainJson(text), JSON.parse(text));
      }),
    );
  });

  const left = {
    'a key that is there twice': '{"a": 1, "b": {"c": 1, "c": 2}}',
    'the same key, written differently': '{"a": 1, "\\u0061": 2}',
    'YAML in braces': '{a: 1}',
    'a second document': '{"a": 1}\n---\n{"a": 2}',
    'a list': '[1]',
    'nesting that only a loop can follow': `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
  };
  for (const [name, text] of Object.entries(left)) {
    it(`leaves to YAML ${name}`, () => assert.equal(parsePlainJson(text), undefined));
  }
});
