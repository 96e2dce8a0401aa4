import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

export const STDIN = '-';

/** A file to read, or why there is none. */
export type FoundFile = { readonly path: string; readonly bytes: number } | { readonly issue: string };

const MANIFEST = /\.(?:ya?ml|json)$/i;
const FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or directory',
  EACCES: 'reading it is not permitted',
  ELOOP: 'its links go round in a circle',
  ENAMETOOLONG: 'the name is too long',
};

/**
 * The files that paths name, in the order of the paths; of a directory all .yaml, .yml and .json files at any depth, sorted
 * by name. Passed over in directories: hidden names, `node_modules`, and a directory that was already looked into.
 */
export async function* findManifestFiles(paths: readonly string[]): AsyncGenerator<FoundFile> {
  for (const path of paths) {
    if (path === STDIN) yield { path, bytes: 0 };
    else yield* findFrom(path);
  }
}

/** What a failure to read a path comes to, in words with the path. */
export function describeReadFailure(path: string, error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return `${path}: cannot be read: ${FAILURES[code] ?? message}`;
}

async function* findFrom(path: string): AsyncGenerator<FoundFile> {
  try {
    const facts = await stat(path);
    if (!facts.isDirectory()) {
      yield { path, bytes: facts.size };
      return;
    }
  } catch (error) {
    yield { issue: describeReadFailure(path, error) };
    return;
  }
  let count = 0;
  for await (const found of findBelow(path, new Set())) {
    count += 1;
    yield found;
  }
  if (count === 0) yield { issue: `${path}: has no .yaml, .yml or .json file` };
}

async function* findBelow(directory: string, visited: Set<string>): AsyncGenerator<FoundFile> {
  try {
    const real = await realpath(directory);
    if (visited.has(real)) return;
    visited.add(real);
    const names = await readdir(directory);
    for (const name of names.sort()) {
      if (name.startsWith('.') || name === 'node_modules') continue;
      yield* findEntry(join(directory, name), visited);
    }
  } catch (error) {
    yield { issue: describeReadFailure(directory, error) };
  }
}

async function* findEntry(path: string, visited: Set<string>): AsyncGenerator<FoundFile> {
  const facts = await stat(path).catch((error: unknown) => ({ error }));
  if ('error' in facts) {
    // A link to nowhere that is no manifest by name is nobody's business.
    if (MANIFEST.test(path)) yield { issue: describeReadFailure(path, facts.error) };
  } else if (facts.isDirectory()) yield* findBelow(path, visited);
  else if (facts.isFile() && MANIFEST.test(path)) yield { path, bytes: facts.size };
}
