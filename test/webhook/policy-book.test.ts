import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPolicyBook } from '../../src/webhook/policy-book.ts';
import { makeRecord } from './start-webhook.ts';

function bookOf(defaults = {}) {
  const complaints: string[] = [];
  const book = createPolicyBook(defaults, (name, mistakes) => complaints.push(`${name}: ${mistakes.join('; ')}`));
  const policyOf = (resourceVersion: string, annotations: Record<string, string>, name = 'shop') =>
    book.policyOf(makeRecord(name, annotations, { resourceVersion }));
  return { book, complaints, policyOf };
}

/** What the informer has of the one namespace. */
const now =
  (resourceVersion: string, annotations: Record<string, string> = { mode: 'warn' }) =>
  () =>
    makeRecord('shop', annotations, { resourceVersion });

describe('a policy', () => {
  it('is compiled once per resourceVersion', () => {
    const { policyOf } = bookOf();
    const first = policyOf('1', { mode: 'enforce' });
    assert.equal(policyOf('1', { mode: 'enforce' }), first);
    assert.equal(policyOf('1', { mode: 'warn' }), first);
    assert.equal(policyOf('2', { mode: 'warn' }).mode, 'warn');
  });

  it('is one object for namespaces that say the same, and for writes that change something else', () => {
    const { policyOf } = bookOf();
    const first = policyOf('1', { mode: 'enforce' });
    assert.equal(policyOf('7', { mode: 'enforce' }, 'other'), first);
    assert.equal(policyOf('2', { mode: 'enforce' }), first);
  });

  it('takes from the defaults what it does not say', () => {
    const { policyOf } = bookOf({ homeRegion: 'eu-central' });
    assert.equal(policyOf('1', { mode: 'enforce' }).homeRegion, 'eu-central');
    assert.equal(policyOf('2', { mode: 'enforce', 'home-region': 'us-west' }).homeRegion, 'us-west');
  });

  it('with a mistake leaves the last good one in force, and says so once', () => {
    const { policyOf, complaints, book } = bookOf();
    const good = policyOf('1', { mode: 'enforce' });
    for (let i = 0; i < 3; i++) assert.equal(policyOf('2', { mode: 'enforce', 'max-latency': 'near' }), good);
    assert.deepEqual(complaints, ['shop: gridgate.dev/max-latency: "near" is not a duration such as 80ms']);
    assert.equal(book.malformed(now('2', { weights: 'x' })), 1);
    assert.equal(policyOf('3', { mode: 'warn' }).mode, 'warn');
    assert.equal(book.malformed(now('3')), 0);
  });

  it('with a mistake is counted until it is mended or gone, also without a pod to judge', () => {
    for (const later of [now('2'), () => undefined]) {
      const { policyOf, book } = bookOf();
      policyOf('1', { weights: 'x' });
      assert.equal(book.malformed(now('1')), 1);
      assert.equal(book.malformed(later), 0);
      assert.equal(book.malformed(later), 0);
    }
  });

  const first: readonly [name: string, annotations: Record<string, string>, mode: string][] = [
    ['an unknown key beside enforce', { mode: 'enforce', gibberish: 'x' }, 'audit'],
    ['a mistake beside warn', { mode: 'warn', weights: 'x' }, 'audit'],
    ['a mistake beside audit', { mode: 'audit', weights: 'x' }, 'audit'],
    ['a misspelt mode', { mode: 'enfroce' }, 'audit'],
    ['an empty mode', { mode: '' }, 'audit'],
    ['a mistake beside off', { mode: 'off', weights: 'x' }, 'off'],
    ['a mistake and no mode', { weights: 'x' }, 'off'],
  ];
  for (const [name, annotations, mode] of first)
    it(`that never was good, with ${name}: ${mode}`, () => {
      const { policyOf, book } = bookOf();
      assert.equal(policyOf('1', annotations).mode, mode);
      assert.equal(book.malformed(now('1')), 1);
    });

  it('that is malformed twice in a row stays what it was, and each version is named', () => {
    const { policyOf, complaints } = bookOf();
    policyOf('1', { mode: 'enforce', weights: 'x' });
    assert.equal(policyOf('2', { mode: 'enforce', weights: 'y' }).mode, 'audit');
    assert.equal(complaints.length, 2);
  });

  it('that is repaired and then broken in the same way again is named again', () => {
    const { policyOf, complaints } = bookOf();
    policyOf('1', { mode: 'enforce', weights: 'x' });
    policyOf('2', { mode: 'enforce' });
    policyOf('3', { mode: 'enforce', weights: 'x' });
    assert.equal(complaints.length, 2);
  });

  it('of one namespace does not stand in for that of another', () => {
    const { policyOf } = bookOf();
    policyOf('1', { mode: 'enforce' }, 'a');
    assert.equal(policyOf('1', { mode: 'enforce', weights: 'x' }, 'b').mode, 'audit');
  });
});
