import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createTurns } from '../../src/webhook/one-at-a-time.ts';

describe('work that takes turns', () => {
  it('is done one a turn of the loop, the smallest first', async () => {
    const takeTurns = createTurns();
    const done: number[] = [];
    for (const size of [7, 3, 5, 3]) takeTurns(size, () => done.push(size));
    const after: number[][] = [];
    for (let i = 0; i < 4; i++) {
      await turn();
      after.push([...done]);
    }
    assert.deepEqual(after.at(-1), [3, 3, 5, 7]);
    assert.ok(after[0] && after[0].length <= 1, 'others get in between');
  });

  it('is not done once it was taken back', async () => {
    const takeTurns = createTurns();
    const done: string[] = [];
    takeTurns(1, () => done.push('a'))();
    takeTurns(2, () => done.push('b'));
    await turn();
    await turn();
    await turn();
    assert.deepEqual(done, ['b']);
  });
});
