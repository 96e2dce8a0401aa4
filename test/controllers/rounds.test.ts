import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pino } from 'pino';
import { createRounds, type Outcome, type RoundOutcome } from '../../src/controllers/rounds.ts';
import { fakeClock } from './fake-clock.ts';

type Answer = RoundOutcome | Error | Promise<Outcome>;

/** Rounds that answer in turn, then `done`. */
function start(answers: readonly Answer[] = []) {
  const clock = fakeClock();
  const left = [...answers];
  const at: number[] = [];
  const logged: { level: number; msg: string; failure?: string }[] = [];
  const rounds = createRounds({
    name: 'test',
    async round() {
      at.push(clock.now());
      const answer = left.shift() ?? 'done';
      if (answer instanceof Error) throw answer;
      return answer;
    },
    resyncMs: 60_000,
    settleMs: 100,
    restMs: 1_000,
    clock,
    log: pino({ level: 'debug' }, { write: (line) => void logged.push(JSON.parse(line)) }),
  });
  rounds.start();
  return { rounds, clock, at, logged };
}

describe('rounds', () => {
  test('come at once, after changes that share one, and without any', async () => {
    const { rounds, clock, at } = start();
    await clock.advance(10_000);
    for (let change = 0; change < 5; change++) rounds.changed();
    await clock.advance(100);
    assert.deepEqual(at, [0, 10_100]);
    await clock.advance(200_000);
    assert.deepEqual(at.slice(2), [71_100, 132_100, 193_100]);
    await rounds.stop();
  });

  test('a change within a round, or the rest after it, gets a round of its own after the rest', async () => {
    const slow = Promise.withResolvers<Outcome>();
    const { rounds, clock, at } = start([slow.promise]);
    await clock.advance(5_000);
    rounds.changed();
    slow.resolve('done');
    await clock.advance(1_100);
    rounds.changed();
    await clock.advance(1_100);
    assert.deepEqual(at, [0, 6_100, 7_200]);
    await rounds.stop();
  });

  test('try again with backoff, whatever changes, and log only what is new', async () => {
    const refusal = () => new Error('no');
    const { rounds, clock, at, logged } = start([refusal(), refusal(), refusal(), new Error('other'), 'done']);
    await clock.advance(1);
    assert.equal(at.length, 1);
    rounds.changed();
    await clock.advance(499); // half the first backoff
    assert.equal(at.length, 1);
    await clock.advance(60_000);
    assert.ok(at.length >= 5);
    assert.deepEqual(
      logged.map(({ msg, failure }) => failure ?? msg),
      ['no', 'other', 'test works again'],
    );
    await rounds.stop();
  });

  test('a backoff never grows beyond a minute and begins anew after a success', async () => {
    const { rounds, clock, at } = start(Array.from({ length: 30 }, () => new Error('no')));
    await clock.advance(40 * 60_000);
    const gaps = at.map((time, i) => time - (at[i - 1] ?? time)).slice(1, 30);
    assert.ok(Math.max(...gaps) <= 60_000 && Math.min(...gaps.slice(15)) >= 30_000, gaps.join());
    await rounds.stop();
  });

  test('what changed under their hands is tried again soon, and not logged', async () => {
    const { rounds, clock, at, logged } = start(['again', 'done']);
    await clock.advance(1_000);
    assert.equal(at.length, 2);
    assert.deepEqual(logged, []);
    await rounds.stop();
  });

  test('one that says when it is due again comes then, or without a change at the usual time where that is sooner', async () => {
    const { rounds, clock, at } = start([{ dueInMs: 5_000 }, { dueInMs: 500_000 }]);
    await clock.advance(100_000);
    assert.deepEqual(at, [0, 6_000, 67_000]);
    await rounds.stop();
  });

  test('a start while the last round still ends waits for it', async () => {
    const slow = Promise.withResolvers<Outcome>();
    const { rounds, clock, at } = start([slow.promise]);
    await clock.advance(1);
    const stopped = rounds.stop();
    rounds.start();
    await clock.advance(10_000);
    assert.deepEqual(at, [0]);
    slow.resolve('done');
    await stopped;
    await clock.advance(0);
    assert.deepEqual(at, [0, 10_001]);
    await rounds.stop();
  });

  test('stop waits for the round that runs; none follows until the next start', async () => {
    const slow = Promise.withResolvers<Outcome>();
    const { rounds, clock, at } = start([slow.promise]);
    await clock.advance(1);
    let hasStopped = false;
    const stopping = rounds.stop().then(() => {
      hasStopped = true;
    });
    rounds.changed();
    await clock.advance(100_000);
    assert.equal(hasStopped, false);
    slow.resolve('done');
    await stopping;
    rounds.changed();
    await clock.advance(100_000);
    assert.equal(at.length, 1);
    rounds.start();
    rounds.start();
    await clock.advance(1);
    assert.equal(at.length, 2);
    await rounds.stop();
    await rounds.stop();
  });
});
