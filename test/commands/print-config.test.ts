import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { runCommand } from '../process/run-command.ts';

const FILE = `
sources:
  - {type: watttime, username: {env: WATT_USER}, password: {file: /run/secrets/watt}}
policy: {mode: warn, max-intensity: 250}
limits: {no-opt-out: [pay-*]}
`;

async function run(
  test: TestContext,
  {
    file = FILE,
    args = [],
    env = {},
  }: { file?: string; args?: readonly string[]; env?: Readonly<Record<string, string>> },
) {
  const path = join(makeTemporaryDirectory(test), 'gridgate.yaml');
  writeFileSync(path, file);
  const finished = await runCommand(['serve', '--print-config', 'true', '--config', path, ...args], { env });
  return { path, ...finished };
}

describe('the effective configuration', () => {
  it('has each option with where it came from, and the file with its defaults filled in', async (t) => {
    const args = ['--port', '9443', '--shutdown-delay', '90s', '--default-region', 'eu-north'];
    const env = { PORT: '7443', GRIDGATE_HOST: '127.0.0.1', WATT_USER: 'hunter2' };
    const { code, stdout, stderr, path } = await run(t, { args, env });
    assert.deepEqual([code, stderr], [0, '']);
    const { options, file } = parse(stdout);
    assert.deepEqual(options.port, { value: 9443, from: '--port' });
    assert.deepEqual(options.host, { value: '127.0.0.1', from: 'GRIDGATE_HOST' });
    assert.deepEqual(options['metrics-port'], { value: 9090, from: 'default' });
    assert.deepEqual(options['metrics-host'], {
      value: '(as --host in a cluster or with --kubeconfig, otherwise 127.0.0.1)',
      from: 'default',
    });
    assert.deepEqual(options['shutdown-delay'], { value: '1m30s', from: '--shutdown-delay' });
    assert.deepEqual(options.config, { value: path, from: '--config' });
    assert.equal(options.output, undefined);
    assert.deepEqual(file.bands, { mode: 'absolute', thresholds: [200, 300] });
    assert.deepEqual(file.limits, { 'no-opt-out': ['pay-*'] });
    assert.deepEqual([file['taint-nodes'], file['startup-taints'], file.tolerations], ['none', [], 'as-needed']);
    assert.deepEqual(file.policy, {
      mode: 'warn',
      'max-intensity': '250',
      'when-all-dirty': 'cleanest',
      regions: '*',
      weights: 'carbon=1,cost=0,latency=0',
      placement: 'prefer',
      priority: 'flexible',
      'defer-min-saving': '0.5',
      'defer-by': 'gate',
      'pod-overrides': 'tighten',
      'home-region': 'eu-north',
    });
  });

  it('shows where secrets are, never what they are', async (t) => {
    const { stdout } = await run(t, { env: { WATT_USER: 'hunter2' } });
    const [source] = parse(stdout).file.sources;
    assert.deepEqual([source.username, source.password], [{ env: 'WATT_USER' }, { file: '/run/secrets/watt' }]);
    assert.doesNotMatch(stdout, /hunter2/);
  });

  it('is JSON where that is asked for', async (t) => {
    const { stdout } = await run(t, { args: ['--output', 'json'] });
    assert.equal(JSON.parse(stdout).file.policy.mode, 'warn');
  });

  it('printed as YAML is a file that means the same', async (t) => {
    const { file } = parse((await run(t, {})).stdout);
    const again = await run(t, { file: JSON.stringify(file) });
    assert.deepEqual([again.stderr, again.code], ['', 0]);
    assert.deepEqual(parse(again.stdout).file, file);
  });

  it('of a file with mistakes is its mistakes, and exit code 2', async (t) => {
    const { code, stdout, stderr, path } = await run(t, { file: 'policy: {mode: loud}\nbands: {mod: x}' });
    assert.deepEqual([code, stdout], [2, '']);
    assert.deepEqual(stderr.trim().split('\n'), [
      `gridgate: ${path}, line 2: bands.mod: no such key, did you mean mode?`,
      `gridgate: ${path}, line 1: policy.mode: "loud" is not one of off, audit, warn, enforce`,
    ]);
  });
});
