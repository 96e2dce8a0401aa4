import { rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** What ends a process without asking; each exits with 128 and its number, as a shell has it. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Writes a file whole or not at all: beside its place first, and moved there when all of it is on the disk. What it replaces
 * stays as it was after an error, Ctrl-C or a full disk. Rejects with the system's own error.
 */
export async function writeWhole(path: string, chunks: Iterable<string>): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}`);
  const giveUp = (signal: keyof typeof SIGNALS) => {
    rmSync(beside, { force: true });
    process.exit(SIGNALS[signal]);
  };
  const signals = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[];
  for (const signal of signals) process.once(signal, giveUp);
  try {
    await using file = await open(beside, 'w');
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
