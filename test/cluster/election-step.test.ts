import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  bidFor,
  NOTHING_OBSERVED,
  type Observed,
  observe,
  planStep,
  type Step,
} from '../../src/cluster/election-step.ts';
import { pauseMs, TIMINGS } from '../../src/cluster/election-timings.ts';
import { createLeadership } from '../../src/cluster/leadership.ts';
import type { Lease, LeaseSpec } from '../../src/cluster/lease.ts';

const LEASE_MS = 15_000;
const QUIET = { info() {}, warn() {}, error() {}, debug() {} } as never;

function lease(spec: LeaseSpec, resourceVersion = '1'): Lease {
  return { metadata: { name: 'gridgate', resourceVersion }, spec };
}

/** What one sees who reads these, each at its time. */
function seen(...reads: readonly (readonly [number, Lease | undefined])[]): Observed {
  return reads.reduce((before, [at, read]) => observe(before, read, at, LEASE_MS), NOTHING_OBSERVED);
}

describe('the next step', () => {
  const theirs = lease({ holderIdentity: 'other', leaseDurationSeconds: 15, renewTime: 'a' });
  const renewed = lease({ holderIdentity: 'other', leaseDurationSeconds: 15, renewTime: 'b' });
  const relabelled = lease({ holderIdentity: 'other', leaseDurationSeconds: 15, renewTime: 'a' }, '2');
  const short = lease({ holderIdentity: 'other', leaseDurationSeconds: 4 });
  const mine = lease({ holderIdentity: 'me', leaseDurationSeconds: 15 });
  const free = lease({ holderIdentity: '', leaseDurationSeconds: 1 });
  const rows: readonly [string, Observed, number, Step][] = [
    ['no Lease', seen([0, undefined]), 0, 'acquire'],
    ['a Lease without a spec', seen([0, { metadata: { name: 'x' } }]), 0, 'acquire'],
    ['released', seen([0, theirs], [1_000, free]), 1_000, 'acquire'],
    ['released, then deleted', seen([0, theirs], [1_000, free], [2_000, undefined]), 2_000, 'acquire'],
    ['ours', seen([0, mine]), 0, 'renew'],
    ['ours, long expired', seen([0, mine]), 60_000, 'renew'],
    ['ours, deleted', seen([0, mine], [1_000, undefined]), 1_000, 'acquire'],
    ['theirs', seen([0, theirs]), 14_999, 'wait'],
    ['theirs, expired', seen([0, theirs]), 15_000, 'acquire'],
    ['theirs, renewed', seen([0, theirs], [14_000, renewed]), 28_999, 'wait'],
    ['theirs, changed but for the spec: no sign of life', seen([0, theirs], [14_000, relabelled]), 15_000, 'acquire'],
    ['theirs, deleted', seen([0, theirs], [2_000, undefined]), 14_999, 'wait'],
    ['theirs, deleted and expired', seen([0, theirs], [2_000, undefined]), 15_000, 'acquire'],
    ['theirs for 4 s by its own word', seen([0, short]), 3_999, 'wait'],
    ['theirs for 4 s, expired', seen([0, short]), 4_000, 'acquire'],
    ['theirs for -5 s', seen([0, lease({ holderIdentity: 'o', leaseDurationSeconds: -5 })]), 14_999, 'wait'],
    ['taken from us', seen([0, mine], [9_000, theirs]), 9_000, 'wait'],
  ];
  for (const [name, observed, now, step] of rows) {
    test(`${name}: ${step}`, () => assert.equal(planStep(observed, now, 'me'), step));
  }
});

describe('a bid', () => {
  const bid = { identity: 'me', leaseDurationSeconds: 15, time: 'now' };
  const before = lease({ holderIdentity: 'x', acquireTime: 'then', leaseTransitions: 3 });
  const rows: readonly [string, 'acquire' | 'renew', Lease | undefined, string, number][] = [
    ['the first', 'acquire', undefined, 'now', 0],
    ['a takeover counts', 'acquire', before, 'now', 4],
    ['a renewal keeps both', 'renew', before, 'then', 3],
    ['a renewal of a bare Lease', 'renew', lease({ holderIdentity: 'me' }), 'now', 0],
  ];
  for (const [name, step, from, acquireTime, leaseTransitions] of rows) {
    test(name, () => {
      const expected = { holderIdentity: 'me', leaseDurationSeconds: 15, renewTime: 'now' };
      assert.deepEqual(bidFor(step, from, bid), { ...expected, acquireTime, leaseTransitions });
    });
  }
});

describe('the pause', () => {
  const rows: readonly [string, Parameters<typeof pauseMs>[0], number][] = [
    ['of a leader', { leading: true, leftMs: 9_000, retryAfterMs: 0, random: 1 }, 2_000],
    ['of a leader at its end', { leading: true, leftMs: 700, retryAfterMs: 5_000, random: 1 }, 700],
    ['of a candidate, shortest', { leading: false, leftMs: 9_000, retryAfterMs: 0, random: 0 }, 2_000],
    ['of a candidate, longest', { leading: false, leftMs: 9_000, retryAfterMs: 0, random: 1 }, 4_400],
    ['of a candidate before the lease expires', { leading: false, leftMs: 500, retryAfterMs: 0, random: 1 }, 700],
    ['of a candidate after that', { leading: false, leftMs: -1, retryAfterMs: 0, random: 0 }, 2_000],
    ['of a candidate that sees no lease', { leading: false, leftMs: -Infinity, retryAfterMs: 0, random: 0 }, 2_000],
    ['as the API server asks', { leading: false, leftMs: 0, retryAfterMs: 6_000, random: 0 }, 6_000],
    ['never an hour', { leading: false, leftMs: 0, retryAfterMs: 3_600_000, random: 0 }, 10_000],
  ];
  for (const [name, pause, ms] of rows) test(name, () => assert.equal(pauseMs(pause, TIMINGS), ms));
});

