import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BudgetStatus } from '../../src/scaling/budget-status.ts';
import { type BudgetTarget, stateOf, stepOf, waitOf } from '../../src/scaling/budget-step.ts';
import { NOW } from '../builders.ts';

const MINUTE = 60_000;
const since = (minutes: number) => new Date(NOW - minutes * MINUTE).toISOString();

function held(parts: Partial<BudgetStatus> = {}): BudgetStatus {
  return { state: 'held', before: 5, wrote: 1, generation: 1, since: since(30), strikes: 0, ...parts };
}

function target(parts: Partial<BudgetTarget> = {}): BudgetTarget {
  return { value: 1, status: held(), generation: 2, floor: 1, want: 'hold', ...parts };
}

function step(parts: Partial<BudgetTarget>, seenForMs = 0): string {
  const found = stepOf(target(parts), { now: NOW, seenForMs });
  if (!found) return 'nothing';
  if (!('status' in found)) return 'to' in found ? `finish ${found.to}` : 'forget';
  if (found.kind === 'let-go') return `${found.status.state} (${found.status.before} -> ${found.status.wrote})`;
  const { before, wrote, strikes, generation } = found.status;
  return `${found.kind} ${found.to} (${before} -> ${wrote}, strikes ${strikes}, generation ${generation})`;
}

const FREE = { status: undefined, value: 5, generation: 7 } as const;
const INTENT = { value: 5, generation: 2 } as const;
/** Its least was raised from 1 to 2 while it was held. */
const SECOND = { value: 1, generation: 2, floor: 2, status: held({ wrote: 2, from: 1 }) } as const;
const LET_GO = held({ state: 'let-go' });
const PUT_BACK = 'restore 5 (5 -> 1, strikes 0, generation 3)';
const restored = (minutes: number, strikes = 0) => held({ state: 'restored', since: since(minutes), strikes });

