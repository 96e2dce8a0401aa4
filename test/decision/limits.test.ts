import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { applyLimits, standingOf, strongerMode } from '../../src/decision/limits.ts';
import { MODES, type Policy } from '../../src/decision/policy.ts';
import { compileRules, type WrittenLimits } from '../../src/decision/policy-rules.ts';
import { makePolicy } from '../builders.ts';

type Texts = Readonly<Record<string, string>>;

const REGIONS = ['eu-north', 'eu-south-1', 'eu-south-2', 'us-west', 'us-east', 'ap-1'];

function limited(asked: Texts, limits: WrittenLimits, namespace = 'shop', defaults: Texts = {}) {
  const rules = compileRules({ policy: defaults, limits });
  return applyLimits(makePolicy(asked), namespace, rules.limits);
}

describe('limits, the stricter counts:', () => {
  const rows: readonly [
    name: string,
    asked: Texts,
    limits: WrittenLimits,
    counts: Partial<Policy>,
    excess: readonly string[],
  ][] = [
    [
      'no limits',
      { 'max-intensity': '900', priority: 'failover', 'pod-overrides': 'allow' },
      {},
      { maxIntensity: 900, priority: 'failover', podOverrides: 'allow' },
      [],
    ],
    [
      'a ceiling above',
      { 'max-intensity': '500' },
      { 'max-intensity': 400 },
      { maxIntensity: 400, maxIntensitySetBy: 'limits' },
      ['max-intensity'],
    ],
    [
      'a ceiling at the limit',
      { 'max-intensity': '400' },
      { 'max-intensity': 400 },
      { maxIntensity: 400, maxIntensitySetBy: 'namespace' },
      [],
    ],
    [
      'a ceiling below',
      { 'max-intensity': '100' },
      { 'max-intensity': 400 },
      { maxIntensity: 100, ceilingLimit: 400 },
      [],
    ],
    ['a mode weaker', { mode: 'audit' }, { mode: 'warn' }, { mode: 'warn' }, ['mode']],
    ['a mode stronger', { mode: 'enforce' }, { mode: 'warn' }, { mode: 'enforce' }, []],
    ['off where anyone may opt out', { mode: 'off' }, { mode: 'warn' }, { mode: 'off' }, []],
    ['off where this one may not', { mode: 'off' }, { 'no-opt-out': ['shop'] }, { mode: 'audit' }, ['mode']],
    [
      'off where this one may not be weak',
      { mode: 'off' },
      { 'no-opt-out': ['s*'], mode: 'warn' },
      { mode: 'warn' },
      ['mode'],
    ],
    ['off where another may not', { mode: 'off' }, { 'no-opt-out': ['lab'] }, { mode: 'off' }, []],
    ['failover where nobody may', { priority: 'failover' }, { failover: [] }, { priority: 'flexible' }, ['priority']],
    [
      'failover where others may',
      { priority: 'failover' },
      { failover: ['lab', 'x-*'] },
      { priority: 'flexible' },
      ['priority'],
    ],
    [
      'failover where this one may',
      { priority: 'failover' },
      { failover: ['lab', 'sh?p'] },
      { priority: 'failover' },
      [],
    ],
    ['less than failover', { priority: 'none' }, { failover: [] }, { priority: 'none' }, []],
    [
      'pod-overrides where all may but this one',
      { 'pod-overrides': 'allow' },
      { 'pod-overrides': ['!shop'] },
      { podOverrides: 'tighten' },
      ['pod-overrides'],
    ],
    [
      'pod-overrides where this one may',
      { 'pod-overrides': 'allow' },
      { 'pod-overrides': ['shop'] },
      { podOverrides: 'allow' },
      [],
    ],
    ['system priority where any namespace may', {}, {}, {}, []],
    ['system priority where others may', {}, { 'system-priority': ['ops-*'] }, { systemPriorityExempts: false }, []],
    ['a spread that opens no dirty regions', {}, { 'spread-opens-dirty': false }, { spreadOpensDirty: false }, []],
    [
      'everything at once',
      { mode: 'audit', 'max-intensity': '500', regions: 'us-*', priority: 'failover', 'pod-overrides': 'allow' },
      { 'max-intensity': 1, regions: ['eu-*'], mode: 'enforce', failover: [], 'pod-overrides': [] },
      { mode: 'enforce', maxIntensity: 1, priority: 'flexible', podOverrides: 'tighten' },
      ['max-intensity', 'regions', 'mode', 'priority', 'pod-overrides'],
    ],
  ];
  for (const [name, asked, limits, counts, excess] of rows)
    it(name, () => {
      const { policy, excess: found } = limited(asked, limits);
      assert.deepEqual({ ...policy, ...counts }, policy);
      assert.deepEqual(
        found.map(({ key }) => key),
        excess.map((key) => `gridgate.dev/${key}`),
      );
    });

  it('who may not opt out gets the default mode, where that is stronger', () => {
    const { policy } = limited({ mode: 'off' }, { 'no-opt-out': ['shop'], mode: 'audit' }, 'shop', { mode: 'enforce' });
    assert.equal(policy.mode, 'enforce');
  });
});

