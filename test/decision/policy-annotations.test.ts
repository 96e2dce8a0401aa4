import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeIssue, POLICY_ANNOTATIONS, parsePolicy } from '../../src/decision/policy-annotations.ts';

const parse = (annotations: Record<string, string>) => {
  const { policy, issues } = parsePolicy(annotations);
  return { policy, sentences: issues.map(describeIssue) };
};

describe('a policy without annotations', () => {
  it('has the defaults of the README', () => {
    const { policy, sentences } = parse({});
    const { regions, ...others } = policy;
    assert.deepEqual(sentences, []);
    assert.equal(regions.text, '*');
    assert.deepEqual(others, {
      mode: 'off',
      maxIntensity: 300,
      maxIntensitySetBy: 'default',
      whenAllDirty: 'cleanest',
      weights: { carbon: 1, cost: 0, latency: 0 },
      placement: 'prefer',
      priority: 'flexible',
      deferMinSavingPercent: 0.5,
      deferBy: 'gate',
      podOverrides: 'tighten',
    });
  });

  it('takes the home region of the configuration, and its own where it names one', () => {
    assert.equal(parsePolicy({}, { homeRegion: 'eu-a' }).policy.homeRegion, 'eu-a');
    assert.equal(parsePolicy({ 'gridgate.dev/home-region': 'us-a' }, { homeRegion: 'eu-a' }).policy.homeRegion, 'us-a');
  });

  it('passes over keys of others', () => {
    const annotations = {
      'kubernetes.io/mode': 'x',
      mode: 'x',
      'gridgate.devious/mode': 'x',
      'my.gridgate.dev/mode': 'x',
    };
    assert.deepEqual(parse(annotations), parse({}));
  });
});

describe('an annotation in order', () => {
  const rows: readonly [name: string, value: string, part: Record<string, unknown>][] = [
    ['mode', 'off', { mode: 'off' }],
    ['mode', 'audit', { mode: 'audit' }],
    ['mode', 'warn', { mode: 'warn' }],
    ['mode', 'enforce', { mode: 'enforce' }],
    ['mode', ' enforce\n', { mode: 'enforce' }],
    ['max-intensity', '250', { maxIntensity: 250, maxIntensitySetBy: 'namespace' }],
    ['max-intensity', '0', { maxIntensity: 0, maxIntensitySetBy: 'namespace' }],
    ['max-intensity', '120.5', { maxIntensity: 120.5, maxIntensitySetBy: 'namespace' }],
    ['when-all-dirty', 'cleanest', { whenAllDirty: 'cleanest' }],
    ['when-all-dirty', 'deny', { whenAllDirty: 'deny' }],
    ['home-region', 'eu-central-1', { homeRegion: 'eu-central-1' }],
    ['max-latency', '80ms', { maxLatencyMs: 80 }],
    ['max-latency', '1s', { maxLatencyMs: 1000 }],
    ['weights', 'carbon=1,cost=0,latency=0', { weights: { carbon: 1, cost: 0, latency: 0 } }],
    ['weights', 'latency=2, carbon=0.5', { weights: { carbon: 0.5, cost: 0, latency: 2 } }],
    ['placement', 'prefer', { placement: 'prefer' }],
    ['placement', 'require', { placement: 'require' }],
    ['placement', 'none', { placement: 'none' }],
    ['spread', '2', { spread: 2 }],
    ['prefer-arch', 'arm64', { preferArch: 'arm64' }],
    ['priority', 'none', { priority: 'none' }],
    ['priority', 'flexible', { priority: 'flexible' }],
    ['priority', 'failover', { priority: 'failover' }],
    ['tolerate', 'low,medium', { tolerate: ['low', 'medium'] }],
    ['tolerate', 'high', { tolerate: ['high'] }],
    ['tolerate', 'none', { tolerate: [] }],
    ['defer', '8h', { deferMs: 28_800_000 }],
    ['defer-min-saving', '25', { deferMinSavingPercent: 25 }],
    ['defer-min-saving', '25%', { deferMinSavingPercent: 25 }],
    ['defer-by', 'suspend', { deferBy: 'suspend' }],
    ['pod-overrides', 'allow', { podOverrides: 'allow' }],
  ];
  for (const [name, value, part] of rows) {
    it(`${name}: ${JSON.stringify(value)}`, () => {
      const { policy, sentences } = parse({ [`gridgate.dev/${name}`]: value });
      assert.deepEqual(sentences, []);
      assert.deepEqual({ ...policy, ...part }, policy);
    });
  }
});

