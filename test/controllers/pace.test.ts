import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createPace, MONOTONIC } from '../../src/controllers/pace.ts';
import { fakeClock } from './fake-clock.ts';

const never = new AbortController().signal;

describe('a pace', () => {
  test('never gives more turns in any second than it may, whenever they are asked for', async () => {
    const waits = fc.array(fc.nat({ max: 400 }), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(waits, fc.integer({ min: 1, max: 20 }), async (between, perSecond) => {
        const clock = fakeClock();
        const pace = createPace({ perSecond, clock });
        const turns: number[] = [];
        for (const ms of between) {
          void pace.take(never).then(() => turns.push(clock.now()));
          await clock.advance(ms);
        }
        await clock.advance(100_000);
        assert.equal(turns.length, between.length);
        for (const start of turns) {
          const within = turns.filter((at) => at >= start && at < start + 1_000);
          assert.ok(within.length <= perSecond, `${within.length} of ${perSecond} in ${turns.join()}`);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('gives the first turn at once, and another at once after a rest', async () => {
    const clock = fakeClock();
    const pace = createPace({ perSecond: 10, clock });
    await pace.take(never);
    await clock.advance(100);
    await pace.take(never);
    assert.deepEqual(clock.pauses, []);
  });

  test('uses the whole rate', async () => {
    const clock = fakeClock();
    const pace = createPace({ perSecond: 10, clock });
    let turns = 0;
    for (let asked = 0; asked < 50; asked++) void pace.take(never).then(() => turns++);
    await clock.advance(1_999);
    assert.equal(turns, 20);
  });

  test('rejects when aborted, waiting or not', async () => {
    const clock = fakeClock();
    const pace = createPace({ perSecond: 1, clock });
    const stopping = new AbortController();
    await pace.take(stopping.signal);
    const waiting = pace.take(stopping.signal);
    stopping.abort(new Error('stopped'));
    await assert.rejects(waiting, /stopped/);
    await assert.rejects(createPace({ perSecond: 1, clock }).take(stopping.signal), /stopped/);
  });

  test('keeps to real time too', async () => {
    const pace = createPace({ perSecond: 100, clock: MONOTONIC });
    const startedAt = MONOTONIC.now();
    for (let turn = 0; turn < 6; turn++) await pace.take(never);
    assert.ok(MONOTONIC.now() - startedAt >= 50);
  });
});
