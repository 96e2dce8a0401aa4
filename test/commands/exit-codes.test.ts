import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runCommand } from '../process/run-command.ts';
import { runGridgate } from '../process/run-gridgate.ts';
import { COMMAND_LINES, timeless, wordsOf } from './command-lines.ts';

describe('gridgate ends with', { timeout: 300_000, concurrency: 2 }, () => {
  for (const [code, line, how] of COMMAND_LINES)
    it(`${code}: ${line}`, async (test) => {
      const args = await wordsOf(test, line);
      const alone = how && (await runGridgate(args));
      const finished = await runCommand(args);
      assert.equal(finished.code, code, finished.stdout + finished.stderr);
      assert.doesNotMatch(finished.stderr, /^\s+at /m);
      if (alone) assert.deepEqual(timeless(finished), timeless(alone));
    });

  it('the same in a process of its own, for each command and each code of the table', () => {
    const alone = COMMAND_LINES.filter(([, , how]) => how);
    const commandsOf = (rows: typeof COMMAND_LINES) => new Set(rows.map(([, line]) => line.split(' ')[0]));
    assert.deepEqual(commandsOf(alone), commandsOf(COMMAND_LINES));
    assert.deepEqual(new Set(alone.map(([code]) => code)), new Set(COMMAND_LINES.map(([code]) => code)));
  });
});
