import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { atMostEvery } from '../../src/replica/at-most-every.ts';

function start(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let runs = 0;
  const pacer = atMostEvery(1_000, () => {
    runs += 1;
  });
  return { pacer, runs: () => runs, pass: (ms: number) => t.mock.timers.tick(ms) };
}

describe('atMostEvery', () => {
  it('runs at once, and once for all that ask within the time', (t) => {
    const { pacer, runs, pass } = start(t);
    for (let i = 0; i < 50; i++) {
      pacer.ask();
      pass(10);
    }
    assert.equal(runs(), 1);
    pass(500);
    assert.equal(runs(), 2);
    pass(5_000);
    assert.equal(runs(), 2);
    pacer.ask();
    assert.equal(runs(), 3);
  });

  it('a flush does what is due, which then is not done again', (t) => {
    const { pacer, runs, pass } = start(t);
    pacer.ask();
    pacer.ask();
    pacer.flush();
    assert.equal(runs(), 2);
    pass(5_000);
    assert.equal(runs(), 2);
  });

  it('stopped, it runs no more', (t) => {
    const { pacer, runs, pass } = start(t);
    pacer.ask();
    pacer.ask();
    pacer.stop();
    pass(5_000);
    assert.equal(runs(), 1);
  });
});
