import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProjectionStore, objectKey } from '../../src/cluster/projection-store.ts';
import { labelResource, withLabel } from './label-resource.ts';

function storeOf(...names: string[]) {
  const store = createProjectionStore(labelResource());
  for (const name of names) store.put(withLabel(name, 'a'));
  return store;
}

test('a change is an object added, an object removed, or other facts', () => {
  const store = storeOf();
  assert.equal(store.put(withLabel('one', 'a')), true);
  assert.equal(store.put(withLabel('one', 'a')), false);
  assert.equal(store.put(withLabel('one', 'b')), true);
  assert.equal(store.get('one'), 'b');
  assert.equal(store.remove(withLabel('one', 'b')), true);
  assert.equal(store.remove(withLabel('one', 'b')), false);
  assert.equal(store.get('one'), undefined);
});

const replacements: readonly [string, string[], boolean][] = [
  ['the same objects', ['one', 'two'], false],
  ['one less', ['one'], true],
  ['one more', ['one', 'two', 'three'], true],
  ['as many, but another', ['one', 'three'], true],
];
for (const [name, names, changed] of replacements) {
  test(`a new list replaces the content: ${name}`, () => {
    const store = storeOf('one', 'two');
    const replacement = store.beginReplacement();
    for (const added of names) replacement.add(withLabel(added, 'a'));
    assert.deepEqual([...store.values()], ['a', 'a'], 'readable until the commit');
    assert.equal(replacement.commit(), changed);
    assert.deepEqual(
      names.map((key) => store.get(key)),
      names.map(() => 'a'),
    );
    assert.equal([...store.values()].length, names.length);
  });
}

test('objects of one name in two namespaces are two', () => {
  const store = storeOf();
  store.put({ metadata: { name: 'p', namespace: 'one', labels: { label: 'a' } } });
  store.put({ metadata: { name: 'p', namespace: 'two', labels: { label: 'b' } } });
  assert.equal(store.get(objectKey('p', 'one')), 'a');
  assert.equal(store.get(objectKey('p', 'two')), 'b');
});
