import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { COMMAND_LINES, timeless, wordsOf } from '../commands/command-lines.ts';
import { runCommand } from '../process/run-command.ts';
import { runGridgate } from '../process/run-gridgate.ts';
import { startCloudWatch } from '../questions/spillover/fake-cloudwatch.ts';

describe('the package, unpacked where no node_modules is in sight', { timeout: 300_000, concurrency: 2 }, () => {
  let directory: string;
  let script: string;

  before(() => {
    assert.ok(existsSync('dist/main.js'), 'npm run build');
    directory = mkdtempSync(join(tmpdir(), 'gridgate-packed-'));
    execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', directory]);
    execFileSync('tar', ['xzf', join(directory, readdirSync(directory)[0] ?? ''), '-C', directory]);
    script = join(directory, 'package/dist/main.js');
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  for (const [code, line] of COMMAND_LINES)
    it(`ends as the sources do, with ${code}: ${line}`, async (t) => {
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
    const shipped = await runGridgate(args, { script, env });
    assert.equal(shipped.code, 0, shipped.stderr);
    assert.equal(JSON.parse(shipped.stdout).total.bytes, 1e12);
  });
});
