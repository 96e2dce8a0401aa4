import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { writeWorld } from '../commands/world-files.ts';
import { readDockerfile } from './dockerfile.ts';

const MEGABYTE = 1_000_000;
/** Everything read-only, a user without a name, no capability, and no environment but the image's. */
const CONFINED =
  'mount --make-rprivate / && mount -o remount,bind,ro / && exec setpriv --reuid 65532 --regid 65532 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"';
const mayConfine = spawnSync('unshare', ['--mount', 'sh', '-c', CONFINED, 'sh', 'true']).status === 0;

/** No container runtime is needed: what the Dockerfile copies is laid out in a folder, and its ENTRYPOINT runs there. */
describe('the image, laid out in a folder', { timeout: 300_000 }, () => {
  const image = readDockerfile().at(-1);
  let root: string;
  let node: string;
  let program: readonly string[];

  before(() => {
    assert.ok(image && existsSync('dist/main.js'), 'npm run build');
    root = mkdtempSync(join(tmpdir(), 'gridgate-image-'));
    chmodSync(root, 0o755);
    const app = join(root, image.workdir);
    mkdirSync(app);
    for (const { from, sources, target } of image.copies) {
      const isFolder = target.endsWith('/');
      for (const source of sources)
        cpSync(from ? source.replace(/^\/app\//, '') : source, join(app, target, isFolder ? source : ''), {
          recursive: true,
        });
    }
    const [entry = '', ...rest] = image.entrypoint;
    node = entry;
    program = [process.execPath, ...rest.map((path) => join(root, path))];
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  it('starts with the Node of its base', () => assert.equal(node, '/nodejs/bin/node'));

  it('adds less than 10 MB to that', () => {
    const paths = readdirSync(root, { recursive: true, encoding: 'utf8' });
    const bytes = paths.reduce((sum, path) => sum + statSync(join(root, path)).size, 0);
    assert.ok(bytes < 10 * MEGABYTE, `${bytes / MEGABYTE} MB`);
  });

  it('serves, as a user without a name, with everything read-only', {
    skip: mayConfine ? false : 'needs root, unshare and setpriv',
  }, async (t) => {
    const { args, directory } = await writeWorld(t);
    spawnSync('chmod', ['-R', 'a+rX', directory]);
    const ports = ['--host', '127.0.0.1', '--port', '0', '--metrics-port', '0'];
    const command = ['sh', '-c', CONFINED, 'sh', ...program, ...(image?.cmd ?? []), ...ports, ...args];
    const child = spawn('unshare', ['--mount', ...command], {
      cwd: '/',
      env: {},
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    const operators = await addressOf(child.stdout);
    assert.equal((await fetch(`${operators}/readyz`)).status, 200);
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });
});

async function addressOf(stdout: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stdout })) {
    const entry = JSON.parse(line);
    if (entry.msg === 'listening') return entry.operators;
  }
  throw new Error('it ended before it listened');
}
