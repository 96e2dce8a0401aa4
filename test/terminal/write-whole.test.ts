import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { writeWhole } from '../../src/terminal/write-whole.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';

describe('a file that a command writes', { timeout: 300_000 }, () => {
  it('is there with all its pieces, in place of the one before', async (t) => {
    const path = join(makeTemporaryDirectory(t), 'page.html');
    writeFileSync(path, 'before');
    await writeWhole(path, ['one ', 'two']);
    assert.equal(readFileSync(path, 'utf8'), 'one two');
    assert.deepEqual(readdirSync(join(path, '..')), ['page.html']);
  });

  it('stays as it was when what should be written fails in the middle', async (t) => {
    const path = join(makeTemporaryDirectory(t), 'page.html');
    writeFileSync(path, 'before');
    function* pieces() {
      yield 'half ';
      throw new Error('no more');
    }
    await assert.rejects(writeWhole(path, pieces()), /no more/);
    assert.equal(readFileSync(path, 'utf8'), 'before');
    assert.deepEqual(readdirSync(join(path, '..')), ['page.html']);
  });

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    it(`stays as it was, with nothing beside it, after ${signal} in the middle`, async (t) => {
      const dir = makeTemporaryDirectory(t);
      const path = join(dir, 'page.html');
      writeFileSync(path, 'before');
      const program = `
        import { writeWhole } from '${resolve('src/terminal/write-whole.ts')}';
        function* pieces() { process.stdout.write('writing'); for (;;) yield 'x'.repeat(1000); }
        await writeWhole('${path}', pieces());`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      child.kill(signal);
      const [exitCode] = await once(child, 'exit');
      assert.equal(exitCode, code);
      assert.equal(readFileSync(path, 'utf8'), 'before');
      assert.deepEqual(readdirSync(dir), ['page.html']);
    });

  it('that cannot be made is refused with the reason of the system', async (t) => {
    const path = join(makeTemporaryDirectory(t), 'none', 'page.html');
    await assert.rejects(writeWhole(path, ['x']), /ENOENT/);
  });

  it('replaces what a link leads to, not the link', async (t) => {
    const dir = makeTemporaryDirectory(t);
    const [path, link] = [join(dir, 'page.html'), join(dir, 'link.html')];
    writeFileSync(path, 'before');
    symlinkSync(path, link);
    await writeWhole(link, ['new']);
    assert.ok(lstatSync(link).isSymbolicLink());
    assert.equal(readFileSync(path, 'utf8'), 'new');
  });

  it('never takes the place of a pipe or a device, nor of a link to one', async (t) => {
    const dir = makeTemporaryDirectory(t);
    const [pipe, link] = [join(dir, 'pipe'), join(dir, 'link')];
    execFileSync('mkfifo', [pipe]);
    symlinkSync(pipe, link);
    for (const path of [pipe, link]) await assert.rejects(writeWhole(path, ['x']), /no regular file/);
    assert.ok(lstatSync(pipe).isFIFO());
    assert.ok(lstatSync(link).isSymbolicLink());
    assert.deepEqual(readdirSync(dir).sort(), ['link', 'pipe']);
  });

  it('follows no link that lies in wait beside its place', async (t) => {
    const dir = makeTemporaryDirectory(t);
    const [path, victim] = [join(dir, 'page.html'), join(dir, 'victim')];
    writeFileSync(victim, 'mine');
    symlinkSync(victim, join(dir, `.page.html.${process.pid}`));
    await writeWhole(path, ['new']);
    assert.equal(readFileSync(victim, 'utf8'), 'mine');
    assert.equal(readFileSync(path, 'utf8'), 'new');
  });
});
