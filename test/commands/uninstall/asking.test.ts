import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { COMPILED } from '../../process/compiled.ts';
import { startApi, worldOf } from '../../questions/explain/explain-api.ts';

const skip = spawnSync('script', ['--version']).error ? 'script, which makes a terminal, is not installed' : false;

describe('gridgate uninstall, at a terminal', { timeout: 300_000 }, () => {
  /** What it says to an answer; `script` gives it a terminal of its own. */
  async function answer(test: TestContext, typed: string) {
    const { kubeconfig } = await startApi(test, worldOf());
    const command = `'${process.execPath}' src/main.ts uninstall --kubeconfig '${kubeconfig}'`;
    const env = { PATH: process.env['PATH'] ?? '', SHELL: '/bin/sh', ...COMPILED };
    const child = spawn('script', ['-qec', command, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    let shown = '';
    const answerOnce = (chunk: Buffer) => {
      shown += chunk.toString();
      if (!shown.includes('[y/N]')) return;
      child.stdout.off('data', answerOnce);
      child.stdin.write(typed);
    };
    child.stdout.on('data', answerOnce);
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    return { code, said };
  }

  it('names the cluster that it asks about, and takes no for an answer', { skip }, async (test) => {
    const { code, said } = await answer(test, 'n\r');
    assert.match(said, /Remove this from http:\/\/127\.0\.0\.1:\d+ \(context test\)\? \[y\/N\]/);
    assert.match(said, /gridgate: nothing was removed/);
    assert.equal(code, 1);
  });

  it('takes the end of the input for no', { skip }, async (test) =>
    assert.equal((await answer(test, '\u0004')).code, 1),
  );
});
