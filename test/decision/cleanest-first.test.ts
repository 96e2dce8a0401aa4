import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cleanestFirst } from '../../src/decision/cleanest-first.ts';
import type { RegionView } from '../../src/regions/snapshot.ts';
import { makeRegion, makeSnapshot } from '../builders.ts';

const marginal = { reading: { signal: 'marginal' } } as const;

describe('regions, cleanest first', () => {
  const rows: readonly [name: string, regions: readonly RegionView[], order: string][] = [
    ['none', [], ''],
    ['by intensity, not by name', [makeRegion('a', 300), makeRegion('b', 20), makeRegion('c', 100)], 'b c a'],
    ['as numbers, not as text', [makeRegion('a', 100), makeRegion('b', 20.5), makeRegion('c', 20.4)], 'c b a'],
    ['equal ones by name', [makeRegion('c', 50), makeRegion('a', 50), makeRegion('b', 50)], 'a b c'],
    ['0 is a reading', [makeRegion('a', undefined), makeRegion('b', 0), makeRegion('c', 1)], 'b c a'],
    [
      'without a reading last, by name',
      [makeRegion('b', undefined), makeRegion('a', undefined), makeRegion('c', 900)],
      'c a b',
    ],
    [
      'a reading of another signal after every comparable one, before none',
      [makeRegion('a', undefined), makeRegion('b', 1, marginal), makeRegion('c', 900)],
      'c b a',
    ],
    [
      'readings of other signals by name: their numbers compare with nothing',
      [makeRegion('b', 1, marginal), makeRegion('a', 9, { reading: { signal: 'average-direct' } })],
      'a b',
    ],
    ['an outage changes no place', [makeRegion('a', 40), makeRegion('b', 10, { outage: 'flood' })], 'b a'],
  ];
  for (const [name, regions, order] of rows)
    it(name, () => {
      const sorted = cleanestFirst(makeSnapshot(regions)).map((region) => region.name);
      assert.equal(sorted.join(' '), order);
    });

  it('compares readings of the policy signal, whichever that is', () => {
    const snapshot = makeSnapshot([makeRegion('a', 1), makeRegion('b', 900, marginal)], { policySignal: 'marginal' });
    assert.deepEqual(
      cleanestFirst(snapshot).map(({ name }) => name),
      ['b', 'a'],
    );
  });

  it('leaves the snapshot as it was', () => {
    const snapshot = makeSnapshot({ a: 2, b: 1 });
    cleanestFirst(snapshot);
    assert.deepEqual(
      snapshot.regions.map(({ name }) => name),
      ['a', 'b'],
    );
  });
});
