import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseRegionPatterns } from '../../src/decision/region-patterns.ts';
import { ends } from './bounded.ts';

describe('region patterns', () => {
  const rows: readonly [patterns: string, match: string, others: string][] = [
    ['eu-west-1', 'eu-west-1', 'eu-west-10 eu-west EU-WEST-1 xeu-west-1'],
    ['eu-*', 'eu-west-1 eu-', 'us-east-1 xeu-a'],
    ['*', 'eu-west-1 region.with.dots', ''],
    ['*-1', 'eu-west-1 us-east-1', 'eu-west-2'],
    ['eu-?', 'eu-a', 'eu- eu-ab'],
    ['eu-*,us-east-1', 'eu-a us-east-1', 'us-east-2'],
    [' eu-a , us-a ', 'eu-a us-a', 'ap-a'],
    ['eu-*,!eu-south-*', 'eu-west-1', 'eu-south-1 us-a'],
    ['!eu-south-*,eu-*', 'eu-west-1', 'eu-south-1 us-a'],
    ['!us-*', 'eu-a ap-a', 'us-a us-b'],
    ['!us-*,!ap-*', 'eu-a', 'us-a ap-a'],
    ['!*', '', 'eu-a us-a'],
    ['*,!*', '', 'eu-a'],
    ['a.b', 'a.b', 'axb'],
    ['a**b', 'ab axxb', 'a'],
  ];
  for (const [patterns, match, others] of rows) {
    it(`${patterns} matches ${match || 'nothing'}`, () => {
      const parsed = parseRegionPatterns(patterns);
      for (const name of match.split(' ').filter(Boolean)) assert.equal(parsed?.matches(name), true, name);
      for (const name of others.split(' ').filter(Boolean)) assert.equal(parsed?.matches(name), false, name);
    });
  }

  const name = fc.stringMatching(/^[a-c]([a-c.-]{0,6}[a-c1])?$/);
  const pattern = fc.stringMatching(/^[a-c*?]([a-c.*?-]{0,6})$/);
  it('mean what * and ? say, whatever else is in them', () => {
    fc.assert(
      fc.property(fc.array(pattern, { minLength: 1, maxLength: 3 }), name, (patterns, name) => {
        const expected = patterns.some((pattern) => globToRegExp(pattern).test(name));
        assert.equal(parseRegionPatterns(patterns.join(','))?.matches(name), expected);
      }),
      { seed: 1, numRuns: 3000 },
    );
  });

  it('of any length never throw: a pod author could switch gridgate off with them', () => {
    for (const text of ['a'.repeat(70_000), `eu-*,${'b'.repeat(250_000)}`])
      assert.doesNotThrow(() => parseRegionPatterns(text)?.matches('eu-a'));
  });

  it('never take time exponential in their length: a pod author could freeze gridgate with them', async () => {
    const use = ({ parseRegionPatterns }: typeof import('../../src/decision/region-patterns.ts')) => {
      parseRegionPatterns(`${'*?'.repeat(25)}Z`)?.matches('a'.repeat(60));
    };
    assert.ok(await ends('region-patterns.ts', use));
  });
});

function globToRegExp(glob: string): RegExp {
  const source = glob.replaceAll('.', '\\.').replaceAll(/\*+/g, '.*').replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}
