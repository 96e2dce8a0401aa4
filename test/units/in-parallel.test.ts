import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inParallel } from '../../src/units/in-parallel.ts';

describe('acting on many, a few at a time', () => {
  it('acts on all of them, and on no more at once than it may', async () => {
    const done: number[] = [];
    let underWay = 0;
    let most = 0;
    await inParallel([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      most = Math.max(most, ++underWay);
      await Promise.resolve();
      underWay -= 1;
      done.push(item);
    });
    assert.deepEqual([done.toSorted(), most], [[1, 2, 3, 4, 5, 6, 7], 3]);
  });

  it('begins nothing after the first rejection, though others were under way', async () => {
    const begun: number[] = [];
    const slow = Promise.withResolvers<void>();
    const acting = inParallel([1, 2, 3, 4, 5], 2, async (item) => {
      begun.push(item);
      if (item === 1) throw new Error('no');
      await slow.promise;
    });
    await assert.rejects(acting, /no/);
    slow.resolve();
    await new Promise(setImmediate);
    assert.deepEqual(begun, [1, 2]);
  });
});
