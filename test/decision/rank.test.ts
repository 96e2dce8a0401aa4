import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RegionView } from '../../src/regions/snapshot.ts';
import { decideNow, makeNode, makePod, makeRegion, makeSnapshot } from '../builders.ts';

const ceiling = { 'max-intensity': '2000' };

/** Expected: `region score weight`, best first; the scores are worked out by hand. */
function check(
  rows: readonly [name: string, regions: readonly RegionView[], expected: string, policy?: Record<string, string>][],
) {
  for (const [name, regions, expected, policy = {}] of rows) {
    it(name, () => {
      const { steps } = decideNow(makePod(), { ...ceiling, ...policy }, makeSnapshot(regions));
      const ranked = steps?.judgement.ranked ?? [];
      const line = ranked.map(({ region, score, termWeight }) => `${region.name} ${score.toFixed(4)} ${termWeight}`);
      assert.equal(line.join(', '), expected);
    });
  }
}

describe('ranking by carbon', () => {
  const of = (...grams: number[]) => grams.map((value, index) => makeRegion('abcdefgh'[index] ?? '', value));
  check([
    ['one region', of(123), 'a 1.0000 100'],
    ['four times cleaner: 100 x 0.25^4 = 0.39, at least 1', of(400, 100), 'b 1.0000 100, a 0.2500 1'],
    ['twice as clean: 100 x 0.5^4 = 6.25', of(100, 200), 'a 1.0000 100, b 0.5000 6'],
    ['within 10%: 100 x (1/1.1)^4 = 68.3', of(110, 100), 'b 1.0000 100, a 0.9091 68'],
    ['equal: by name', of(100, 100, 100), 'a 1.0000 100, b 1.0000 100, c 1.0000 100'],
    ['0 g counts as 1 g', of(0, 1, 2), 'a 1.0000 100, b 1.0000 100, c 0.5000 6'],
    ['unknown scores 0', [...of(100), makeRegion('b', undefined)], 'a 1.0000 100, b 0.0000 1'],
    [
      'another signal scores 0, however clean',
      [...of(100), makeRegion('b', 1, { reading: { signal: 'marginal' } })],
      'a 1.0000 100, b 0.0000 1',
    ],
    [
      'a yearly average ranks',
      [...of(100), makeRegion('b', 50, { reading: { freshness: 'embedded' } })],
      'b 1.0000 100, a 0.5000 6',
    ],
    ['nothing known: no order', [makeRegion('a', undefined), makeRegion('b', undefined)], ''],
    ['refused regions are no candidates', [...of(100), makeRegion('b', 10, { outage: 'fire' })], 'a 1.0000 100'],
  ]);
});

describe('ranking by several factors', () => {
  const a = makeRegion('a', 100, { pricePerHour: 2, latencyMs: { home: 20 } });
  const b = makeRegion('b', 200, { pricePerHour: 1, latencyMs: { home: 10 } });
  const home = makeRegion('home', 400, { pricePerHour: 4 });
  const policy = (weights: string) => ({ weights, 'home-region': 'home' });
  check([
    ['cost alone', [a, b], 'b 1.0000 100, a 0.5000 6', policy('cost=1')],
    ['factors that are not named weigh nothing', [a, b], 'b 1.0000 100, a 0.5000 6', policy('latency=3')],
    ['carbon and cost, evenly: (1 + 1/2) / 2 each', [a, b], 'a 0.7500 100, b 0.7500 100', policy('carbon=1,cost=1')],
    [
      'carbon counts threefold: (3 + 1/2)/4 and (3/2 + 1)/4; 100 x (5/7)^4 = 26.03',
      [a, b],
      'a 0.8750 100, b 0.6250 26',
      policy('carbon=3,cost=1'),
    ],
    [
      'home is 0 ms, floored at 1 ms: 1/20 and 1/10',
      [a, b, home],
      'home 1.0000 100, b 0.1000 1, a 0.0500 1',
      policy('latency=1'),
    ],
    [
      'all three: a (1+.5+.05)/3, b (.5+1+.1)/3, home (.25+.25+1)/3; 100 x (1.55/1.6)^4 = 88.07, (1.5/1.6)^4 = 77.25',
      [a, b, home],
      'b 0.5333 100, a 0.5167 88, home 0.5000 77',
      policy('carbon=1,cost=1,latency=1'),
    ],
    [
      'a price nobody knows scores 0 in cost only: (1 + 0)/2, (1/2 + 1)/2; 100 x (2/3)^4 = 19.75',
      [makeRegion('a', 100), b],
      'b 0.7500 100, a 0.5000 20',
      policy('carbon=1,cost=1'),
    ],
    [
      'a price of 0 counts as 1e-6',
      [makeRegion('a', 1, { pricePerHour: 0 }), makeRegion('b', 1, { pricePerHour: 2e-6 })],
      'a 1.0000 100, b 0.5000 6',
      policy('cost=1'),
    ],
    ['no home: latency is unknown', [a, b], '', { weights: 'latency=1' }],
  ]);
});

describe('preferred terms', () => {
  const many = makeSnapshot({ a: 100, b: 110, c: 120, d: 130, e: 140, f: 150, g: 160 });
  const preferences = (policy: Record<string, string>, snapshot = many) =>
    decideNow(makePod(), policy, snapshot)
      .steps?.steering?.preferred.map(({ region, weight }) => `${region} ${weight}`)
      .join(' ');

  it('are for the five best at most', () => {
    assert.equal(preferences({}), 'a 100 b 68 c 48 d 35 e 26');
  });
  it('leave out what is refused', () => {
    assert.equal(preferences({ 'max-intensity': '120' }), 'a 100 b 68 c 48');
  });
  it('are not added under placement: none', () => {
    assert.equal(preferences({ placement: 'none' }), '');
  });
  it('are for the required regions under placement: require', () => {
    assert.equal(preferences({ placement: 'require' }), 'a 100 b 68');
  });
  it('lead to the one candidate where nodes without a region label stay usable', () => {
    const nodes = [makeNode('n1', 'a'), makeNode('n2', 'b'), makeNode('n3')];
    assert.equal(preferences({}, makeSnapshot({ a: 100, b: 900 }, { nodes })), 'a 100');
  });
});
