import assert from 'node:assert/strict';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { COMMAND_LINES, timeless, wordsOf } from '../commands/command-lines.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { runCommand } from '../process/run-command.ts';
import { runGridgate } from '../process/run-gridgate.ts';
import { startCloudWatch } from '../questions/spillover/fake-cloudwatch.ts';

/** Where no `node_modules` is in sight: what the image holds. */
function install(test: TestContext): string {
  const directory = makeTemporaryDirectory(test);
  for (const part of ['dist', 'package.json']) cpSync(part, join(directory, part), { recursive: true });
  return join(directory, 'dist/main.js');
}

describe('the program that is shipped, alone in a directory', { timeout: 300_000, concurrency: 2 }, () => {
  before(() => assert.ok(existsSync('dist/main.js'), 'npm run build'));

  for (const [code, line] of COMMAND_LINES)
    it(`ends as the sources do, with ${code}: ${line}`, async (t) => {
      const script = install(t);
      const args = await wordsOf(t, line);
      const shipped = await runGridgate(args, { script });
      assert.equal(shipped.code, code, shipped.stdout + shipped.stderr);
      assert.deepEqual(timeless(await runCommand(args)), timeless(shipped));
    });

  it('speaks to AWS', async (t) => {
    const { endpoint } = await startCloudWatch(t, { instances: { 'i-1': { '2026-11-20T08:00:00.000Z': 1e12 } } });
    const asked =
      '--cloudwatch --start 2026-11-20T08:00:00Z --end 2026-11-20T09:00:00Z --region eu-west-1 --to eu-north-1';
    const args = ['spillover', ...asked.split(' '), '--endpoint', endpoint, '--output', 'json'];
    const env = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };
    const shipped = await runGridgate(args, { script: install(t), env });
    assert.equal(shipped.code, 0, shipped.stderr);
    assert.equal(JSON.parse(shipped.stdout).total.bytes, 1e12);
  });
});
