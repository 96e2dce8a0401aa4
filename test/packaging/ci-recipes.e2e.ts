import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { type Finished, finished } from '../process/finished.ts';

const NAMESPACE = `apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {gridgate.dev/mode: enforce, gridgate.dev/regions: eu-north-1}}
`;

/** Sovereignty allows eu-north-1 alone. */
function deployment(region: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      nodeSelector: {topology.kubernetes.io/region: ${region}}
      containers: [{name: web, image: web}]
`;
}

describe('recipes for CI', { timeout: 300_000 }, () => {
  let home: string;
  let archive: string;

  before(() => {
    assert.ok(existsSync('dist/main.js'), 'npm run build');
    home = mkdtempSync(join(tmpdir(), 'gridgate-ci-'));
    execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', home]);
    archive = join(home, readdirSync(home)[0] ?? '');
  });
  after(() => rmSync(home, { recursive: true, force: true }));

  describe('the action', () => {
    const action = parse(readFileSync('manifests/ci/action.yml', 'utf8'));
    const [setUp, install, audit, test] = action.runs.steps;

    it('sets up Node by a commit, not by a tag that somebody can move', () => {
      assert.match(setUp.uses, /^actions\/setup-node@[0-9a-f]{40}$/);
      assert.equal(action.runs.steps.length, 4);
    });

    it('installs from an address without asking a registry, and checks the sum', async (t) => {
      const { runner, runStep } = aRunner(t);
      const bytes = readFileSync(archive);
      const server = createServer((_, response) => response.end(bytes)).listen(0, '127.0.0.1');
      t.after(() => server.close());
      await once(server, 'listening');
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/gridgate.tgz`;
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const wrong = await runStep(install, {
        package: address,
        sha256: sha256.replace(/^./, (one) => (one === '0' ? '1' : '0')),
      });
      assert.equal(wrong.code, 1);
      assert.ok(!existsSync(join(runner, 'temp/gridgate')));
      const { code, stderr } = await runStep(install, { package: address, sha256 });
      assert.equal(code, 0, stderr);
      assert.equal(readFileSync(join(runner, 'path'), 'utf8'), `${join(runner, 'temp/gridgate/bin')}\n`);
    });

    it('fails for a workload that would be denied, with SARIF that names its file, and a table in the summary', async (t) => {
      const { runner, runStep } = aRunner(t);
      await runStep(install, { package: archive });
      writeManifests(runner, 'us-east-1');
      const { code, stdout } = await runStep(audit, { files: 'deploy' });
      assert.equal(code, 1);
      const [result] = JSON.parse(readFileSync(join(runner, 'gridgate.sarif'), 'utf8')).runs[0].results;
      assert.equal(result.level, 'error');
      assert.equal(result.locations[0].physicalLocation.artifactLocation.uri, 'deploy/web.yaml');
      assert.match(stdout, /deploy\/web +1 +deny +not_allowed/);
      assert.match(readFileSync(join(runner, 'summary'), 'utf8'), /^```\n[\s\S]*deploy\/web[\s\S]*\n```\n$/);
    });

    it('passes what would be placed, with JUnit where that is asked for', async (t) => {
      const { runner, runStep } = aRunner(t);
      await runStep(install, { package: archive });
      writeManifests(runner, 'eu-north-1');
      const { code, stderr } = await runStep(audit, { files: 'deploy', format: 'junit', report: 'report.xml' });
      assert.equal(code, 0, stderr);
      assert.match(readFileSync(join(runner, 'report.xml'), 'utf8'), /<testsuite /);
      assert.doesNotMatch(readFileSync(join(runner, 'report.xml'), 'utf8'), /<failure/);
    });

    it('fails where strictness meets what is no manifest, and not without', async (t) => {
      const { runner, runStep } = aRunner(t);
      await runStep(install, { package: archive });
      writeManifests(runner, 'eu-north-1');
      writeFileSync(join(runner, 'deploy/values.yaml'), 'replicas: 3\n');
      assert.equal((await runStep(audit, { files: 'deploy' })).code, 2);
      assert.equal((await runStep(audit, { files: 'deploy', strict: 'false' })).code, 0);
    });

    it('has the runner take nothing of a manifest for a command', async (t) => {
      const { runner, runStep } = aRunner(t);
      await runStep(install, { package: archive });
      writeManifests(runner, 'eu-north-1');
      const forged = {
        name: '::add-mask::e',
        annotations: { 'gridgate.dev/mode': 'enforce', 'gridgate.dev/regions': 'x' },
      };
      const pod = { name: '::error::forged', namespace: '::add-mask::e' };
      writeFileSync(
        join(runner, 'deploy/forged.yaml'),
        [
          { apiVersion: 'v1', kind: 'Namespace', metadata: forged },
          { apiVersion: 'v1', kind: 'Pod', metadata: pod, spec: { containers: [{ name: 'a', image: 'a' }] } },
        ]
          .map((one) => JSON.stringify(one))
          .join('\n---\n'),
      );
      const tokens = new Set<string>();
      for (const _ of [1, 2]) {
        const { stdout } = await runStep(audit, { files: 'deploy' });
        // As the runner reads it: spaces before do not count, and nothing does until the token of the moment.
        const lines = stdout.split('\n').map((line) => line.trim());
        const [, token = ''] = /^::stop-commands::(\w{32})$/.exec(lines[0] ?? '') ?? [];
        assert.ok(lines.some((line) => line.startsWith('::add-mask::e ')));
        const commands = lines.filter((line) => line.startsWith('::'));
        assert.equal(commands.at(-1), `::${token}::`);
        assert.ok(lines.lastIndexOf(`::${token}::`) > lines.findLastIndex((line) => line.includes('forged')));
        tokens.add(token);
      }
      assert.equal(tokens.size, 2);
    });

    it('runs the tests of policy where it is told where they are, and nobody who writes one commands the runner', async (t) => {
      const { runner, runStep } = aRunner(t);
      await runStep(install, { package: archive });
      assert.match(test.if, /^\$\{\{ inputs\.tests != '' && !cancelled\(\) \}\}$/);
      assert.equal(action.inputs.tests.default, '');
      writeTest(runner, 'high_carbon');
      const passed = await runStep(test, { tests: 'policy' });
      assert.equal(passed.code, 0, passed.stdout);
      assert.match(readFileSync(join(runner, 'summary'), 'utf8'), /^```\n[\s\S]*1 case: all passed\n```\n$/);
      writeTest(runner, 'outage');
      const { code, stdout } = await runStep(test, { tests: 'policy' });
      assert.equal(code, 1);
      const lines = stdout.trimEnd().split('\n');
      const [, token] = /^::stop-commands::(\w{32})$/.exec(lines[0] ?? '') ?? [];
      assert.ok(lines.some((line) => line.includes('::error::forged')));
      assert.equal(lines.indexOf(`::${token}::`), lines.length - 1);
      assert.equal((await runStep(test, { tests: 'nowhere' })).code, 2);
      assert.equal((await runStep(test, { tests: '--help' })).code, 2);
    });

    it('takes Regions of a file', async (t) => {
      const { runner, runStep } = aRunner(t);
      await runStep(install, { package: archive });
      writeManifests(runner, 'eu-north-1');
      const { code, stderr } = await runStep(audit, { files: 'deploy', regions: 'nowhere.yaml' });
      assert.equal(code, 2);
      assert.match(stderr, /nowhere\.yaml/);
    });

    interface Step {
      readonly run: string;
      readonly env: Readonly<Record<string, string>>;
    }

    /** A folder in place of GitHub's runner, where steps run as it runs `shell: bash`. */
    function aRunner(t: TestContext) {
      const runner = makeTemporaryDirectory(t);
      mkdirSync(join(runner, 'temp'));
      symlinkSync(process.execPath, join(runner, 'node'));
      const defaults = Object.entries<{ default?: string }>(action.inputs).map(([name, { default: value }]) => [
        name,
        value,
      ]);
      async function runStep({ run, env }: Step, inputs: Readonly<Record<string, string>>): Promise<Finished> {
        const given: Record<string, string> = { ...Object.fromEntries(defaults), ...inputs };
        const values = Object.entries(env).map(([name, value]) => [
          name,
          value.replace(/^\$\{\{ inputs\.(\w+) \}\}$/, (_, input) => given[input] ?? assert.fail(`no input ${input}`)),
        ]);
        const own = {
          PATH: `${join(runner, 'temp/gridgate/bin')}:${runner}:${process.env['PATH']}`,
          HOME: runner,
          RUNNER_TEMP: join(runner, 'temp'),
          GITHUB_PATH: join(runner, 'path'),
          GITHUB_STEP_SUMMARY: join(runner, 'summary'),
        };
        const args = ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', run];
        return await execute('bash', args, { cwd: runner, env: { ...own, ...Object.fromEntries(values) } });
      }
      return { runner, runStep };
    }
  });

  describe('the pre-commit hook', () => {
    const hooks = parse(readFileSync('.pre-commit-hooks.yaml', 'utf8'));

    it('runs on the whole repository, whatever files were changed', () => {
      assert.deepEqual(
        hooks.map(({ id }: Hook) => id),
        ['gridgate-audit', 'gridgate-test'],
      );
      for (const { files, pass_filenames } of hooks) {
        assert.equal(pass_filenames, false);
        assert.ok(new RegExp(files).test('deploy/web.yaml') && !new RegExp(files).test('README.md'));
      }
    });

    it('gridgate-audit fails for a workload that would be denied', async (t) => {
      const { repository, runHook } = aRepository(t);
      writeManifests(repository, 'us-east-1');
      const denied = await runHook('gridgate-audit');
      assert.equal(denied.code, 1);
      assert.match(denied.stdout, /shop deploy\/web \(deploy\/web\.yaml:1\)/);
      writeManifests(repository, 'eu-north-1');
      assert.equal((await runHook('gridgate-audit')).code, 0);
    });

    it('gridgate-test fails for a case that comes out otherwise, and without any', async (t) => {
      const { repository, runHook } = aRepository(t);
      assert.equal((await runHook('gridgate-test')).code, 2);
      writeTest(repository, 'outage');
      const failed = await runHook('gridgate-test');
      assert.equal(failed.code, 1);
      assert.match(failed.stdout, /refused\.us-east-1\n +expected +outage\n +got +high_carbon\n/);
      writeTest(repository, 'high_carbon');
      assert.equal((await runHook('gridgate-test')).code, 0);
    });

    interface Hook {
      readonly id: string;
      readonly entry: string;
      readonly args: readonly string[];
      readonly files: string;
      readonly pass_filenames: boolean;
    }

    /** A folder in place of a repository, where hooks run as pre-commit runs them. */
    function aRepository(t: TestContext) {
      const repository = makeTemporaryDirectory(t);
      const shim = join(repository, 'gridgate');
      writeFileSync(shim, `#!/bin/sh\nexec '${process.execPath}' '${join(process.cwd(), 'dist/main.js')}' "$@"\n`);
      chmodSync(shim, 0o755);
      const env = { PATH: `${repository}:${dirname(process.execPath)}`, HOME: repository };
      async function runHook(id: string): Promise<Finished> {
        const { entry, args }: Hook = hooks.find((hook: Hook) => hook.id === id);
        const [command = '', ...words] = [...entry.split(' '), ...args];
        return await execute(command, words, { cwd: repository, env });
      }
      return { repository, runHook };
    }
  });
});

