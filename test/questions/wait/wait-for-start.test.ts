import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StartPlan } from '../../../src/forecast/plan-start.ts';
import { waitForStart } from '../../../src/questions/wait/wait-for-start.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BEGAN = 500_000 * HOUR + 10 * MINUTE;

/** A clock that only moves while somebody sleeps, or sources take their time; `jumps`: by how much somebody sets it, after so much time. */
function createClock(jumps: readonly (readonly [after: number, by: number])[] = []) {
  let [passed, set] = [0, 0];
  const left = [...jumps];
  const clock = {
    now: () => BEGAN + passed + set,
    elapsed: () => passed,
    async sleep(ms: number) {
      passed += ms;
      while (left[0] && left[0][0] <= passed) set += left.shift()?.[1] ?? 0;
    },
  };
  return clock;
}

interface Row {
  readonly jumps?: readonly (readonly [after: number, by: number])[];
  /** Hours after the beginning: what is planned as of so many hours (wall clock). */
  readonly plans: (now: number) => number;
  readonly within?: number;
  /** How long each look takes, at most what it is given. */
  readonly looksFor?: number;
}

async function run({ jumps, plans, within = 12, looksFor = 0 }: Row) {
  const clock = createClock(jumps);
  const looks: number[] = [];
  const told: StartPlan[] = [];
  const hours = (at: number) => (at - BEGAN) / HOUR;
  const { plan } = await waitForStart({
    clock,
    latestStart: BEGAN + within * HOUR,
    stepMs: 15_000,
    async look(latestStart, budgetMs) {
      await clock.sleep(Math.min(looksFor, budgetMs));
      const now = clock.now();
      looks.push(now);
      const planned = BEGAN + plans(hours(now)) * HOUR;
      const reason = 'cleaner_later';
      return {
        plan: { startAt: Math.max(now, Math.min(planned, latestStart)), latestStart, reason } satisfies StartPlan,
      };
    },
    tell: (look) => void told.push(look.plan),
    show() {},
  });
  return { passed: clock.elapsed() / HOUR, at: hours(clock.now()), plan, told, looks };
}

describe('a command that waits', () => {
  const rows: Readonly<Record<string, readonly [row: Row, hoursPassed: number]>> = {
    'starts at once where nothing is gained': [{ plans: (now) => now }, 0],
    'starts when it was planned': [{ plans: () => 3 }, 3],
    'starts later where that turns out to be cleaner': [{ plans: (now) => (now < 2 ? 3 : 5) }, 5],
    'starts sooner where the plan changes': [{ plans: (now) => (now < 2 ? 9 : 2) }, 2],
    'starts at the latest start, however often later is cleaner': [{ plans: (now) => now + 1 }, 12],
    'starts at once where its latest start has passed': [{ plans: () => 5, within: -1 }, 0],
    'starts at the latest start where sources take all the time they get': [
      { plans: (now) => now + 1, looksFor: 9 * HOUR },
      12,
    ],
    'starts where the clock is set past the planned start': [{ plans: () => 6, jumps: [[HOUR, 7 * HOUR]] }, 1],
    'starts where the clock is set past the deadline': [{ plans: (now) => now + 1, jumps: [[HOUR, 20 * HOUR]] }, 1],
    'starts no later in time that passes where the clock is set back': [
      { plans: (now) => now + 1, jumps: [[2 * HOUR, -5 * HOUR]] },
      12,
    ],
    'starts no later where the clock is set back by years': [
      { plans: () => 6, jumps: [[2 * HOUR, -50_000 * HOUR]] },
      12,
    ],
    'keeps its deadline where the clock is put right by a second': [
      {
        plans: (now) => now + 1,
        jumps: [
          [HOUR, -1_000],
          [2 * HOUR, 1_000],
        ],
      },
      12,
    ],
  };
  for (const [name, [row, hoursPassed]] of Object.entries(rows))
    it(name, async () => {
      const { passed } = await run(row);
      assert.equal(Math.round(passed * 1_000) / 1_000, hoursPassed);
    });

  it('looks again at every full hour, every five minutes, and when the planned start has come', async () => {
    const { looks } = await run({ plans: () => 2.25 });
    const minutes = new Set(looks.map((at) => Math.round((at - BEGAN) / MINUTE)));
    assert.ok(
      [0, 5, 50, 110, 135].every((minute) => minutes.has(minute)),
      [...minutes].join(),
    );
    assert.equal(Math.max(...looks), BEGAN + 2.25 * HOUR);
  });

  it('tells its first plan, each other one, and that it starts; not each look', async () => {
    const { told } = await run({ plans: (now) => (now < 2 ? 3 : 5) });
    assert.deepEqual(
      told.map(({ startAt }) => (startAt - BEGAN) / HOUR),
      [3, 5, 5],
    );
  });

  it('says that the latest start has come where sources answered too late', async () => {
    const { plan } = await run({ plans: (now) => now + 1, within: 0.001, looksFor: HOUR });
    assert.equal(plan.reason, 'latest_start');
  });
});
