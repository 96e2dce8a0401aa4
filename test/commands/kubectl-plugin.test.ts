import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { runGridgate } from '../process/run-gridgate.ts';

describe('as a plugin of kubectl', { timeout: 300_000 }, () => {
  /** As kubectl finds and starts it. */
  function runPlugin(test: TestContext, args: readonly string[]) {
    const script = join(makeTemporaryDirectory(test), 'kubectl-gridgate');
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
});
