import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { namesIn } from '../../documents/names-in.ts';
import { POLICY_TEST_NAME } from '../../documents/policy-test-name.ts';
import { describeReadFailure } from '../../documents/read-text.ts';

export interface TestFiles {
  readonly paths: readonly string[];
  /** What could not be looked into, or holds no test, a sentence each. */
  readonly issues: readonly string[];
}

/**
 * The files that are named, and of directories every `gridgate-test.yaml` (or `.yml`) below them, each once, sorted by name. Passed over:
 * hidden names, `node_modules`, and a directory that was already looked into.
 */
export async function findTestFiles(paths: readonly string[]): Promise<TestFiles> {
  const found = new Map<string, string>();
  const issues: string[] = [];
  for (const path of paths) {
    try {
      const facts = await stat(path);
      const below = facts.isDirectory() ? await findBelow(path, new Set()) : [path];
      for (const one of below) if (!found.has(resolve(one))) found.set(resolve(one), one);
      if (below.length === 0) issues.push(`${path}: no gridgate-test.yaml is in it, nor below it`);
    } catch (error) {
      issues.push(describeReadFailure(path, error));
    }
  }
  return { paths: [...found.values()], issues };
}

async function findBelow(directory: string, visited: Set<string>): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await namesIn(directory, visited)) {
    const path = join(directory, name);
    const facts = await stat(path).catch(() => undefined); // a link to nowhere
    if (facts?.isDirectory()) found.push(...(await findBelow(path, visited)));
    else if (facts?.isFile() && POLICY_TEST_NAME.test(name)) found.push(path);
  }
  return found;
}
