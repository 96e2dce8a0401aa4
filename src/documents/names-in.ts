import { readdir, realpath } from 'node:fs/promises';

/**
 * The names in a directory, sorted, without hidden ones and `node_modules`; none where it was looked into before, through a link.
 * Rejects where it cannot be read.
 */
export async function namesIn(directory: string, visited: Set<string>): Promise<readonly string[]> {
  const real = await realpath(directory);
  if (visited.has(real)) return [];
  visited.add(real);
  const names = await readdir(directory);
  return names.filter((name) => !name.startsWith('.') && name !== 'node_modules').sort();
}
