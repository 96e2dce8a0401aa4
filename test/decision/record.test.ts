import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RegionView } from '../../src/regions/snapshot.ts';
import { applied, decideNow, makePod, makeRegion, makeSnapshot } from '../builders.ts';

function recordOf(regions: readonly RegionView[], policy: Record<string, string> = {}) {
  const pod = makePod();
  const { metadata } = applied(pod, decideNow(pod, policy, makeSnapshot(regions)));
  const text = metadata?.annotations?.['gridgate.dev/decision'] ?? '';
  return { text, record: JSON.parse(text) };
}

describe('the record in gridgate.dev/decision', () => {
  it('tells reason, best and refused regions with readings, counts and the time', () => {
    const { record } = recordOf([
      makeRegion('a', 100.04),
      makeRegion('b', 50, { reading: { source: 'electricity-maps' } }),
      makeRegion('c', undefined),
      makeRegion('d', 500),
      makeRegion('e', 20, { outage: 'fire' }),
    ]);
    assert.deepEqual(record, {
      reason: 'steered',
      best: ['b 50 electricity-maps', 'a 100 static', 'c'],
      refused: ['d 500 static high_carbon', 'e 20 static outage'],
      reachable: 5,
      acceptable: 3,
      at: '2026-11-22T09:00:00.000Z',
    });
  });

  it('names five best and five refused at most', () => {
    const { record } = recordOf(
      [1, 2, 3, 4, 5, 6, 7, 8].flatMap((i) => [makeRegion(`a${i}`, i), makeRegion(`z${i}`, 900)]),
    );
    assert.equal(record.best.length, 5);
    assert.equal(record.refused.length, 5);
    assert.deepEqual([record.reachable, record.acceptable], [16, 8]);
  });

  const long = (index: number) => `${'r'.repeat(60)}${String(index).padStart(3, '0')}`;
  const sources: readonly [name: string, source: string][] = [
    ['ordinary sources', 'electricity-maps'],
    ['long sources', 's'.repeat(300)],
    ['enormous sources', 's'.repeat(2000)],
    ['sources of several bytes a character', '漢"\\\n'.repeat(30)],
  ];
  for (const [name, source] of sources) {
    it(`has at most 1 KiB with 200 regions of 63 characters and ${name}`, () => {
      const regions = Array.from({ length: 200 }, (_, index) =>
        makeRegion(long(index), index * 10 + 0.123456789, { reading: { source } }),
      );
      const { text, record } = recordOf(regions);
      assert.ok(Buffer.byteLength(text) <= 1024, `${Buffer.byteLength(text)} bytes`);
      assert.equal(record.reason, 'steered');
    });
  }

  it('keeps as many of them as fit', () => {
    const regions = Array.from({ length: 200 }, (_, index) => makeRegion(long(index), index * 10));
    const { record } = recordOf(regions);
    assert.ok(record.best.length >= 3 && record.refused.length >= 3, `${record.best.length}`);
  });
});
