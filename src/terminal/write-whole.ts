import { rmSync } from 'node:fs';
import { access, constants, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** What ends a process without asking; each exits with 128 and its number, as a shell has it. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** What keeps a file from being written at `path`, in words; to be asked before long work begins. */
export async function findObstacle(path: string): Promise<string | undefined> {
  try {
    await access(dirname(await findPlace(path)), constants.W_OK);
    return undefined;
  } catch (error) {
    return `${path} cannot be written: ${(error as Error).message}`;
  }
}

/**
 * Writes a file whole or not at all: beside its place first, and moved there when all of it is on the disk. What it replaces
 * stays as it was after an error, Ctrl-C or a full disk; a link stays one, and a pipe or a device is refused: moving a file
 * to /dev/stdout would take it from the whole machine. Rejects with the system's own error.
 */
export async function writeWhole(given: string, chunks: Iterable<string>): Promise<void> {
  const path = await findPlace(given);
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}`);
  const giveUp = (signal: keyof typeof SIGNALS) => {
    rmSync(beside, { force: true });
    process.exit(SIGNALS[signal]);
  };
  const signals = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[];
  for (const signal of signals) process.once(signal, giveUp);
  try {
    // Removes what a killed process of this number left, or a link that somebody else put here.
    await rm(beside, { force: true });
    await using file = await open(beside, 'wx');
    for (const chunk of chunks) await file.write(chunk);
    await file.sync();
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  } finally {
    for (const signal of signals) process.removeListener(signal, giveUp);
  }
}

/** Where the file itself is, behind links. */
async function findPlace(path: string): Promise<string> {
  const facts = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (!facts) return path;
  if (!facts.isFile()) throw new Error('it is no regular file; name one, or one that is not there yet');
  return realpath(path);
}
