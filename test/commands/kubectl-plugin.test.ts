import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { findAssets, skip } from '../control-plane/assets.ts';
import { COMPILED } from '../process/compiled.ts';
import { runGridgate } from '../process/run-gridgate.ts';

const run = promisify(execFile);

describe('as a plugin of kubectl', { timeout: 300_000 }, () => {
  /** As kubectl finds and starts it. */
  function runPlugin(test: TestContext, args: readonly string[], name = 'kubectl-gridgate') {
    const script = join(makeTemporaryDirectory(test), name);
    symlinkSync(resolve('src/main.ts'), script);
    return runGridgate(args, { script });
  }

  it('its usage and examples are what people type', async (test) => {
    const { code, stdout } = await runPlugin(test, ['audit', '--help']);
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: kubectl gridgate audit \[options\]$/m);
    assert.match(stdout, /\| kubectl gridgate audit -f - /);
    assert.match(stdout, /^ {2}kubectl gridgate audit --live /m);
    assert.doesNotMatch(stdout, /(?<!kubectl )\bgridgate audit/);
  });

  it('its messages call it so', async (test) => {
    const { code, complaints } = await runPlugin(test, ['explain', 'pod', 'web', '--regions', '/nowhere/r']);
    assert.equal(code, 2);
    assert.ok(complaints.length > 0);
    for (const line of complaints) assert.match(line, /^kubectl gridgate: /);
  });

  it('shells complete it under the name of its file', async (test) => {
    const { stdout } = await runPlugin(test, ['completion', 'bash']);
    assert.match(stdout, /complete .* kubectl-gridgate$/m);
  });

  /** What kubectl gets for words, the last of which is being typed. */
  const COMPLETIONS: Readonly<Record<string, readonly [typed: readonly string[], answer: RegExp]>> = {
    'a command': [['reg'], /^regions\trank regions [^\n]*\n:4\n$/],
    'every command': [[''], /^serve\t.*^uninstall\t.*\n:4\n$/ms],
    'an option': [['audit', '--htm'], /^--html\talso write [^\n]*\n:4\n$/],
    'a value': [['regions', '-o', 'js'], /^json\n:4\n$/],
    'an argument': [['outage', 'cl'], /^clear\n:4\n$/],
    'files, which the shell knows itself': [['audit', '-f', ''], /^:0\n$/],
    'nothing, of a command that nobody knows': [['frobnicate', ''], /^:4\n$/],
  };
  for (const [name, [typed, answer]] of Object.entries(COMPLETIONS))
    it(`kubectl is told how to complete ${name}`, async (test) => {
      const { code, stdout, stderr } = await runPlugin(test, typed, 'kubectl_complete-gridgate');
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, answer);
    });

  it('kubectl itself completes with it', { skip }, async (test) => {
    const [dir, scripts] = [makeTemporaryDirectory(test), makeTemporaryDirectory(test)];
    for (const name of ['kubectl-gridgate', 'kubectl_complete-gridgate']) {
      symlinkSync(resolve('src/main.ts'), join(scripts, name));
      const program = `#!/bin/sh\nexec '${process.execPath}' '${join(scripts, name)}' "$@"\n`;
      writeFileSync(join(dir, name), program, { mode: 0o755 });
    }
    const assets = findAssets();
    assert.ok('dir' in assets);
    const env = { PATH: `${dir}:/usr/bin:/bin`, HOME: dir, ...COMPILED };
    const { stdout } = await run(join(assets.dir, 'kubectl'), ['__complete', 'gridgate', 'outage', ''], { env });
    assert.equal(stdout, 'set\nclear\nlist\n:4\n');
  });

  it('is installed by npm under both names', () => {
    const { bin } = JSON.parse(readFileSync('package.json', 'utf8'));
    assert.deepEqual(Object.keys(bin), ['gridgate', 'kubectl-gridgate', 'kubectl_complete-gridgate']);
    assert.deepEqual([...new Set(Object.values(bin))], ['dist/main.js']);
  });
});
