import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { decodeText } from './decode-text.ts';

const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'reading it is not permitted',
  ELOOP: 'its links go round in a circle',
  ENAMETOOLONG: 'the name is too long',
};

/** Stands for standard input where a file is to be named, as for kubectl. */
export const STANDARD_INPUT = '-';

/** What messages call an input. */
export function nameOfInput(path: string): string {
  return path === STANDARD_INPUT ? 'standard input' : path;
}

/** What a pipe held, by its path: it can be read once, and a kubeconfig is looked at for each connection. */
const pipes = new Map<string, Promise<string>>();

/** The text of a file, UTF-8 or UTF-16, of a pipe, as process substitution makes one, or of standard input; rejects as `readFile` does. */
export async function readText(path: string): Promise<string> {
  const known = pipes.get(path);
  if (known) return known;
  if (await canBeReadAgain(path)) return decodeText(await readFile(path));
  const text = pipes.get(path) ?? readPipe(path).then(decodeText);
  pipes.set(path, text);
  return text;
}

/** The text of a file, a pipe or standard input, read once; `undefined` where it holds more bytes. Rejects as `readFile` does. */
export async function readBounded(path: string, mostBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of path === STANDARD_INPUT ? process.stdin : createReadStream(path)) {
    bytes += chunk.length;
    if (bytes > mostBytes) return undefined;
    chunks.push(chunk);
  }
  return decodeText(Buffer.concat(chunks));
}

function readPipe(path: string): Promise<Buffer> {
  return path === STANDARD_INPUT ? buffer(process.stdin) : readFile(path);
}

/** Whether a file may be watched: a pipe has nothing to say a second time. */
export async function canBeReadAgain(path: string): Promise<boolean> {
  if (path === STANDARD_INPUT) return false;
  const facts = await stat(path);
  return facts.isFile() || facts.isDirectory();
}

/** Why a file could not be read, in a few words. */
export function describeReadError(error: unknown): string {
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException;
  return READ_ERRORS[code] ?? message;
}

/** The same with what could not be read. */
export function describeReadFailure(name: string, error: unknown): string {
  return `${name}: cannot be read: ${describeReadError(error)}`;
}
