import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { COMPILED } from '../process/compiled.ts';
import { runCommand } from '../process/run-command.ts';

const run = promisify(execFile);
const REASON = 'a very long story about a transformer station and the flood that came after it '.repeat(2).trim();
/** How a terminal's colours begin. */
const CSI = '\u001b[';
const skip = spawnSync('script', ['--version']).error ? 'script (util-linux) is not installed' : false;

describe('a table', { timeout: 300_000 }, () => {
  it('grows with the terminal', { skip }, async (t) => {
    const lines = (await onTerminal(t, { columns: 250, env: { NO_COLOR: '1' } })).split('\r\n');
    assert.ok(
      lines.some((line) => line.includes(REASON)),
      lines.join('\n'),
    );
    assert.ok(lines.every((line) => line.length <= 250));
  });

  it('has 80 columns on a narrower terminal', { skip }, async (t) => {
    const lines = (await onTerminal(t, { columns: 40, env: { NO_COLOR: '1' } })).split('\r\n');
    assert.equal(Math.max(...lines.map((line) => line.length)), 80);
  });

  it('has colours on a terminal', { skip }, async (t) => {
    assert.ok((await onTerminal(t, { columns: 100, env: {} })).includes(`${CSI}31mDOWN`));
  });

  it('has none with NO_COLOR', { skip }, async (t) => {
    const out = await onTerminal(t, { columns: 100, env: { NO_COLOR: '1' } });
    assert.match(out, /DOWN/);
    assert.ok(!out.includes(CSI));
  });

  it('has none in a pipe, and what it says is whole there', async (t) => {
    const { code, stdout } = await runCommand(['regions', '--regions', regionsFile(t)]);
    assert.equal(code, 0);
    assert.ok(!stdout.includes(CSI));
    assert.ok(stdout.includes(REASON), stdout);
  });

  const widths: readonly [columns: string, widest: number][] = [
    ['90', 90],
    ['20', 80],
  ];
  for (const [columns, widest] of widths)
    it(`has ${widest} columns in a pipe with COLUMNS=${columns}`, async (t) => {
      const { stdout } = await runCommand(['regions', '--regions', regionsFile(t)], { env: { COLUMNS: columns } });
      assert.equal(Math.max(...stdout.split('\n').map((line) => line.length)), widest);
    });

  it('is as wide as it must be where COLUMNS is no width', async (t) => {
    for (const columns of ['', '0', '-1', 'wide', '1.5']) {
      const { stdout } = await runCommand(['regions', '--regions', regionsFile(t)], { env: { COLUMNS: columns } });
      assert.ok(stdout.includes(REASON), columns);
    }
  });

  it('names every workload whole in a pipe', async (t) => {
    const name = `${'w'.repeat(120)}-end`;
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name: 'c' }] } };
    const { stdout } = await runCommand(['audit', '-f', '-', '--regions', regionsFile(t)], {
      input: JSON.stringify(pod),
    });
    assert.match(stdout, new RegExp(`^ {2}pod/${name} `, 'm'));
  });
});

/** What a person sees who runs `gridgate regions` on a terminal of so many columns. */
async function onTerminal(t: TestContext, { columns, env }: { columns: number; env: Record<string, string> }) {
  const command = `stty cols ${columns}; exec '${process.execPath}' src/main.ts regions --regions '${regionsFile(t)}'`;
  const options = { env: { PATH: '/usr/bin:/bin', TERM: 'xterm-256color', ...COMPILED, ...env } };
  return (await run('script', ['--quiet', '--return', '--command', command, '/dev/null'], options)).stdout;
}

function regionsFile(t: TestContext): string {
  const path = join(makeTemporaryDirectory(t), 'regions.json');
  const spec = { gramsPerKwh: 350, outage: { active: true, reason: REASON } };
  const region = { apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', metadata: { name: 'eu-central-1' }, spec };
  writeFileSync(path, JSON.stringify(region));
  return path;
}