/** One candidate's turn: it sleeps, reads, thinks and writes, each taking its time; messages may be lost. */
interface Turn {
  readonly who: number;
  readonly sleepMs: number;
  readonly readMs: number;
  readonly stallMs: number;
  readonly writeMs: number;
  readonly answerMs: number;
  readonly lost: 'no' | 'request' | 'answer';
}

/** Mostly short, now and then long: milliseconds. */
function mostly(shortMs: number, longMs: number): fc.Arbitrary<number> {
  return fc.oneof({ weight: 9, arbitrary: fc.nat(shortMs) }, fc.nat(longMs));
}

const turn = fc.record<Turn>({
  who: fc.nat(2),
  sleepMs: mostly(4_400, 40_000),
  readMs: mostly(200, 5_000),
  stallMs: mostly(0, 40_000),
  writeMs: mostly(200, 5_000),
  answerMs: mostly(200, 40_000),
  lost: fc.oneof({ weight: 9, arbitrary: fc.constant('no') }, fc.constantFrom('request', 'answer')),
});

type Term = { readonly who: number; from: number; to: number };

/** Plays the turns in the order of time and answers when each candidate would have been allowed to write. */
function play(turns: readonly Turn[], skewMs: readonly number[]): readonly Term[] {
  let now = 0;
  let stored: Lease | undefined;
  let version = 0;
  const terms: Term[] = [];
  const due: { at: number; run: () => void }[] = [];
  const after = (ms: number, run: () => void) => void due.push({ at: now + ms, run });

  const candidates = [0, 1, 2].map((who) => {
    const mine = turns.filter((one) => one.who === who);
    const clock = () => now + (skewMs[who] ?? 0);
    const deps = { lease: 'x', renewDeadlineMs: 10_000, log: QUIET, onChange() {}, monotonicNow: clock };
    const leadership = createLeadership(deps);
    let observed = NOTHING_OBSERVED;

    function begin(): void {
      const next = mine.shift();
      if (next) after(next.sleepMs, () => read(next));
    }

    function read(one: Turn): void {
      const answer = stored;
      after(one.readMs, () => {
        observed = observe(observed, answer, clock(), LEASE_MS);
        const step = planStep(observed, clock(), `c${who}`);
        if (observed.claim?.holder !== `c${who}`) leadership.lose('');
        if (step === 'wait') return begin();
        after(one.stallMs, () => write(one, step, answer));
      });
    }

    function write(one: Turn, step: 'acquire' | 'renew', basis: Lease | undefined): void {
      const sentAt = clock();
      const sent = now;
      after(one.writeMs, () => {
        const isCurrent = basis?.metadata.resourceVersion === stored?.metadata.resourceVersion;
        const arrives = one.lost !== 'request' && isCurrent;
        const bid = { identity: `c${who}`, leaseDurationSeconds: 15, time: String(version) };
        version += 1;
        const written = lease(bidFor(step, basis, bid), String(version));
        if (arrives) stored = written;
        after(one.answerMs, () => {
          if (arrives && one.lost === 'no') {
            observed = observe(observed, written, clock(), LEASE_MS);
            leadership.renewed(sentAt);
            if (leadership.isLeader()) terms.push({ who, from: now, to: sent + 10_000 });
          }
          begin();
        });
      });
    }
    return { begin };
  });

  for (const { begin } of candidates) begin();
  while (due.length > 0) {
    due.sort((a, b) => a.at - b.at);
    const next = due.shift();
    now = next?.at ?? now;
    next?.run();
  }
  return terms;
}

describe('three candidates', () => {
  const turns = fc.array(turn, { minLength: 30, maxLength: 90 });
  const skews = fc.tuple(fc.integer(), fc.integer(), fc.integer());

  test('never may two write at one time, whatever is slow, stopped or lost and however their clocks differ', () => {
    fc.assert(
      fc.property(turns, skews, (all, skewMs) => {
        const terms = play(all, skewMs);
        const overlap = terms.find((a) => terms.some((b) => a.who !== b.who && a.from < b.to && b.from < a.to));
        assert.equal(overlap, undefined, JSON.stringify(terms));
      }),
      { numRuns: 2_000 },
    );
  });

  test('and the play does change leaders', () => {
    const samples = fc.sample(fc.tuple(turns, skews), { numRuns: 200, seed: 1 });
    const leaders = samples.map(([all, skewMs]) => new Set(play(all, skewMs).map(({ who }) => who)).size);
    assert.ok(leaders.filter((count) => count > 1).length > 20, leaders.join());
  });
});
