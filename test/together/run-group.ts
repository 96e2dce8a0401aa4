import { basename, resolve } from 'node:path';
import { before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { filesOf, GROUPS, type Group } from './groups.ts';

/** Runs the test files of the group that the calling file is named for. A file that cannot be loaded fails by its name, and the others run. */
export async function runGroup(caller: string): Promise<void> {
  const loaded = Promise.withResolvers<void>();
  before(() => loaded.promise); // no test waits for a turn while files are loaded
  for (const file of filesOf(GROUPS[basename(caller, '.ts') as Group]))
    try {
      await import(pathToFileURL(resolve(file)).href);
    } catch (error) {
      test(`${file} can be loaded`, () => {
        throw error;
      });
    }
  loaded.resolve();
}