describe('what pods may claim in a policy without limits on it', () => {
  const rows: readonly [name: string, limits: WrittenLimits][] = [
    ['none at all', {}],
    ['this namespace on the list', { 'system-priority': ['sh*'] }],
    ['a spread that may open dirty regions', { 'spread-opens-dirty': true }],
  ];
  for (const [name, limits] of rows)
    it(name, () => {
      const { policy } = limited({}, limits);
      assert.deepEqual([policy.systemPriorityExempts ?? true, policy.spreadOpensDirty ?? true], [true, true]);
    });
});

describe('regions within the limits', () => {
  const rows: readonly [
    asked: string | undefined,
    limits: readonly string[],
    left: readonly string[],
    outside: string | undefined,
  ][] = [
    [undefined, ['eu-*'], ['eu-north', 'eu-south-1', 'eu-south-2'], undefined],
    ['*', ['eu-*', '!eu-south-*'], ['eu-north'], undefined],
    ['eu-north', ['eu-*'], ['eu-north'], undefined],
    ['eu-*', ['eu-*', '!eu-south-*'], ['eu-north'], undefined],
    ['e*', ['eu-north'], ['eu-north'], undefined],
    ['!us-*', ['eu-*'], ['eu-north', 'eu-south-1', 'eu-south-2'], undefined],
    ['us-*', ['eu-*'], [], 'us-*'],
    ['us-west', ['eu-*'], [], 'us-west'],
    ['eu-*,us-west,us-e*', ['eu-*'], ['eu-north', 'eu-south-1', 'eu-south-2'], 'us-west, us-e*'],
    ['eu-south-*', ['eu-*', '!eu-south-*'], [], 'eu-south-*'],
    ['eu-south-?', ['!eu-south-*'], [], 'eu-south-?'],
    ['eu-south-*', ['!eu-south-?'], [], undefined],
    ['eu-*', ['!us-*'], ['eu-north', 'eu-south-1', 'eu-south-2'], undefined],
  ];
  for (const [asked, limits, left, outside] of rows)
    it(`${asked ?? 'unsaid'} within ${limits.join(',')}: ${left.join(', ') || 'none'}${outside ? `; ${outside} asks too much` : ''}`, () => {
      const { policy, excess } = limited(asked === undefined ? {} : { regions: asked }, { regions: limits });
      assert.deepEqual(REGIONS.filter(policy.regions.matches), left);
      if (outside === undefined) assert.deepEqual(excess, []);
      else assert.match(excess[0]?.allowed ?? '', new RegExp(`: ${outside.replaceAll(/[*?]/g, '\\$&')} is outside$`));
    });
});

const glob = fc.constantFrom(
  '*',
  'eu-*',
  '*-south-*',
  'eu-south-?',
  'us-west',
  'u*',
  '??-*',
  'ap-1',
  '!eu-*',
  '!us-east',
  '!*1',
);
const globs = fc.array(glob, { minLength: 1, maxLength: 4 });
const lists = fc.option(fc.array(fc.constantFrom('shop', 's*', 'lab', '!shop', '*'), { maxLength: 3 }), {
  nil: undefined,
});
const mode = fc.constantFrom(...MODES);
const asking = fc.record({
  mode,
  'max-intensity': fc.nat(1000).map(String),
  regions: globs.map((list) => list.join(',')),
  priority: fc.constantFrom('none', 'flexible', 'failover'),
  'pod-overrides': fc.constantFrom('tighten', 'allow'),
});
const limiting: fc.Arbitrary<WrittenLimits> = fc.record({
  mode: fc.option(mode, { nil: undefined }),
  'max-intensity': fc.option(fc.nat(1000), { nil: undefined }),
  regions: fc.option(globs, { nil: undefined }),
  failover: lists,
  'pod-overrides': lists,
  'no-opt-out': lists,
  'system-priority': lists,
  'spread-opens-dirty': fc.option(fc.boolean(), { nil: undefined }),
});

