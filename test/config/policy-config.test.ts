import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_CONFIG, type GridgateConfig, parseConfigText } from '../../src/config/config-file.ts';

function read(text: string) {
  const parsed = parseConfigText(text, 'g.yaml');
  return { issues: [], config: DEFAULT_CONFIG, ...parsed };
}

describe('gridgate.yaml that says nothing', () => {
  it('has bands, no defaults of its own and no limits', () => {
    const { bands, policy, limits, outage } = DEFAULT_CONFIG;
    assert.deepEqual(bands, { mode: 'absolute', thresholds: [200, 300] });
    assert.deepEqual([policy, limits, outage], [{}, {}, { sources: [] }]);
  });
});

describe('gridgate.yaml takes', () => {
  const rows: readonly [name: string, text: string, part: Partial<GridgateConfig>][] = [
    [
      'bands',
      'bands: {mode: relative, thresholds: [100, 100]}',
      { bands: { mode: 'relative', thresholds: [100, 100] } },
    ],
    ['one key of bands', 'bands: {mode: relative}', { bands: { mode: 'relative', thresholds: [200, 300] } }],
    [
      'numbers as text',
      'policy: {max-intensity: 250, defer-min-saving: 15}',
      policy({ 'max-intensity': '250', 'defer-min-saving': '15' }),
    ],
    ['the mode off, a boolean to YAML 1.1', 'policy: {mode: off}', policy({ mode: 'off' })],
    ['a list as one', 'policy: {regions: [eu-*, us-west-2]}', policy({ regions: 'eu-*,us-west-2' })],
    ['an annotation as it is written', 'policy: {weights: "carbon=1,cost=1"}', policy({ weights: 'carbon=1,cost=1' })],
    ['the limit off', 'limits: {mode: off}', { limits: { mode: 'off' } }],
    [
      'where and for whom pods are exempt',
      'limits: {system-priority: [kube-*], spread-opens-dirty: false, daemon-accounts: ["system:serviceaccount:*", "a@b.test"]}',
      {
        limits: {
          'system-priority': ['kube-*'],
          'spread-opens-dirty': false,
          'daemon-accounts': ['system:serviceaccount:*', 'a@b.test'],
        },
      },
    ],
    ['owners like DaemonSets', 'daemon-owners: [example.com/Agent]', { daemonOwners: ['example.com/Agent'] }],
    ['nobody', 'limits: {failover: [], no-opt-out: []}', { limits: { failover: [], 'no-opt-out': [] } }],
    [
      'a default within its limits',
      'policy: {max-intensity: 100}\nlimits: {max-intensity: 100}',
      policy({ 'max-intensity': '100' }),
    ],
  ];
  for (const [name, text, part] of rows)
    it(name, () => {
      const { config, issues } = read(text);
      assert.deepEqual(issues, []);
      assert.deepEqual({ ...config, ...part }, config);
    });

  function policy(texts: Readonly<Record<string, string>>): Partial<GridgateConfig> {
    return { policy: texts };
  }
});

describe('gridgate.yaml with a mistake names its line, path and what is allowed:', () => {
  const rows: readonly [name: string, text: string, says: readonly string[]][] = [
    [
      'thresholds upside down',
      'bands:\n  thresholds: [300, 200]',
      ['line 2: bands.thresholds: the first must not be above the second'],
    ],
    ['a threshold of nothing', 'bands: {thresholds: [0, 200]}', ['line 1: bands.thresholds.0: must be above 0']],
    [
      'an unknown key of bands',
      'bands:\n  treshold: 1',
      ['line 2: bands.treshold: no such key, did you mean thresholds?'],
    ],
    ['an unknown section', 'sources: []\nlimit: {}', ['line 2: limit: no such key, did you mean limits?']],
    ['an unknown key that is like none', 'colour: blue', ['line 1: colour: no such key']],
    [
      'an unknown key of one source',
      'sources: [{type: file, path: a, signal: marginal, pth: b}]',
      ['line 1: sources.0.pth: no such key, did you mean path?'],
    ],
    [
      'an unknown key of an outage source',
      'outage: {sources: [{type: nodes, sources: 1}]}',
      ['line 1: outage.sources.0.sources: no such key'],
    ],
    [
      'a password in a URL',
      'sources: [{type: uk-carbon-intensity, url: "https://me:hunter2@example.test"}]',
      ['line 1: sources.0.url: must not hold a user name or password; they do not belong in this file'],
    ],
    [
      'a value that no annotation could have',
      'policy:\n  mode: on',
      ['line 2: policy.mode: "true" is not one of off, audit, warn, enforce'],
    ],
    [
      'a misspelt annotation',
      'policy:\n  mode: warn\n  max-latncy: 1ms',
      ['line 3: policy.max-latncy: no such annotation, did you mean max-latency?'],
    ],
    [
      'a prefix too many',
      'policy: {gridgate.dev/mode: warn}',
      ['line 1: policy.gridgate.dev/mode: no such annotation'],
    ],
    [
      'a mapping for a value',
      'policy: {weights: {carbon: 1}}',
      ['line 1: policy.weights: must be text, a number or a list of them'],
    ],
    [
      'a misspelt limit',
      'limits:\n  max-intesity: 3',
      ['line 2: limits.max-intesity: no such key, did you mean max-intensity?'],
    ],
    [
      'a namespace that cannot be',
      'limits: {no-opt-out: [shop, "a b"]}',
      ['line 1: limits.no-opt-out.1: must be a name or glob such as eu-*'],
    ],
    [
      'a spread that opens a little',
      'limits: {spread-opens-dirty: sometimes}',
      ['line 1: limits.spread-opens-dirty: must be true or false, not "sometimes"'],
    ],
    [
      'accounts that cannot be',
      'limits:\n  daemon-accounts:\n  - "a b"\n  - "a,b"\n  - "!"',
      [
        'line 3: limits.daemon-accounts.0: ',
        'line 4: limits.daemon-accounts.1: ',
        'line 5: limits.daemon-accounts.2: ',
      ].map((place) => `${place}must be an account or glob such as system:serviceaccount:kube-system:*`),
    ],
    [
      'two regions in one',
      'limits: {regions: ["eu-*,us-*"]}',
      ['line 1: limits.regions.0: must be a name or glob such as eu-*'],
    ],
    [
      'defaults beyond its limits',
      'policy:\n  max-intensity: 400\n  regions: us-*\n  mode: audit\nlimits: {max-intensity: 300, regions: [eu-*], mode: warn}',
      [
        'line 2: policy.max-intensity: "400" is beyond what limits allow',
        'line 3: policy.regions: "us-*" is beyond what limits allow',
        'line 4: policy.mode: "audit" is beyond what limits allow',
      ],
    ],
    [
      'off for those who may not opt out',
      'policy: {mode: off}\nlimits: {no-opt-out: ["*"]}',
      ['line 1: policy.mode: "off" is beyond what limits allow'],
    ],
    [
      'several at once',
      'policy: {mode: x}\nlimits: {mod: y}\nbands: {mode: z}',
      [
        'line 3: bands.mode: "z" is not one of absolute, relative',
        'line 1: policy.mode: "x" is not one of off, audit, warn, enforce',
        'line 2: limits.mod: no such key, did you mean mode?',
      ],
    ],
  ];
  for (const [name, text, says] of rows)
    it(name, () => {
      const { issues } = read(text);
      assert.deepEqual(
        issues,
        says.map((sentence) => `g.yaml, ${sentence}`),
      );
    });
});
