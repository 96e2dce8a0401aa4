import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** Makes a directory that is gone when the test is over. */
export function makeTemporaryDirectory(test: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'gridgate-test-'));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
