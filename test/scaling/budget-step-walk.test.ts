import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { BudgetStatus } from '../../src/scaling/budget-status.ts';
import { type BudgetStep, type BudgetTarget, stepOf, type Want } from '../../src/scaling/budget-step.ts';
import { NOW } from '../builders.ts';
import { runsOf, SEED } from '../decision/random-runs.ts';

const BEFORE = 9;
const MINUTE = 60_000;
const RUNS = { seed: SEED, numRuns: runsOf(5_000) };

/** Something with a number, as an API server keeps it: in two writes, or in one. */
class Scaled {
  value = BEFORE;
  status: BudgetStatus | undefined;
  generation = 1;
  /** What its owner has set last. */
  theirs = BEFORE;
  now = NOW;
  readonly isOneWrite: boolean;

  constructor(isOneWrite: boolean) {
    this.isOneWrite = isOneWrite;
  }

  target(want: Want, floor: number | undefined): BudgetTarget {
    const { value, status, generation } = this;
    return { value, status, floor, want, ...(!this.isOneWrite && { generation }) };
  }

  /** Does one step; of two writes none, one or both. */
  step(want: Want, floor: number | undefined, writes: number): void {
    const step = stepOf(this.target(want, floor), { now: this.now, seenForMs: 0 });
    if (!step) return;
    const done = this.isOneWrite ? (writes === 0 ? 0 : 2) : writes;
    for (const write of writesOf(step).slice(0, done)) this[write](step);
  }

  happens(each: Happening): void {
    if (each.what === 'look') this.step(each.want, each.floor, each.writes);
    if (each.what === 'rollout') this.generation++;
    if (each.what === 'time') this.now += each.minutes * MINUTE;
    if (each.what !== 'person') return;
    this.set(each.value);
    this.theirs = each.value;
  }

  remember(step: BudgetStep): void {
    if (step.kind !== 'finish') this.status = 'status' in step ? step.status : undefined;
  }

  scale(step: BudgetStep): void {
    if ('to' in step && step.to !== null) this.set(step.to);
  }

  set(value: number): void {
    if (value === this.value) return;
    this.value = value;
    this.generation++;
  }
}

function writesOf({ kind }: BudgetStep): readonly ('remember' | 'scale')[] {
  return kind === 'restore' ? ['scale', 'remember'] : ['remember', 'scale'];
}

const wants = fc.constantFrom<Want[]>('hold', 'hold', 'free', 'keep', 'end', 'drop');
const happening = fc.oneof(
  fc.record({
    what: fc.constant('look' as const),
    want: wants,
    floor: fc.option(fc.nat(12), { nil: undefined, freq: 8 }),
    writes: fc.nat(2),
  }),
  fc.record({ what: fc.constant('rollout' as const) }),
  fc.record({ what: fc.constant('person' as const), value: fc.integer({ min: 20, max: 30 }) }),
  fc.record({ what: fc.constant('time' as const), minutes: fc.constantFrom(1, 6, 30, 61) }),
);

type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

for (const isOneWrite of [false, true])
  for (const want of ['end', 'free', 'drop'] as const)
    it(`whatever came before, the owner's number is back in the end (${want}, ${isOneWrite ? 'one write' : 'two'})`, () => {
      fc.assert(
        fc.property(fc.array(happening, { maxLength: 30 }), (happenings) => {
          const one = new Scaled(isOneWrite);
          for (const each of happenings) one.happens(each);
          for (let i = 0; i < 4; i++) {
            one.now += 300 * MINUTE;
            one.step(want, 1, 2);
          }
          assert.deepEqual([one.value, one.status], [one.theirs, undefined]);
        }),
        RUNS,
      );
    });
