import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ApiError } from '../../src/cluster/api-error.ts';
import { createExpectations } from '../../src/controllers/expectations.ts';
import { createPace } from '../../src/controllers/pace.ts';
import type { Outcome } from '../../src/controllers/rounds.ts';
import { writeEach } from '../../src/controllers/write-each.ts';
import { fakeClock } from './fake-clock.ts';

const ITEMS = ['a', 'b', 'c'];

function refused(code: number): ApiError {
  return new ApiError('PATCH b', { code, message: 'because' });
}

const cases: readonly [name: string, error: Error, outcome: Outcome | RegExp, written: string][] = [
  ['gone', refused(404), 'done', 'a,c'],
  ['changed meanwhile', refused(409), 'again', 'a,c'],
  ['refused', refused(403), /403: because/, 'a,c'],
  ['a server in trouble', refused(500), /500/, 'a,c'],
  ['no network', new Error('ECONNREFUSED'), /ECONNREFUSED/, 'a'],
  ['not the leader any more', new Error('the lease has run out'), /lease/, 'a'],
];

describe('writing each', () => {
  for (const [name, error, expected, written] of cases) {
    test(`${name}: ${expected}, and what is written is ${written}`, async () => {
      const done: string[] = [];
      const running = writeEach({
        items: ITEMS,
        isDue: () => true,
        write: async (item) => {
          if (item === 'b') throw error;
          done.push(item);
        },
        pace: { take: async () => {} },
        signal: new AbortController().signal,
      });
      if (expected instanceof RegExp) await assert.rejects(running, expected);
      else assert.equal(await running, expected);
      assert.equal(done.join(), written);
    });
  }

  test('a refusal counts for more than a change meanwhile', async () => {
    const errors: Record<string, Error> = { a: refused(409), b: refused(403), c: refused(409) };
    const running = writeEach({
      items: ITEMS,
      isDue: () => true,
      write: async (item) => {
        throw errors[item];
      },
      pace: { take: async () => {} },
      signal: new AbortController().signal,
    });
    await assert.rejects(running, /403/);
  });

  test('what is not due any more when its turn comes is not written, and stopping ends the wait', async () => {
    const clock = fakeClock();
    const stopping = new AbortController();
    const due = new Set(['a', 'b', 'c']);
    const done: string[] = [];
    const running = writeEach({
      items: ITEMS,
      isDue: (item) => due.has(item),
      write: async (item) => done.push(item),
      pace: createPace({ perSecond: 1, clock }),
      signal: stopping.signal,
    });
    await clock.advance(500);
    due.delete('b');
    await clock.advance(600);
    assert.deepEqual(done, ['a']);
    stopping.abort(new Error('stopped'));
    await assert.rejects(running, /stopped/);
    assert.deepEqual(done, ['a']);
  });
});

describe('expectations', () => {
  test('a view is behind while it shows the state that a write ended, for half a minute', async () => {
    const clock = fakeClock();
    const expectations = createExpectations(clock);
    assert.equal(expectations.isBehind('x', '1'), false);
    expectations.expectChange('x', '1');
    assert.equal(expectations.isBehind('x', '1'), true);
    assert.equal(expectations.isBehind('x', '2'), false);
    assert.equal(expectations.isBehind('y', '1'), false);
    expectations.forgetOld();
    assert.equal(expectations.isBehind('x', '1'), true);
    await clock.advance(30_000);
    assert.equal(expectations.isBehind('x', '1'), false);
    expectations.forgetOld();
    assert.equal(expectations.isBehind('x', '1'), false);
  });
});
