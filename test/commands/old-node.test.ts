import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { runGridgate } from '../process/run-gridgate.ts';

const execute = promisify(execFile);
const OLDER_THAN = 22;

/** A Node on this machine, outside of node_modules, that is too old for gridgate. */
async function findOldNode(): Promise<string | undefined> {
  const directories = ['/usr/local/bin', '/usr/bin', ...(process.env['PATH'] ?? '').split(delimiter)];
  const found = directories
    .map((directory) => join(directory, 'node'))
    .filter((path) => !path.includes('node_modules'));
  for (const path of found.filter(existsSync)) {
    const { stdout } = await execute(path, ['--version']);
    if (Number(/^v(\d+)/.exec(stdout)?.[1]) < OLDER_THAN) return path;
  }
  return undefined;
}

const oldNode = await findOldNode();

describe('on a Node that is too old', {
  timeout: 300_000,
  skip: oldNode ? false : 'this machine has no Node below 22',
}, () => {
  it('the compiled program says which one it needs, and exits 2', async (t) => {
    mkdirSync('.bench', { recursive: true });
    const outDir = mkdtempSync('.bench/old-node-');
    t.after(() => rmSync(outDir, { recursive: true, force: true }));
    await execute(process.execPath, ['src/bundle.ts', outDir]);
    for (const args of [[], ['serve'], ['--help']]) {
      const options = { node: oldNode ?? '', script: join(outDir, 'main.js') };
      const { code, stdout, stderr } = await runGridgate(args, options);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /^gridgate needs Node \d+\.\d+ or newer; this is \d+\.\d+\.\d+\n$/);
    }
  });
});
