import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Command } from 'commander';
import { longFlag } from '../../src/config/option.ts';
import { OPTIONS, type OptionKey } from '../../src/config/options.ts';
import { addOptions, findOrigins, readOptions, sealBooleans } from '../../src/config/read-options.ts';

const SERVE = [
  'host',
  'port',
  'metricsHost',
  'metricsPort',
  'certFile',
  'keyFile',
  'regions',
  'kubeconfig',
  'context',
  'regionLabel',
  'defaultRegion',
  'policySignal',
  'logLevel',
  'shutdownDelay',
  'checkBindings',
] as const satisfies readonly OptionKey[];
const ADMIT = ['filename', 'namespace', 'output'] as const satisfies readonly OptionKey[];

function read<K extends OptionKey>(keys: readonly K[], args: readonly string[], env: Record<string, string> = {}) {
  const command = addOptions(new Command('test').exitOverride(), keys);
  command.parse([...args], { from: 'user' });
  return readOptions(command, keys, env);
}

describe('standard input', () => {
  const KEYS = ['files', 'regions', 'powerTable'] as const;
  it('may stand for one file', () => {
    const found = read(KEYS, ['-f', 'a,-', '--regions', 'b']);
    assert.deepEqual('issues' in found ? found.issues : [], []);
  });

  it('is refused for two of them', () => {
    const found = read(KEYS, ['-f', 'a,-', '--regions', 'b'], { GRIDGATE_POWER_TABLE: '-' });
    assert.deepEqual('issues' in found ? found.issues : [], [
      'GRIDGATE_POWER_TABLE: standard input is --filename already; give a file',
    ]);
  });
});

describe('an address with a password in it', () => {
  const url = 'http://user:s3cret@prometheus:9090';
  const given: readonly [name: string, args: readonly string[], env: Record<string, string>][] = [
    ['flag', ['--prometheus-url', url], {}],
    ['environment variable', [], { GRIDGATE_PROMETHEUS_URL: url }],
  ];
  for (const [name, args, env] of given)
    it(`is refused as a ${name}, and what it says is not repeated`, () => {
      const found = read(['prometheusUrl'], args, env);
      const [issue = '', ...others] = 'issues' in found ? found.issues : [];
      assert.deepEqual(others, []);
      assert.match(
        issue,
        /: "http:\/\/\.\.\.@prometheus:9090" is not allowed; give a URL without a user, such as http/,
      );
    });

  it('nor where another mistake quotes it', () => {
    const found = read(['region'], ['--region', `${url}/${'x'.repeat(100)}`]);
    assert.ok('issues' in found && !found.issues.join().includes('s3cret'));
  });
});

describe('the table of options', () => {
  const named: Partial<Record<OptionKey, string>> = {
    port: 'PORT',
    certFile: 'CERT_FILE',
    keyFile: 'KEY_FILE',
    defaultRegion: 'DEFAULT_REGION',
    metricsPort: 'GRIDGATE_METRICS_PORT',
    checkBindings: 'GRIDGATE_CHECK_BINDINGS',
    filename: 'GRIDGATE_FILENAME',
  };
  for (const [key, env] of Object.entries(named)) {
    it(`${key} is read from ${env}`, () => assert.equal(OPTIONS[key as OptionKey].env, env));
  }

  it('reads every option from its own flag, whatever it is called here', () => {
    for (const key of Object.keys(OPTIONS) as OptionKey[]) {
      const { flags } = OPTIONS[key];
      const command = addOptions(new Command().exitOverride(), [key]).parse([longFlag(flags), ','], { from: 'user' });
      assert.ok(key in findOrigins(command, [key], {}), key);
    }
  });

  it('accepts its own defaults', () => {
    for (const { default: value, parse } of Object.values(OPTIONS)) {
      if (value !== undefined) assert.deepEqual(parse(String(value)), { value });
    }
  });

  it('shows default and environment variable of every option in the help', () => {
    // One by one: some have the same flag for different commands.
    const helps = Object.keys(OPTIONS).map((key) => addOptions(new Command(), [key as OptionKey]).helpInformation());
    const words = helps.join(' ').replace(/\s+/g, ' ');
    for (const { env } of Object.values(OPTIONS)) assert.ok(words.includes(`env: ${env})`), env);
    assert.match(words, /HTTPS port of the webhook \(default: 8443, env: PORT\)/);
    assert.match(words, /\(default: 10s in a cluster, otherwise 0, env: GRIDGATE_SHUTDOWN_DELAY\)/);
    assert.match(words, /-f, --filename <file> .*\(required, env: GRIDGATE_FILENAME\)/);
  });
});