describe('a mistake in a value', () => {
  const rows: readonly [name: string, allowed: string, values: readonly string[]][] = [
    ['mode', 'one of off, audit, warn, enforce', ['', 'Enforce', 'on', 'true', 'enforce,warn']],
    [
      'max-intensity',
      'gCO2e/kWh, a number such as 300',
      ['', '-1', 'NaN', 'Infinity', '1e3', '0x10', '300 g', '1,000'],
    ],
    ['when-all-dirty', 'one of cleanest, deny', ['', 'allow', 'none']],
    [
      'regions',
      'region names or globs separated by commas, ! excludes, such as eu-*,!eu-south-*',
      ['', ',', 'eu-*,', '!', '!!eu', 'eu-{a,b}', 'eu-[ab]', 'eu a', '../x', '@(a|b)', 'é'],
    ],
    ['home-region', 'the name of a region', ['', 'eu-*', '-eu', 'eu-', 'a b', 'x'.repeat(64)]],
    ['max-latency', 'a duration such as 80ms', ['', '80', '-80ms', '1.5s', 'fast']],
    [
      'weights',
      'factors carbon, cost, latency with a number each, at least one above 0, such as carbon=1,cost=0.5',
      [
        '',
        'carbon',
        'carbon=',
        'carbon=-1',
        'carbon=0',
        'speed=1',
        'carbon=1=2',
        'carbon=1,',
        'toString=1',
        'carbon=NaN',
      ],
    ],
    ['placement', 'one of auto, prefer, require, none', ['', 'required']],
    [
      'spread',
      'a whole number from 1 to 5: of so many of the best regions none is preferred to another',
      ['', '0', '6', '2.5', 'all'],
    ],
    ['prefer-arch', 'an architecture such as arm64', ['', 'arm 64', 'a,b']],
    ['priority', 'one of none, flexible, failover', ['', 'high']],
    ['tolerate', 'none, or bands of low, medium, high', ['', 'lo', 'low,', 'low,none', 'all']],
    ['defer', 'a duration such as 8h', ['', '8', 'tomorrow']],
    ['defer-min-saving', 'percent from 0 to 100', ['', '-1', '101', '100.5', '10%%', '%']],
    ['defer-by', 'one of gate, suspend', ['', 'wait']],
    ['pod-overrides', 'one of tighten, allow', ['', 'deny']],
  ];
  for (const [name, allowed, values] of rows) {
    for (const value of values) {
      it(`${name}: ${JSON.stringify(value.slice(0, 20))} is named with what is allowed`, () => {
        const key = `gridgate.dev/${name}`;
        const { policy, sentences } = parse({ [key]: value });
        assert.deepEqual(sentences, [`${key}: ${JSON.stringify(value)} is not ${allowed}`]);
        assert.deepEqual({ ...policy, regions: '' }, { ...parse({}).policy, regions: '' });
      });
    }
  }

  it('has a row for every annotation', () => {
    assert.deepEqual(rows.map(([name]) => name).toSorted(), Object.keys(POLICY_ANNOTATIONS).toSorted());
  });
});

describe('an unknown key', () => {
  const rows: readonly [name: string, suggestion: string | undefined][] = [
    ['max-intesity', 'max-intensity'],
    ['max_intensity', 'max-intensity'],
    ['region', 'regions'],
    ['Mode', 'mode'],
    ['defer-minimum-saving', 'defer-min-saving'],
    ['pod-override', 'pod-overrides'],
    ['toString', undefined],
    ['constructor', undefined],
    ['__proto__', undefined],
    ['completely-different', undefined],
    ['', undefined],
  ];
  for (const [name, suggestion] of rows) {
    it(`${JSON.stringify(name)}: ${suggestion ? `did you mean ${suggestion}?` : 'no suggestion'}`, () => {
      const key = `gridgate.dev/${name}`;
      const hint = suggestion ? `, did you mean gridgate.dev/${suggestion}?` : '';
      assert.deepEqual(parse(JSON.parse(JSON.stringify({ [key]: 'x' }))).sentences, [
        `${key}: no such annotation${hint}`,
      ]);
    });
  }
});

describe('a value', () => {
  const bands = (count: number) => Array.from({ length: count }, () => 'low').join();
  it('of 4,000 characters is read, and a longer one is a mistake, whatever it says', () => {
    assert.deepEqual(parse({ 'gridgate.dev/tolerate': bands(1_000) }).sentences, []);
    const { sentences } = parse({ 'gridgate.dev/tolerate': bands(1_001) });
    assert.match(sentences.join(), /^gridgate\.dev\/tolerate: "low,.*…" is not none, or bands/);
  });
});

describe('several mistakes', () => {
  it('are all told at once, and what is in order still counts', () => {
    const { policy, sentences } = parse({
      'gridgate.dev/mode': 'enforced',
      'gridgate.dev/max-intensity': '200',
      'gridgate.dev/max-latncy': '80ms',
      'gridgate.dev/tolerate': 'loud',
    });
    assert.equal(policy.maxIntensity, 200);
    assert.equal(policy.mode, 'off');
    assert.deepEqual(sentences, [
      'gridgate.dev/mode: "enforced" is not one of off, audit, warn, enforce',
      'gridgate.dev/max-latncy: no such annotation, did you mean gridgate.dev/max-latency?',
      'gridgate.dev/tolerate: "loud" is not none, or bands of low, medium, high',
    ]);
  });

  for (const name of ['regions', 'mode', 'weights', 'no-such-key']) {
    it(`of enormous size never throw and stay readable: ${name}`, () => {
      const [sentence = '', ...others] = parse({ [`gridgate.dev/${name}`]: `${'a'.repeat(200_000)}!` }).sentences;
      assert.deepEqual(others, []);
      assert.ok(sentence.length < 500, `${sentence.length} characters`);
    });
  }
});
