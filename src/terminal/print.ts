import { onOneLine } from '../units/legible.ts';
import { programName } from './program-name.ts';
import { forTerminal } from './terminal.ts';

/**
 * Writes to stdout, without control characters, and waits until all of it is written. A reader that has seen enough (`| head -1`) is no failure;
 * anything else, a full disk for one, throws. Answers whether anybody still reads.
 */
export function print(text: string): Promise<boolean> {
  return write(text);
}

/** The same for what is too long to be one text: small pieces are joined, and nobody waits for what is not read. */
export async function printAll(pieces: Iterable<string>): Promise<void> {
  let chunk = '';
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    if (!(await write(chunk))) return;
    chunk = '';
  }
  if (chunk !== '') await write(chunk);
}

const CHUNK_CHARACTERS = 65_536;

/** Answers whether anybody still reads. */
function write(text: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    surviveClosedReader();
    process.stdout.write(forTerminal(text), (error?: NodeJS.ErrnoException | null) => {
      if (error && error.code !== 'EPIPE') reject(error);
      else resolve(!error);
    });
  });
}

/** A failed write is told twice, to its callback and as an event, which without a listener ends the process with a stack. */
export function surviveClosedReader(): void {
  if (process.stdout.listenerCount('error') === 0) process.stdout.on('error', () => {});
}

/** Says something about the data to people, on stderr: one line, without control characters. */
export function note(text: string): void {
  process.stderr.write(`${programName()}: ${onOneLine(text)}\n`);
}