describe('reading options', () => {
  const rows: Record<string, { args?: string[]; env?: Record<string, string>; expected: Record<string, unknown> }> = {
    'defaults, and nothing where there is none': {
      expected: {
        host: undefined,
        port: 8443,
        metricsHost: undefined,
        metricsPort: 9090,
        certFile: undefined,
        regionLabel: 'topology.kubernetes.io/region',
        policySignal: 'average-lifecycle',
        logLevel: 'info',
        shutdownDelay: undefined,
        checkBindings: false,
      },
    },
    'the environment over a default': {
      env: { PORT: '443', DEFAULT_REGION: 'eu-north-1' },
      expected: { port: 443, defaultRegion: 'eu-north-1' },
    },
    'a flag over the environment': { args: ['--port', '0'], env: { PORT: '443' }, expected: { port: 0 } },
    'a flag over a mistake in the environment': { args: ['--port', '1'], env: { PORT: 'x' }, expected: { port: 1 } },
    'an empty variable as not set': { env: { PORT: '', CERT_FILE: '' }, expected: { port: 8443, certFile: undefined } },
    'a variable that a Service link set as not set': {
      env: { GRIDGATE_METRICS_PORT: 'tcp://10.96.0.7:9090' },
      expected: { metricsPort: 9090 },
    },
    'a pair from a flag and a variable': {
      args: ['--cert-file', 'a.crt'],
      env: { KEY_FILE: 'a.key' },
      expected: { certFile: 'a.crt', keyFile: 'a.key' },
    },
    'a duration in milliseconds': { args: ['--shutdown-delay', '1m30s'], expected: { shutdownDelay: 90_000 } },
    'a bare boolean flag': { args: ['--check-bindings'], expected: { checkBindings: true } },
    'a boolean flag that overrules the environment': {
      args: ['--check-bindings=false'],
      env: { GRIDGATE_CHECK_BINDINGS: 'true' },
      expected: { checkBindings: false },
    },
    'a plain label key': { args: ['--region-label', 'region'], expected: { regionLabel: 'region' } },
    'an IPv6 address': { args: ['--host', '::1'], expected: { host: '::1' } },
  };
  for (const [name, { args = [], env, expected }] of Object.entries(rows)) {
    it(name, () => {
      const result = read(SERVE, args, env);
      assert.ok('values' in result, JSON.stringify(result));
      assert.partialDeepStrictEqual(result.values, expected);
    });
  }

  it('has only the keys a command picked', () => {
    assert.deepEqual(read(['port'], [], { GRIDGATE_HOST: 'bad host' }), { values: { port: 8443 } });
  });
});

describe('mistakes in options', () => {
  const long = 'x'.repeat(200);
  const rows: Record<string, { args?: string[]; env?: Record<string, string>; issues: string[] }> = {
    'a port that is none': {
      args: ['--port', '70000'],
      issues: ['--port: "70000" is not allowed; give a port from 0 to 65535'],
    },
    'names the variable it came from': {
      env: { PORT: '84a' },
      issues: ['PORT: "84a" is not allowed; give a port from 0 to 65535'],
    },
    'a word outside a list': {
      args: ['--policy-signal', 'average'],
      issues: ['--policy-signal: "average" is not allowed; give one of average-lifecycle, average-direct, marginal'],
    },
    'a label key with two slashes': {
      args: ['--region-label', 'a/b/c'],
      issues: ['--region-label: "a/b/c" is not allowed; give a label key such as topology.kubernetes.io/region'],
    },
    'a duration that outlives every timer': {
      args: ['--shutdown-delay', '30d'],
      issues: ['--shutdown-delay: "30d" is not allowed; give a duration up to 1h such as 10s or 1m30s'],
    },
    'a certificate without its key': {
      args: ['--cert-file', 'a.crt'],
      issues: ['--cert-file: "a.crt" needs --key-file (KEY_FILE) too'],
    },
    'control characters and length are tamed': {
      args: ['--default-region', `\u001b[31m${long}`],
      issues: [
        `--default-region: "\\u001b[31m${long.slice(0, 75)}..." is not allowed; give a region name such as eu-north-1`,
      ],
    },
    'an empty flag, unlike an empty variable': {
      args: ['--regions', ''],
      issues: ['--regions: "" is not allowed; give a file'],
    },
    'every mistake at once, in the order of the options': {
      args: ['--port', '-1', '--log-level', 'loud', '--host', 'a b'],
      env: { GRIDGATE_CHECK_BINDINGS: 'maybe', KEY_FILE: 'a.key' },
      issues: [
        '--host: "a b" is not allowed; give a host name or IP address such as 127.0.0.1',
        '--port: "-1" is not allowed; give a port from 0 to 65535',
        '--log-level: "loud" is not allowed; give one of trace, debug, info, warn, error, fatal, silent',
        'GRIDGATE_CHECK_BINDINGS: "maybe" is not allowed; give true or false',
        'KEY_FILE: "a.key" needs --cert-file (CERT_FILE) too',
      ],
    },
  };
  for (const [name, { args = [], env, issues }] of Object.entries(rows)) {
    it(name, () => {
      const answered = read(SERVE, args, env);
      assert.deepEqual('issues' in answered && answered.issues, issues);
    });
  }

  it('a required option that is missing', () => {
    const answered = read(ADMIT, ['--output', 'xml']);
    assert.deepEqual('issues' in answered && answered.issues, [
      '--filename (GRIDGATE_FILENAME): is missing; give the pod or workload, YAML or JSON, or - for standard input',
      '--output: "xml" is not allowed; give one of table, json, yaml',
    ]);
  });
});

describe('a boolean flag', () => {
  const command = addOptions(new Command('test'), ['dryRun', 'releaseYes', 'context']);
  const rows: readonly (readonly [words: string, means: string])[] = [
    ['--dry-run pod/etl', '--dry-run=true pod/etl'],
    ['-y pod/etl', '--yes=true pod/etl'],
    ['pod/etl --dry-run', 'pod/etl --dry-run=true'],
    ['--dry-run false pod/etl', '--dry-run false pod/etl'],
    ['--dry-run=false pod/etl', '--dry-run=false pod/etl'],
    ['--dry-run -y', '--dry-run=true --yes=true'],
    ['--context -y pod/etl', '--context -y pod/etl'],
    ['-- make --dry-run all', '-- make --dry-run all'],
  ];
  for (const [words, means] of rows)
    it(`takes no word that is none of its own: ${words}`, () =>
      assert.equal(sealBooleans(command, words.split(' ')).join(' '), means));
});
