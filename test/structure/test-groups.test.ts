import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ALONE, filesOf, GROUPS, processes, testFiles } from '../together/groups.ts';
import { readSource } from './source-files.ts';

describe('the tests', () => {
  const shared = Object.values(GROUPS).flatMap((rooms) => filesOf(rooms));

  it('are each run once: in a process of its own, or with one group', () => {
    const alone = Object.values(ALONE).flat();
    assert.deepEqual([...shared, ...alone].sort(), testFiles());
    assert.equal(testFiles().length, readSource('test').filter(({ path }) => path.endsWith('.test.ts')).length);
  });

  it('of every group are started by a file, which npm test runs', () => {
    const starters = readSource('test/together').filter(({ code }) =>
      /^await runGroup\(import\.meta\.filename\);$/m.test(code),
    );
    const run = processes().filter((file) => file.startsWith('test/together/'));
    assert.deepEqual(
      starters.map(({ path }) => path),
      run,
    );
    assert.match(JSON.parse(readFileSync('package.json', 'utf8')).scripts.test, / node test\/together\/run-tests\.ts$/);
  });

  const LEAKS: Readonly<Record<string, RegExp>> = {
    'a change of the environment': /process\.env(\.\w+|\[[^\]]+\]) = |delete process\.env|Object\.assign\(process\.env/,
    'flags of V8, or its memory': /setFlagsFromString|process\.memoryUsage|\brss\(/,
    'a listener of the process': /\bprocess\.(on|once|addListener)\(/,
    'a hook around every test, outside of a describe': /^(beforeEach|afterEach)\(/m,
    'a mock that no test takes back': /^import \{[^}]*\bmock\b[^}]*\} from 'node:test'/m,
  };
  for (const [name, leak] of Object.entries(LEAKS))
    it(`that share a process have no ${name}`, () => {
      const files = readSource('test').filter(
        ({ path }) => shared.includes(path) && !path.endsWith('test-groups.test.ts'),
      );
      assert.deepEqual(
        files.filter(({ code }) => leak.test(code)).map(({ path }) => path),
        [],
      );
    });
});
