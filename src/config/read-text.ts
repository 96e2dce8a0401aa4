import { readFile, stat } from 'node:fs/promises';
import { decodeText } from './decode-text.ts';

const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'reading it is not permitted',
};

/**
 * What a pipe held, by its path. It can be read once, and a command looks at its inputs more than once: to tell all mistakes
 * before it begins, then for their content; a kubeconfig for each connection.
 */
const pipes = new Map<string, Promise<string>>();

/** The text of a file, UTF-8 or UTF-16, or of a pipe, as process substitution makes one; rejects as `readFile` does. */
export async function readText(path: string): Promise<string> {
  const known = pipes.get(path);
  if (known) return known;
  if (await canBeReadAgain(path)) return decodeText(await readFile(path));
  const text = pipes.get(path) ?? readFile(path).then(decodeText);
  pipes.set(path, text);
  return text;
}

/** Whether a file may be watched: a pipe has nothing to say a second time. */
export async function canBeReadAgain(path: string): Promise<boolean> {
  const facts = await stat(path);
  return facts.isFile() || facts.isDirectory();
}

/** Why a file could not be read, in a few words. */
export function describeReadError(error: unknown): string {
  const { code = String(error) } = error as NodeJS.ErrnoException;
  return READ_ERRORS[code] ?? code;
}
