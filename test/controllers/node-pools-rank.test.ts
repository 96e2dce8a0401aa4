import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type RankedPool, rankPools } from '../../src/controllers/node-pools/rank-pools.ts';

type Row = readonly [grams: number, own?: number];

function rank(
  rows: Readonly<Record<string, Row>>,
  was: ReturnType<typeof rankPools> = new Map(),
  range = [40, 60] as const,
) {
  const pools = Object.entries(rows).map(
    ([name, [gramsPerKwh, ownWeight = 0]]): RankedPool => ({ name, gramsPerKwh, ownWeight, range, was: was.get(name) }),
  );
  return rankPools(pools);
}

const weights = (ranked: ReturnType<typeof rankPools>) =>
  Object.fromEntries([...ranked].map(([name, { weight }]) => [name, weight]));

describe('the ranking of pools', () => {
  const ROWS: readonly [
    name: string,
    rows: Readonly<Record<string, Row>>,
    weights: Readonly<Record<string, number>>,
  ][] = [
    ['one alone has the highest weight', { a: [300] }, { a: 60 }],
    ['by intensity', { a: [300], b: [100], c: [200] }, { a: 58, b: 60, c: 59 }],
    ['within 5% of the cleanest of a band they are equal', { a: [100], b: [105], c: [106] }, { a: 60, b: 60, c: 59 }],
    [
      'of equals those that their owners put first',
      { a: [100, 1], b: [105, 9], c: [300, 50] },
      { a: 59, b: 60, c: 58 },
    ],
    ['what is down comes last', { a: [Infinity], b: [900], c: [Infinity] }, { a: 59, b: 60, c: 59 }],
    ['nothing below 1 g counts', { a: [0], b: [1] }, { a: 60, b: 60 }],
  ];
  for (const [name, rows, expected] of ROWS) it(name, () => assert.deepEqual(weights(rank(rows)), expected));

  it('shares weights where there are fewer than places, in order', () => {
    const rows = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`p${i}`, [100 * 1.2 ** i] as const]));
    const all = Object.values(weights(rank(rows)));
    assert.deepEqual([all[0], all.at(-1)], [60, 40]);
    assert.ok(all.every((weight, i) => weight <= (all[i - 1] ?? 60) && weight >= 40));
  });

  const STANDS: readonly [
    name: string,
    before: Readonly<Record<string, Row>>,
    now: Readonly<Record<string, Row>>,
    stands: boolean,
  ][] = [
    ['a turned order of 5%', { a: [100], b: [200] }, { a: [210], b: [200] }, true],
    ['a turned order of more', { a: [100], b: [200] }, { a: [211], b: [200] }, false],
    ['equals that are 10% apart', { a: [100], b: [100] }, { a: [110], b: [100] }, true],
    ['equals that are more apart', { a: [100], b: [100] }, { a: [111], b: [100] }, false],
    ['a difference that is gone', { a: [100], b: [200] }, { a: [100], b: [100] }, true],
    ['one that goes down', { a: [100], b: [200] }, { a: [Infinity], b: [200] }, false],
  ];
  for (const [name, before, now, stands] of STANDS)
    it(`${stands ? 'stands' : 'is made anew'} with ${name}`, () => {
      const first = rank(before);
      assert.equal(JSON.stringify([...rank(now, first)]) === JSON.stringify([...first]), stands);
    });

  it('is made anew once one that comes has its place, and stands when one goes', () => {
    const first = rank({ a: [100], b: [200] });
    const rows = { a: [100], b: [200], c: [150] } as const;
    const second = rank(rows, first);
    assert.deepEqual(weights(second), { a: 60, b: 59, c: 59 });
    assert.deepEqual(weights(rank(rows, second)), { a: 60, b: 58, c: 59 });
    assert.deepEqual(weights(rank({ b: [200] }, first)), { b: 59 });
  });

  it('stands for the others beside one that never gets a place, whatever its region does', () => {
    const first = rank({ a: [200], b: [206], c: [220] });
    for (const grams of [50, 199, 205, 212, 230, 1_000, Infinity])
      for (const noise of [0.985, 1, 1.015]) {
        const now = rank({ a: [200], b: [206 * noise], c: [220], stuck: [grams] }, first);
        assert.deepEqual({ ...weights(now), stuck: 0 }, { ...weights(first), stuck: 0 }, `${grams}`);
      }
  });

  it('gives one that comes a weight of its range, also behind the last place', () => {
    const rows = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`p${i}`, [100 * 1.2 ** i] as const]));
    const comes = { ...rows, last: [1e6] as const };
    assert.equal(weights(rank(comes, rank(rows)))['last'], 40);
  });

  const row = fc.tuple(
    fc.oneof(fc.integer({ min: 0, max: 900 }), fc.constant(Number.POSITIVE_INFINITY)),
    fc.integer({ min: 0, max: 3 }),
  );
  const rows = fc.dictionary(fc.constantFrom(...'abcdefgh'), row, { minKeys: 1 });

  it('never puts a pool that is more than 5% dirtier before another, and stands at once', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const ranked = rank(all);
        for (const [one, [grams]] of Object.entries(all))
          for (const [other, [others]] of Object.entries(all))
            if (Math.max(1, grams) > Math.max(1, others) * 1.05)
              assert.ok((ranked.get(one)?.weight ?? 0) < (ranked.get(other)?.weight ?? 0), `${one} before ${other}`);
        assert.deepEqual(rank(all, ranked), ranked);
      }),
    );
  });
});
