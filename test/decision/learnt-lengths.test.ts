import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  lookUpLengths,
  MOST_CHARACTERS,
  MOST_OWNERS,
  NOTHING_LEARNT,
  readLearntLengths,
  writeLearntLengths,
} from '../../src/decision/learnt-lengths.ts';

const NIGHTLY = { kind: 'CronJob', name: 'nightly' };
const WRITTEN = {
  version: 1,
  owners: { 'shop/CronJob/nightly': [60, 120], 'shop/Job/quick': [0] },
  namespaces: { shop: { seconds: 90.5, runs: 3 } },
  newest: { 'shop/CronJob/nightly': 1_795_000_000, shop: 1_795_000_000 },
};

function read(text: string) {
  const lengths = readLearntLengths(text);
  assert.ok(lengths);
  return lookUpLengths(lengths);
}

describe('learnt lengths', () => {
  it("are the mean of an owner's runs, else that of its namespace, else nothing", () => {
    const learnt = read(JSON.stringify(WRITTEN));
    assert.deepEqual(learnt('shop', NIGHTLY), { ms: 90_000, from: 'owner' });
    assert.deepEqual(learnt('shop', { kind: 'Job', name: 'nightly' }), { ms: 91_000, from: 'namespace' });
    assert.deepEqual(learnt('shop', undefined), { ms: 91_000, from: 'namespace' });
    assert.equal(learnt('lab', NIGHTLY), undefined);
    assert.deepEqual(learnt('shop', { kind: 'Job', name: 'quick' }), { ms: 1_000, from: 'owner' });
  });

  it('are read as they are written', () => {
    const lengths = readLearntLengths(JSON.stringify(WRITTEN));
    assert.ok(lengths);
    assert.deepEqual(JSON.parse(writeLearntLengths(lengths)), WRITTEN);
    assert.deepEqual(readLearntLengths(writeLearntLengths(NOTHING_LEARNT)), NOTHING_LEARNT);
  });

  it('need not say which runs are counted', () => {
    const { newest, ...rest } = WRITTEN;
    assert.deepEqual(read(JSON.stringify(rest))('shop', NIGHTLY), { ms: 90_000, from: 'owner' });
  });

  it('of owners with names that objects have anyway are nothing unusual', () => {
    const learnt = read(
      '{"version":1,"owners":{"__proto__/Job/x":[5]},"namespaces":{"__proto__":{"seconds":7,"runs":1}}}',
    );
    assert.deepEqual(learnt('__proto__', { kind: 'Job', name: 'x' }), { ms: 5_000, from: 'owner' });
    assert.deepEqual(learnt('__proto__', NIGHTLY), { ms: 7_000, from: 'namespace' });
    assert.equal(learnt('constructor', NIGHTLY), undefined);
  });

  const owners = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`a/Job/${i}`, [1]]));
  const unreadable: Readonly<Record<string, string>> = {
    'no JSON': '{',
    nothing: '',
    'a list': '[]',
    null: 'null',
    'of another version': JSON.stringify({ ...WRITTEN, version: 2 }),
    'without owners': JSON.stringify({ ...WRITTEN, owners: undefined }),
    'with a list of owners': JSON.stringify({ ...WRITTEN, owners: [] }),
    'with a run that is a text': JSON.stringify({ ...WRITTEN, owners: { 'a/Job/b': ['1'] } }),
    'with a run that took less than nothing': JSON.stringify({ ...WRITTEN, owners: { 'a/Job/b': [-1] } }),
    'with a run that took longer than time': '{"version":1,"owners":{"a/Job/b":[1e400]},"namespaces":{}}',
    'with an owner without runs': JSON.stringify({ ...WRITTEN, owners: { 'a/Job/b': [] } }),
    'with too many runs': JSON.stringify({ ...WRITTEN, owners: { 'a/Job/b': Array(21).fill(1) } }),
    'with too many owners': JSON.stringify({ ...WRITTEN, owners: owners(MOST_OWNERS + 1) }),
    'with a namespace that is a number': JSON.stringify({ ...WRITTEN, namespaces: { a: 1 } }),
    'with a time that is a text': JSON.stringify({ ...WRITTEN, newest: { a: '2026' } }),
    'that is huge': JSON.stringify({ ...WRITTEN, other: 'x'.repeat(MOST_CHARACTERS) }),
    'that is deep': '['.repeat(100_000),
  };
  for (const [name, text] of Object.entries(unreadable))
    it(`${name}: cannot be read`, () => assert.equal(readLearntLengths(text), undefined));
});
