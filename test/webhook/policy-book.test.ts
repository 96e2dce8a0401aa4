import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRules } from '../../src/decision/policy-rules.ts';
import { createPolicyBook } from '../../src/webhook/policy-book.ts';
import { makeRecord } from './start-webhook.ts';

function bookOf(defaults = {}) {
  const complaints: string[] = [];
  const rules = { defaults, limits: {} };
  const book = createPolicyBook(
    () => rules,
    (name, mistakes) => complaints.push(`${name}: ${mistakes.join('; ')}`),
  );
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
  it('tells of twenty mistakes, and of how many more', () => {
    const { policyOf, complaints } = bookOf();
    const annotations = Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [`a${i}`, 'x']));
    policyOf('1', annotations);
    assert.match(complaints.join(), /and 8980 more$/);
    assert.equal(complaints[0]?.split('; ').length, 21);
  });

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

describe('when the rules change', () => {
  function liveBook() {
    let rules = compileRules({});
    const told: string[] = [];
    const book = createPolicyBook(
      () => rules,
      (name, sentences) => told.push(`malformed ${name} ${sentences.length}`),
      (name, sentences) => told.push(`beyond ${name} ${sentences.length}`),
    );
    return {
      book,
      told,
      change(written: Parameters<typeof compileRules>[0]) {
        rules = compileRules(written);
      },
    };
  }
  const record = (annotations: Record<string, string>, resourceVersion = '1', name = 'shop') =>
    makeRecord(name, annotations, { resourceVersion });

  it('a policy is compiled anew, once, for the same object and for another of its version', () => {
    const { book, change } = liveBook();
    const namespace = record({ mode: 'enforce' });
    assert.equal(book.policyOf(namespace).maxIntensity, 300);
    change({ policy: { 'max-intensity': '200' } });
    const policy = book.policyOf(namespace);
    assert.equal(policy.maxIntensity, 200);
    assert.equal(book.policyOf(namespace), policy);
    assert.equal(book.policyOf(record({ mode: 'enforce' })), policy);
    change({});
    assert.equal(book.policyOf(namespace).maxIntensity, 300);
  });

  it('the last good version of a malformed policy stays in force, under the new rules', () => {
    const { book, change } = liveBook();
    book.policyOf(record({ mode: 'enforce', 'max-intensity': '500' }));
    const broken = record({ mode: 'enforce', 'max-intensity': 'much' }, '2');
    assert.equal(book.policyOf(broken).maxIntensity, 500);
    change({ limits: { 'max-intensity': 400 } });
    const { maxIntensity, mode } = book.policyOf(broken);
    assert.deepEqual([maxIntensity, mode], [400, 'enforce']);
  });

  it('what asks beyond the limits is told once a version, and is not malformed', () => {
    const { book, told, change } = liveBook();
    change({ limits: { 'max-intensity': 400, failover: [] } });
    const namespace = record({ mode: 'enforce', 'max-intensity': '500', priority: 'failover' });
    for (let i = 0; i < 3; i++) assert.equal(book.policyOf({ ...namespace }).maxIntensity, 400);
    assert.deepEqual(told, ['beyond shop 2']);
    assert.equal(
      book.malformed(() => namespace),
      0,
    );
  });

  it('a version that only now asks beyond the limits is told', () => {
    const { book, told, change } = liveBook();
    const namespace = record({ mode: 'enforce', 'max-intensity': '500', priority: 'failover' });
    for (const ceiling of [400, 400, 300]) {
      change({ limits: { 'max-intensity': ceiling, failover: ['shop'] } });
      for (let i = 0; i < 3; i++) book.policyOf({ ...namespace });
    }
    assert.deepEqual(told, ['beyond shop 1', 'beyond shop 1']);
  });

  it('a version that was malformed, and now asks for too much as well, is told', () => {
    const { book, told, change } = liveBook();
    const namespace = record({ mode: 'enforce', 'max-intensity': '500', weights: 'x' });
    book.policyOf(namespace);
    change({ limits: { 'max-intensity': 400 } });
    book.policyOf(namespace);
    assert.deepEqual(told.slice(0, 1), ['malformed shop 1']);
    assert.ok(told.includes('beyond shop 1'));
  });

  it('namespaces that say the same share a policy only where the limits treat them alike', () => {
    const { book, change } = liveBook();
    change({ limits: { failover: ['pay-*'] } });
    const of = (name: string) => book.policyOf(record({ mode: 'enforce', priority: 'failover' }, '1', name));
    assert.equal(of('pay-1'), of('pay-2'));
    assert.equal(of('shop'), of('lab'));
    assert.deepEqual([of('pay-1').priority, of('shop').priority], ['failover', 'flexible']);
  });
});