describe('what a budget does next', () => {
  for (const [what, parts, expected] of [
    ['over: goes down to its least', FREE, 'hold 1 (5 -> 1, strikes 0, generation 7)'],
    ['over: down to nothing', { ...FREE, floor: 0 }, 'hold 0 (5 -> 0, strikes 0, generation 7)'],
    ['over, at its least already', { ...FREE, value: 1 }, 'nothing'],
    ['over, below its least already', { ...FREE, value: 0 }, 'nothing'],
    ['over, may not be scaled', { ...FREE, floor: undefined }, 'nothing'],
    ['not over', { ...FREE, want: 'keep' }, 'nothing'],
    ['under', { ...FREE, want: 'free' }, 'nothing'],
    [
      'a maximum that nobody set',
      { ...FREE, value: null, generation: undefined },
      'hold 1 (null -> 1, strikes 0, generation undefined)',
    ],

    ['held, and over still', {}, 'nothing'],
    ['held, and in between', { want: 'keep' }, 'nothing'],
    ['held, its least is lower now', { floor: 0 }, 'hold 0 (5 -> 0, strikes 0, generation 2)'],
    ['held, its least is lower now, and not over', { floor: 0, want: 'keep' }, 'nothing'],
    [
      'held, its least is higher now, and not over',
      { floor: 3, want: 'keep' },
      'hold 3 (5 -> 3, strikes 0, generation 2)',
    ],
    ['held, its least is what it had', { floor: 5, want: 'keep' }, 'restore 5 (5 -> 1, strikes 0, generation 2)'],
    ['held, and under after 30 minutes', { want: 'free' }, 'restore 5 (5 -> 1, strikes 0, generation 2)'],
    ['held, and under after 4 minutes', { want: 'free', status: held({ since: since(4) }) }, 'nothing'],
    [
      'held after three strikes, under after 39 minutes',
      { want: 'free', status: held({ since: since(39), strikes: 3 }) },
      'nothing',
    ],
    [
      'held after three strikes, under after 40 minutes',
      { want: 'free', status: held({ since: since(40), strikes: 3 }) },
      'restore 5 (5 -> 1, strikes 3, generation 2)',
    ],
    [
      'held, and no budget any more',
      { want: 'end', status: held({ since: since(0) }) },
      'restore 5 (5 -> 1, strikes 0, generation 2)',
    ],
    [
      'held, and may not be scaled any more',
      { floor: undefined, status: held({ since: since(0) }) },
      'restore 5 (5 -> 1, strikes 0, generation 2)',
    ],
    ["held, and an autoscaler's now", { want: 'drop' }, 'restore 5 (5 -> 1, strikes 0, generation 2)'],
    ["put back, and an autoscaler's now", { value: 5, status: restored(1), want: 'drop' }, 'forget'],

    ['the intent alone was written, and over still', { value: 5, generation: 1 }, 'finish 1'],
    [
      'the intent alone, a minute ago',
      { value: 5, generation: 1, want: 'keep', status: held({ since: since(1) }) },
      'finish 1',
    ],
    ['the intent alone, half an hour ago', { value: 5, generation: 1, want: 'keep' }, 'forget'],
    ['the intent alone, and under', { value: 5, generation: 1, want: 'free' }, 'forget'],
    ['the intent alone, and no budget any more', { value: 5, generation: 1, want: 'end' }, 'forget'],

    ['the intent alone, then another image, and over still', INTENT, 'hold 1 (5 -> 1, strikes 0, generation 2)'],
    ['the intent alone, then another image, and under', { ...INTENT, want: 'free' }, 'forget'],
    ['the intent alone, then another image, and no budget any more', { ...INTENT, want: 'end' }, 'forget'],
    ['the intent alone, its least is higher now', { ...INTENT, floor: 2 }, 'hold 2 (5 -> 2, strikes 0, generation 2)'],

    ['a second intent alone', { ...SECOND, generation: 1 }, 'finish 2'],
    ['a second intent alone, then another image', SECOND, 'hold 2 (5 -> 2, strikes 0, generation 2)'],
    ['a second intent alone, and under', { ...SECOND, want: 'free' }, 'restore 5 (5 -> 2, strikes 0, generation 2)'],
    [
      'a second intent alone, and no budget any more',
      { ...SECOND, generation: 1, want: 'end' },
      'restore 5 (5 -> 2, strikes 0, generation 1)',
    ],

    ['put back by a leader that was killed', { value: 5, generation: 3, want: 'free' }, PUT_BACK],
    [
      'put back by a leader that was killed, and no budget any more',
      { value: 5, generation: 3, want: 'end' },
      PUT_BACK,
    ],
    ['put back by a leader that was killed, and nobody knows', { value: 5, generation: 3, want: 'keep' }, 'nothing'],

    ['held, and somebody scaled', { value: 3, generation: 3 }, 'let-go (5 -> 1)'],
    ['held, and somebody put it back', { value: 5, generation: 3 }, 'let-go (5 -> 1)'],
    ['let go, and over still', { value: 3, generation: 3, status: LET_GO }, 'nothing'],
    ['let go, and somebody wrote the very number that we had', { status: LET_GO }, 'nothing'],
    ['let go with that number, and under', { status: LET_GO, want: 'free' }, 'forget'],
    ['let go, and no budget any more', { value: 3, status: LET_GO, want: 'end' }, 'forget'],
    ['more than can be remembered', { ...FREE, value: 100_001 }, 'nothing'],
    ['as much as can be remembered', { ...FREE, value: 100_000 }, 'hold 1 (100000 -> 1, strikes 0, generation 7)'],
    ['held, somebody scaled, and under', { value: 3, generation: 3, want: 'free' }, 'forget'],
    ['held, somebody scaled, and no budget any more', { value: 3, generation: 3, want: 'end' }, 'forget'],

    ['put back, and not over', { value: 5, generation: 3, status: restored(10), want: 'keep' }, 'nothing'],
    ['put back an hour ago', { value: 5, generation: 3, status: restored(60), want: 'keep' }, 'forget'],
    ['put back, and no budget any more', { value: 5, generation: 3, status: restored(1), want: 'end' }, 'forget'],
    [
      'put back, and over again within the hour',
      { value: 5, generation: 3, status: restored(59, 1) },
      'hold 1 (5 -> 1, strikes 2, generation 3)',
    ],
    [
      'put back, and over again after it',
      { value: 6, generation: 3, status: restored(60, 1) },
      'hold 1 (6 -> 1, strikes 0, generation 3)',
    ],
    ['put back, and somebody wrote the very number that we had', { status: restored(0), want: 'keep' }, 'nothing'],
    ['put back, and somebody scaled', { value: 2, generation: 4, status: restored(1), want: 'keep' }, 'nothing'],
  ] satisfies [string, Partial<BudgetTarget>, string][])
    it(what, () => {
      assert.equal(step(parts), expected);
    });

  it('waits no longer on a wall clock that was set back', () => {
    const parts = { want: 'free', status: held({ since: since(-600) }) } as const;
    assert.equal(step(parts, 4 * MINUTE), 'nothing');
    assert.equal(step(parts, 5 * MINUTE), 'restore 5 (5 -> 1, strikes 0, generation 2)');
  });

  it('waits twice as long with each strike, and four hours at most', () => {
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5, 6, 100].map((strikes) => waitOf(strikes) / MINUTE),
      [5, 10, 20, 40, 80, 160, 240, 240],
    );
  });

  it('decides nothing on what it has just done', () => {
    for (const value of [2, 5, 100_000])
      for (const want of ['hold', 'free', 'keep'] as const) {
        const first = stepOf(target({ status: undefined, value, want }), { now: NOW, seenForMs: 0 });
        if (first?.kind !== 'hold') continue;
        const next = target({ status: first.status, value: first.to, generation: 3, want });
        assert.equal(stepOf(next, { now: NOW, seenForMs: 0 }), undefined);
        assert.equal(stateOf(next), 'held');
      }
  });
});
