import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judge } from '../../../src/questions/check/judge.ts';
import { type Look, lookUntilWorks } from '../../../src/questions/check/wait-until-works.ts';
import { factsOf } from './facts-of.ts';

const WORKS: Look = { report: judge(factsOf()) };
const FAILS: Look = { report: judge(factsOf({ onNamespaces: { outcome: 'silent' } })) };
const AWAY: Look = { issues: ['cannot read the cluster: connect ECONNREFUSED'], exitCode: 3 };
const MISTAKE: Look = { issues: ['there is no namespace nowhere in this cluster'], exitCode: 2 };

/** What a row of looks comes to, each taking `lookMs`; the last one goes on. */
async function wait(looks: readonly Look[], mostMs: number, lookMs = 100) {
  let now = 5_000;
  let count = 0;
  const shown: string[] = [];
  const pauses: number[] = [];
  const look = async () => {
    now += lookMs;
    const seen = looks[Math.min(count++, looks.length - 1)];
    assert.ok(seen && count < 1_000);
    return seen;
  };
  const pause = async (ms: number) => {
    pauses.push(ms);
    now += ms;
  };
  const seen = await lookUntilWorks(look, { mostMs, monotonicNow: () => now, pause, show: (text) => shown.push(text) });
  return { seen, count, shown, pauses, tookMs: now - 5_000 };
}

describe('gridgate check --wait looks', () => {
  const rows: readonly [name: string, looks: readonly Look[], mostMs: number, last: Look, count: number][] = [
    ['once where all works', [WORKS], 60_000, WORKS, 1],
    ['once where it is not asked to wait', [FAILS, WORKS], 0, FAILS, 1],
    ['until nothing fails', [FAILS, FAILS, WORKS], 60_000, WORKS, 3],
    ['through an API server that does not answer', [AWAY, FAILS, AWAY, WORKS], 60_000, WORKS, 4],
    ['no longer at a mistake of the command line', [FAILS, MISTAKE], 60_000, MISTAKE, 2],
    ['until the time is over, and says what is still wrong', [FAILS], 10_000, FAILS, 5],
    ['until the time is over where nobody answers', [AWAY], 10_000, AWAY, 5],
  ];
  for (const [name, looks, mostMs, last, count] of rows)
    it(name, async () => {
      const waited = await wait(looks, mostMs);
      assert.deepEqual([waited.seen, waited.count], [last, count]);
    });

  it('past the time only where a look has begun before', async () => {
    const { tookMs, pauses } = await wait([FAILS], 10_000, 4_000);
    assert.deepEqual([tookMs, pauses], [11_000, [3_000]]);
  });

  it('and says what for, and how long it still may', async () => {
    const { shown } = await wait([FAILS, AWAY, WORKS], 120_000);
    assert.deepEqual(shown, [
      'waits for answers for namespaces (2m left)',
      'waits for cannot read the cluster: connect ECONNREFUSED (1m57s left)',
    ]);
  });
});