describe('any policy within any limits', () => {
  const within = (check: (asked: Policy, written: WrittenLimits) => void) =>
    fc.assert(
      fc.property(asking, limiting, (asked, written) => check(makePolicy(asked), written)),
      { numRuns: 500 },
    );

  it('is never looser than the limits, nor than what was asked', () => {
    within((asked, written) => {
      const { limits } = compileRules({ limits: written });
      const { policy } = applyLimits(asked, 'shop', limits);
      const allows = (list: { matches: (name: string) => boolean } | undefined, name: string) =>
        !list || list.matches(name);
      assert.ok(policy.maxIntensity <= Math.min(asked.maxIntensity, limits.maxIntensity ?? 1000));
      assert.deepEqual(
        REGIONS.filter(policy.regions.matches),
        REGIONS.filter((region) => asked.regions.matches(region) && allows(limits.regions, region)),
      );
      assert.equal(strongerMode(policy.mode, asked.mode), policy.mode);
      assert.ok(policy.mode === 'off' || strongerMode(policy.mode, limits.mode ?? 'off') === policy.mode);
      assert.ok(policy.mode !== 'off' || !limits.noOptOut?.namespaces.matches('shop'));
      assert.ok(policy.priority !== 'failover' || allows(limits.failover, 'shop'));
      assert.ok(policy.podOverrides !== 'allow' || allows(limits.podOverrides, 'shop'));
    });
  });

  it('asks for nothing more the second time', () => {
    within((asked, written) => {
      const { limits } = compileRules({ limits: written });
      const once = applyLimits(asked, 'shop', limits).policy;
      const { policy, excess } = applyLimits(once, 'shop', limits);
      assert.equal(policy, once);
      assert.deepEqual(excess, []);
    });
  });

  it('is refused for a region only if no region could match it', () => {
    within((asked, written) => {
      const { limits } = compileRules({ limits: { regions: written.regions } });
      const { excess } = applyLimits(asked, 'shop', limits);
      const included = asked.regions.text.split(',').filter((pattern) => !pattern.startsWith('!'));
      const some = included.some(
        (pattern) =>
          !REGIONS.some(
            (region) =>
              makePolicy({ regions: pattern }).regions.matches(region) && (limits.regions?.matches(region) ?? true),
          ),
      );
      if (excess.length > 0) assert.ok(some, excess[0]?.allowed);
    });
  });

  it('is the same for namespaces of the same standing', () => {
    fc.assert(
      fc.property(
        asking,
        limiting,
        fc.constantFrom('shop', 'lab', 'sales', 'x'),
        fc.constantFrom('shop', 'lab', 'y'),
        (asked, written, one, other) => {
          const { limits } = compileRules({ limits: written });
          fc.pre(standingOf(one, limits) === standingOf(other, limits));
          const policy = makePolicy(asked);
          const [some, others] = [one, other].map((name) => applyLimits(policy, name, limits));
          assert.deepEqual({ ...some?.policy, regions: '' }, { ...others?.policy, regions: '' });
          assert.deepEqual(some?.excess, others?.excess);
        },
      ),
    );
  });
});

describe('a glob against a limit', () => {
  it('is outside exactly when no name matches both, over all names of six letters', () => {
    const longer = (names: readonly string[]) => names.flatMap((name) => [`${name}a`, `${name}b`]);
    let names: readonly string[] = [''];
    // Where two globs of three letters have a name in common, they have one of six.
    for (let length = 1; length <= 6; length++) names = [...new Set([...names, ...longer(names)])];
    const small = fc.stringMatching(/^[ab*?]{1,3}$/).filter((text) => /[*?]/.test(text));
    fc.assert(
      fc.property(small, small, (some, other) => {
        const [a, b] = [some, other].map((text) => makePolicy({ regions: text }).regions);
        const common = names.some((name) => name !== '' && a?.matches(name) && b?.matches(name));
        const { excess } = limited({ regions: some }, { regions: [other] });
        assert.equal(excess.length === 0, common, `${some} within ${other}`);
      }),
      { numRuns: 1000 },
    );
  });
});