/** A case that expects us-east-1 to be refused for a reason, which is high_carbon. */
function writeTest(directory: string, reason: string): void {
  mkdirSync(join(directory, 'policy'), { recursive: true });
  const file = {
    now: '2026-11-29T12:00:00Z',
    namespaces: { shop: { mode: 'enforce' } },
    regions: { 'eu-north-1': { gramsPerKwh: 24 }, 'us-east-1': { gramsPerKwh: 379 } },
    cases: [
      {
        name: '::error::forged',
        pod: { spec: { containers: [{ name: 'web', image: 'web' }] } },
        expect: { refused: { 'us-east-1': reason } },
      },
    ],
  };
  writeFileSync(join(directory, 'policy/gridgate-test.yaml'), JSON.stringify(file));
}

function writeManifests(directory: string, region: string): void {
  mkdirSync(join(directory, 'deploy'), { recursive: true });
  writeFileSync(join(directory, 'deploy/namespace.yaml'), NAMESPACE);
  writeFileSync(join(directory, 'deploy/web.yaml'), deployment(region));
}

function execute(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string> },
): Promise<Finished> {
  return new Promise((resolve) =>
    execFile(command, args, options, (error, stdout, stderr) =>
      resolve(finished(error ? Number(error.code) : 0, stdout, stderr)),
    ),
  );
}
