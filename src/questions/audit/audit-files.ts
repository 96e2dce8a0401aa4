import { stat } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { STANDARD_INPUT } from '../../documents/read-text.ts';
import { createProgress, progressBar } from '../../terminal/progress.ts';
import { type Collected, collectItems } from './collect-items.ts';
import { describePathFailure } from './find-manifest-files.ts';
import { type FileSettings, readWorkloads } from './read-workloads.ts';

const BYTES_PER_MB = 1e6;

/** Reads everything that paths name, with progress on a terminal; never rejects for bad input. */
export async function collectFiles(paths: readonly string[], settings: FileSettings): Promise<Collected> {
  // Of 200 MB that pass through, 50 MB stay: left alone, V8 lets the heap grow to ten times that before it looks.
  setFlagsFromString('--heap-growing-percent=60');
  const progress = createProgress();
  const whole = await sizeOfFiles(paths);
  let bytes = 0;
  let workloads = 0;
  const onBytes = (read: number) => {
    bytes += read;
    const megabytes = Math.round(bytes / BYTES_PER_MB);
    progress.show(
      whole === undefined
        ? `${megabytes} MB read, ${workloads} workloads`
        : progressBar(megabytes, Math.ceil(whole / BYTES_PER_MB), 'MB'),
    );
  };
  try {
    const items = readWorkloads(paths, { ...settings, stdin: process.stdin, onBytes });
    return await collectItems(items, (count) => {
      workloads = count;
    });
  } finally {
    progress.end();
  }
}

/** What is wrong with the paths themselves: told before anything long begins. */
export async function checkPaths(paths: readonly string[]): Promise<readonly string[]> {
  const checked = await Promise.all(paths.map(checkPath));
  const twice =
    paths.filter((path) => path === STANDARD_INPUT).length > 1 ? [`--filename: ${STANDARD_INPUT} is there twice`] : [];
  return [...twice, ...checked.flat()];
}

async function checkPath(path: string): Promise<readonly string[]> {
  if (path === STANDARD_INPUT) return [];
  try {
    await stat(path);
    return [];
  } catch (error) {
    return [`--filename: ${describePathFailure(path, error)}`];
  }
}

/** In bytes; `undefined` where it cannot be known: standard input, pipes, directories. */
async function sizeOfFiles(paths: readonly string[]): Promise<number | undefined> {
  let sum = 0;
  for (const path of paths) {
    const facts = path === STANDARD_INPUT ? undefined : await stat(path).catch(() => undefined);
    if (!facts?.isFile()) return undefined;
    sum += facts.size;
  }
  return sum;
}
