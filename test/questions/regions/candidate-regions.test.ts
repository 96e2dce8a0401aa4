import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { candidateRegions } from '../../../src/questions/regions/candidate-regions.ts';
import type { RegionView } from '../../../src/regions/snapshot.ts';
import { makeRegion, makeSnapshot } from '../../builders.ts';

describe('a region to lead work to', () => {
  const other = { reading: { signal: 'marginal' } } as const;
  const rows: readonly [name: string, region: RegionView, why: string | undefined][] = [
    ['with a reading, of unknown health', makeRegion('a', 50), undefined],
    ['with a yearly average', makeRegion('a', 50, { reading: { freshness: 'embedded' } }), undefined],
    ['at 0', makeRegion('a', 0), undefined],
    ['whose outage is over', { ...makeRegion('a', 50), outage: { active: false, sources: ['manual'] } }, undefined],
    ['in outage', makeRegion('a', 50, { outage: 'flood' }), 'in outage (flood)'],
    ['in outage, nobody says why', { ...makeRegion('a', 50), outage: { active: true, sources: [] } }, 'in outage'],
    ['without a reading', makeRegion('a', undefined), 'no reading'],
    ['without a reading, in outage', makeRegion('a', undefined, { outage: 'flood' }), 'in outage (flood)'],
    ['of another signal', makeRegion('a', 50, other), 'its reading is marginal, not average-lifecycle'],
  ];
  for (const [name, region, why] of rows)
    it(`${name}: ${why ?? 'yes'}`, () => {
      const { candidates, leftOut } = candidateRegions(makeSnapshot([region]));
      const gramsPerKwh = region.reading?.gramsPerKwh;
      assert.deepEqual(candidates, why === undefined ? [{ name: 'a', gramsPerKwh }] : []);
      assert.deepEqual(leftOut, why === undefined ? [] : [{ name: 'a', why }]);
    });

  it('comes before a dirtier one', () => {
    const { candidates } = candidateRegions(makeSnapshot({ a: 300, b: 20, c: 100 }));
    assert.deepEqual(
      candidates.map(({ name }) => name),
      ['b', 'c', 'a'],
    );
  });
});
