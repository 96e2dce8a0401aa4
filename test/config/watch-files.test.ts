import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { describe, it } from 'node:test';
import type { FileWatch } from '../../src/config/watch-files.ts';
import { watchFiles } from '../../src/config/watch-files.ts';
import { pollUntil } from '../control-plane/poll.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';

interface Watched {
  readonly changes: (readonly string[])[];
  readonly errors: string[];
  readonly stop: () => void;
}

function watch(test: TestContext, options: Pick<FileWatch, 'files' | 'known'> & Partial<FileWatch>): Watched {
  const changes: (readonly string[])[] = [];
  const errors: string[] = [];
  const stop = watchFiles({
    intervalMs: 10,
    onChange: (contents) => void changes.push(contents),
    onError: (error) => errors.push(error.message),
    ...options,
  });
  test.after(stop);
  return { changes, errors, stop };
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  await pollUntil({ what, probe: () => isTrue() || undefined, deadlineMs: 60_000 });
}

/** One file `probe` whose change proves that everything written before it has been looked at. */
async function passOnce(directory: string, test: TestContext): Promise<void> {
  const file = join(directory, 'probe');
  writeFileSync(file, 'now');
  const { changes, stop } = watch(test, { files: [file], known: ['before'] });
  await until('the probe', () => changes.length > 0);
  stop();
}

describe('watching files', () => {
  it('reads them as they were read first: UTF-16, and without byte order marks', async (t) => {
    const directory = makeTemporaryDirectory(t);
    const files = ['a', 'b'].map((name) => join(directory, name));
    const wide = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');
    writeFileSync(join(directory, 'a'), wide('one'));
    writeFileSync(join(directory, 'b'), '\ufefftwo');
    const { changes } = watch(t, { files, known: ['one', 'two'] });
    await passOnce(directory, t);
    assert.deepEqual(changes, []);
    writeFileSync(join(directory, 'a'), wide('three'));
    await until('the change of a', () => changes.length === 1);
    assert.deepEqual(changes, [['three', 'two']]);
  });

  it('hands over each change once, all contents in order', async (t) => {
    const directory = makeTemporaryDirectory(t);
    const files = [join(directory, 'a'), join(directory, 'b')];
    for (const file of files) writeFileSync(file, '1');
    const { changes, errors } = watch(t, { files, known: ['1', '1'] });
    writeFileSync(join(directory, 'b'), '2');
    await until('the change of b', () => changes.length === 1);
    writeFileSync(join(directory, 'a'), '3');
    await until('the change of a', () => changes.length === 2);
    await passOnce(directory, t);
    assert.deepEqual(
      [changes, errors],
      [
        [
          ['1', '2'],
          ['3', '2'],
        ],
        [],
      ],
    );
  });

  it('sees a change made between the caller reading and the watch starting', async (t) => {
    const file = join(makeTemporaryDirectory(t), 'a');
    writeFileSync(file, 'new');
    const { changes } = watch(t, { files: [file], known: ['old'] });
    await until('the change', () => changes.length === 1);
    assert.deepEqual(changes, [['new']]);
  });

  it('starts from its first look where the caller knows nothing', async (t) => {
    const directory = makeTemporaryDirectory(t);
    const file = join(directory, 'a');
    writeFileSync(file, '1');
    const { changes } = watch(t, { files: [file] });
    await passOnce(directory, t);
    await passOnce(directory, t);
    assert.deepEqual(changes, []);
    writeFileSync(file, '2');
    await until('the change', () => changes.length === 1);
  });

  it('takes a new time for no change', async (t) => {
    const directory = makeTemporaryDirectory(t);
    const file = join(directory, 'a');
    writeFileSync(file, '1');
    const { changes } = watch(t, { files: [file], known: ['1'] });
    utimesSync(file, 1, 1);
    await passOnce(directory, t);
    writeFileSync(file, '1');
    await passOnce(directory, t);
    assert.deepEqual(changes, []);
  });

  it('follows the symlinks that Kubernetes swaps above a mounted file', async (t) => {
    const directory = makeTemporaryDirectory(t);
    for (const version of ['v1', 'v2']) {
      mkdirSync(join(directory, version));
      for (const name of ['tls.crt', 'tls.key']) writeFileSync(join(directory, version, name), `${name} ${version}`);
    }
    symlinkSync('v1', join(directory, '..data'));
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(`..data/${name}`, join(directory, name));
    const files = [join(directory, 'tls.crt'), join(directory, 'tls.key')];
    const { changes, errors } = watch(t, { files, known: ['tls.crt v1', 'tls.key v1'] });
    symlinkSync('v2', join(directory, '..tmp'));
    renameSync(join(directory, '..tmp'), join(directory, '..data'));
    rmSync(join(directory, 'v1'), { recursive: true });
    await until('the swap', () => changes.length === 1);
    assert.deepEqual([changes, errors], [[['tls.crt v2', 'tls.key v2']], []]);
  });

  it('reports a missing file once, and again when it went missing again', async (t) => {
    const directory = makeTemporaryDirectory(t);
    const file = join(directory, 'a');
    const { changes, errors } = watch(t, { files: [file], known: ['1'] });
    await until('the first error', () => errors.length === 1);
    await passOnce(directory, t);
    writeFileSync(file, '2');
    await until('the change', () => changes.length === 1);
    assert.equal(errors.length, 1);
    rmSync(file);
    await until('the second error', () => errors.length === 2);
    assert.match(errors[1] ?? '', /ENOENT.*\/a'/);
  });

  it('reports what a handler throws, and goes on', async (t) => {
    const file = join(makeTemporaryDirectory(t), 'a');
    writeFileSync(file, '2');
    let calls = 0;
    const onChange = async () => {
      calls += 1;
      if (calls === 1) throw new Error('cannot use it');
    };
    const { errors } = watch(t, { files: [file], known: ['1'], onChange });
    await until('the error', () => errors.length === 1);
    writeFileSync(file, '3');
    await until('the second call', () => calls === 2);
    assert.deepEqual(errors, ['cannot use it']);
  });

  it('stops', async (t) => {
    const directory = makeTemporaryDirectory(t);
    const file = join(directory, 'a');
    writeFileSync(file, '1');
    const { changes, stop } = watch(t, { files: [file], known: ['1'] });
    stop();
    writeFileSync(file, '2');
    await passOnce(directory, t);
    assert.deepEqual(changes, []);
  });
});
