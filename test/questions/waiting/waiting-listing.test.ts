import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WaitingPiece } from '../../../src/cluster/waiting-work.ts';
import { listWaiting, renderWaiting } from '../../../src/questions/waiting/waiting-listing.ts';
import { NOW } from '../../builders.ts';

const HOUR_MS = 3_600_000;
const WAIT = {
  notBefore: NOW + HOUR_MS,
  latestStart: NOW + 3 * HOUR_MS,
  lengthMs: HOUR_MS,
  lengthFrom: 'pod' as const,
};
const JOB = { kind: 'Job', name: 'train' };

function piece(name: string, more: Partial<WaitingPiece> = {}): WaitingPiece {
  return { kind: 'Pod', namespace: 'lab', name, owner: JOB, since: NOW - HOUR_MS, wait: WAIT, ...more };
}

const LAYOUT = { output: 'table', width: 120, now: NOW, showsNamespace: false } as const;
const rowsOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((row) => row.split(/ {2,}/));

describe('what waits', () => {
  it('is one row for each owner: the earliest of its pods says when, and the earliest deadline counts', () => {
    const { waiting } = listWaiting(
      [
        piece('a', { since: NOW - 2 * HOUR_MS }),
        piece('b', {
          wait: { ...WAIT, notBefore: NOW + 60_000, latestStart: NOW + 4 * HOUR_MS, now: 200, planned: 100 },
        }),
        piece('b', { namespace: 'other' }),
      ],
      NOW,
    );
    const [first, second] = waiting;
    assert.deepEqual([waiting.length, first?.pods, second?.namespace], [2, 2, 'other']);
    assert.deepEqual(
      [first?.since, first?.notBefore, first?.latestStart, first?.savingPercent],
      ['2026-11-22T07:00:00Z', '2026-11-22T09:01:00Z', '2026-11-22T12:00:00Z', 50],
    );
  });

  it('is sorted by when it starts, and what nobody can read is last', () => {
    const at = (name: string, hours: number) =>
      piece(name, { owner: undefined, wait: { ...WAIT, notBefore: NOW + hours * HOUR_MS } });
    const { wait: _, ...unreadable } = piece('unreadable', { owner: undefined });
    const { waiting } = listWaiting([unreadable, at('late', 5), at('soon', 1), at('passed', -1)], NOW);
    assert.deepEqual(
      waiting.map(({ owner }) => owner.name),
      ['passed', 'soon', 'late', 'unreadable'],
    );
  });

  it('shows a date only where a day is not enough, and marks what is overdue', () => {
    const far = piece('far', { owner: undefined, wait: { ...WAIT, latestStart: NOW + 30 * HOUR_MS } });
    const over = piece('over', {
      owner: undefined,
      wait: { ...WAIT, notBefore: NOW - HOUR_MS, latestStart: NOW - 60_000 },
    });
    assert.deepEqual(rowsOf(renderWaiting(listWaiting([far, over], NOW), LAYOUT)), [
      ['pod/over', '1', '1h', '08:00Z', '08:59Z(overdue)', '-', '-', '-'],
      ['pod/far', '1', '1h', '10:00Z', '11-23 15:00Z', '-', '-', '-'],
    ]);
  });

  it('shows grams whole, all of them', () => {
    const [row] = rowsOf(
      renderWaiting(listWaiting([piece('a', { wait: { ...WAIT, now: 372, planned: 331.5 } })], NOW), LAYOUT),
    );
    assert.deepEqual(row?.slice(5, 7), ['372', '332']);
  });

  it('fits into 80 columns, however long names are', () => {
    const { waiting, ...head } = listWaiting([piece('x'.repeat(60), { owner: undefined })], NOW);
    const text = renderWaiting({ ...head, waiting }, { ...LAYOUT, width: 80, showsNamespace: true });
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  });

  it('does not trust dates that nobody can write', () => {
    const odd = piece('odd', { wait: { ...WAIT, notBefore: 9e15, latestStart: 9e15 }, since: undefined });
    const [work] = listWaiting([odd], NOW).waiting;
    assert.deepEqual([work?.notBefore, work?.latestStart, work?.since], [null, null, null]);
  });
});
