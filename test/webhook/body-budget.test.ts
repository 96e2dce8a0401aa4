import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createBodyBudget, type Reservation } from '../../src/webhook/body-budget.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const MOST = 20 * MIB;

interface Held extends Reservation {
  readonly name: string;
}

/** A budget, and what became of whom. */
function openBudget() {
  const budget = createBodyBudget(MOST);
  const events: string[] = [];
  return {
    budget,
    events,
    reserve(name: string, bytes: number, readMs = 60_000): Held {
      const reservation = budget.reserve({
        bytes,
        readMs,
        onRoom: () => events.push(`${name} reads`),
        onLost: (why) => events.push(`${name} ${why}`),
      });
      return { ...reservation, name };
    },
  };
}

let now = 0;

/** So many looks at who holds a place. */
function pass(t: TestContext, looks: number): void {
  for (let look = 0; look < looks; look++) {
    now += 50;
    t.mock.timers.tick(50);
  }
}

/** Time that passes only when it is told to. */
function stopTime(t: TestContext): void {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(performance, 'now', () => now);
}

describe('room for bodies', () => {
  it('is there at once for small ones, however many large ones wait', () => {
    const { reserve, events } = openBudget();
    for (let i = 0; i < 10; i++) reserve(`large ${i}`, 7 * MIB);
    reserve('small', 7 * KIB);
    assert.ok(events.includes('small reads'));
    assert.equal(events.length, 6, '36 MiB of 48 are for the largest');
  });

  it('is never more than the budget, whatever comes and goes', () => {
    const { budget, reserve } = openBudget();
    const held: Held[] = [];
    for (let i = 0; i < 2_000; i++) {
      held.push(reserve(`b${i}`, (i * 7_919) % (i % 3 === 0 ? MOST : 256 * KIB)));
      if (i % 3 === 2) held.splice((i * 31) % held.length, 1)[0]?.release();
      const { small, large } = budget.state();
      assert.ok(small.bytes <= 16 * MIB && large.bytes <= 48 * MIB);
    }
    for (const one of held) one.release();
    const empty = { bytes: 0, waiting: 0 };
    assert.deepEqual(budget.state(), { small: empty, large: empty });
  });

  it('goes to the smallest that waits, then to who came last', () => {
    const { reserve, events } = openBudget();
    const first = reserve('first', 20 * MIB);
    for (const [name, size] of [
      ['b', 18],
      ['c', 17],
      ['d', 18],
      ['e', 17],
    ] as const)
      reserve(name, size * MIB);
    first.release();
    assert.deepEqual(events, ['first reads', 'e reads', 'c reads']);
  });

  it('is left for modest ones by the largest', () => {
    const { reserve, events } = openBudget();
    for (const name of ['a', 'b', 'c']) reserve(name, 12 * MIB);
    reserve('d', 12 * MIB);
    reserve('update of 1.2 MB', 1.2 * MIB);
    assert.deepEqual(events, ['a reads', 'b reads', 'c reads', 'update of 1.2 MB reads']);
  });

  it('is there for each size up to the largest', () => {
    for (const bytes of [0, 1, 256 * KIB, 256 * KIB + 1, MOST]) {
      const { reserve, events } = openBudget();
      reserve('one', bytes);
      assert.deepEqual(events, ['one reads']);
    }
  });

  it('is taken back from one that left while it waited, and given back once', () => {
    const { budget, reserve, events } = openBudget();
    const all = ['a', 'b', 'c', 'd', 'e'].map((name) => reserve(name, 12 * MIB));
    all[3]?.release();
    all[0]?.release();
    all[0]?.release();
    assert.deepEqual(events, ['a reads', 'b reads', 'c reads', 'e reads']);
    assert.equal(budget.state().large.bytes, 36 * MIB);
  });
});

describe('a body that takes too long', () => {
  it('loses its place, however much of it has come, and one that is here does not', (t) => {
    stopTime(t);
    const { budget, reserve, events } = openBudget();
    const [slow, here] = [reserve('slow', 200 * KIB, 200), reserve('here', 200 * KIB, 200)];
    slow.received(199 * KIB);
    here.complete();
    pass(t, 3);
    assert.deepEqual(events, ['slow reads', 'here reads']);
    pass(t, 1);
    assert.deepEqual(events.slice(2), ['slow slow_body']);
    assert.equal(budget.state().small.bytes, 200 * KIB);
  });

  it('has its time from when there is room', (t) => {
    stopTime(t);
    const { reserve, events } = openBudget();
    const first = [reserve('first', 20 * MIB), reserve('second', 16 * MIB)];
    reserve('waits', 7 * MIB, 200);
    pass(t, 10);
    for (const one of first) one.release();
    assert.equal(events.at(-1), 'waits reads');
    pass(t, 4);
    assert.equal(events.at(-1), 'waits slow_body');
  });
});

describe('while somebody waits', () => {
  const fill = (reserve: (name: string, bytes: number) => Held) =>
    Array.from({ length: 64 }, (_, i) => reserve(`s${i}`, 192 * KIB));

  it('senders that stop lose their places', (t) => {
    stopTime(t);
    const { reserve, events } = openBudget();
    fill(reserve);
    reserve('waits', 192 * KIB);
    assert.ok(!events.includes('waits reads'));
    pass(t, 6);
    assert.ok(events.includes('s0 stalled_body') && events.includes('waits reads'));
  });

  it('one that goes on keeps it, one that dribbles does not, and one that is all here does', (t) => {
    stopTime(t);
    const { reserve, events } = openBudget();
    const [steady, dribbling, done] = fill(reserve);
    done?.complete();
    reserve('waits', 256 * KIB);
    for (let look = 0; look < 12; look++) {
      steady?.received(16 * KIB);
      dribbling?.received(1);
      pass(t, 1);
    }
    assert.ok(!events.includes('s0 stalled_body'), 'steady');
    assert.ok(events.includes('s1 stalled_body'), 'dribbling');
    assert.ok(!events.includes('s2 stalled_body'), 'done');
  });

  it('and nobody is hurried where nobody waits', (t) => {
    stopTime(t);
    const { reserve, events } = openBudget();
    reserve('slow', 192 * KIB);
    pass(t, 100);
    assert.deepEqual(events, ['slow reads']);
  });
});
