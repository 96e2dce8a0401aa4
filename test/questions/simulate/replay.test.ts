import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hourlyMeans } from '../../../src/forecast/hourly-means.ts';
import { fillGaps, type Grid, simulatedRegion } from '../../../src/questions/simulate/grid.ts';
import type { Job } from '../../../src/questions/simulate/job.ts';
import { type Outcome, type Replay, replay, type Strategy } from '../../../src/questions/simulate/replay.ts';
import {
  BOTH,
  FIXED,
  GREEDY,
  inRegion,
  oracle,
  SPATIAL,
  TEMPORAL,
  yesterday,
} from '../../../src/questions/simulate/strategies.ts';
import { madeUpSeries } from '../../forecast/series.ts';

function gridOf(...series: readonly (readonly (number | undefined)[])[]): Grid {
  const regions = series.map((readings, index) => simulatedRegion(`r${index}`, readings));
  return { regions, fromHour: 24 * 20_000, hours: series[0]?.length ?? 0 };
}

function play(
  grid: Grid,
  jobs: readonly Job[],
  more: Partial<Replay> = {},
  strategies?: readonly Strategy[],
): readonly Outcome[] {
  const all = [
    inRegion('at home', 0),
    GREEDY,
    FIXED,
    yesterday(),
    SPATIAL,
    TEMPORAL,
    BOTH,
    oracle(grid.regions.map(({ filled }) => hourlyMeans(filled))),
  ];
  const nothing = grid.regions.map(() => undefined);
  const input = {
    grid,
    jobs,
    home: 0,
    slackHours: 12,
    capacity: nothing,
    factors: grid.regions.map(() => 1),
    current: 0,
  };
  return replay({ ...input, ...more }, strategies ?? all);
}

const DAYS = 33;
const grid = gridOf(madeUpSeries(DAYS, 1), madeUpSeries(DAYS, 2));
const aJob = fc.record({
  arrival: fc.double({ min: 28 * 24, max: (DAYS - 2) * 24, noNaN: true }),
  hours: fc.double({ min: 0.05, max: 30, noNaN: true }),
  cpus: fc.integer({ min: 1, max: 8 }),
});

describe('readings that are missing', () => {
  it('count as a line between their neighbours, and at the ends as the nearest', () => {
    assert.deepEqual([...fillGaps([undefined, 10, undefined, undefined, 40, undefined])], [10, 10, 20, 30, 40, 40]);
  });

  it('are to whoever decides in them the reading before', () => {
    assert.deepEqual([...simulatedRegion('a', [10, undefined, undefined, 40]).carried], [10, 10, 10, 40]);
    assert.deepEqual(
      [...simulatedRegion('a', [10, undefined, undefined, 40], { first: 2, hours: 2 }).carried],
      [10, 40],
    );
  });
});

describe('jobs played through the hours of regions', () => {
  it('start at the cleanest full hour that their slack leaves, where the days repeat', () => {
    const days = Array.from({ length: 24 * 40 }, (_, hour) => (hour % 24 === 5 ? 100 : 300));
    const outcomes = play(gridOf(days), [{ arrival: 35 * 24 + 0.5, hours: 1, cpus: 2 }]);
    const found = Object.fromEntries(
      outcomes.map(({ name, emitted, meanWaitHours }) => [name, [emitted, meanWaitHours]]),
    );
    assert.deepEqual(found['at home'], [600, 0]);
    for (const name of ['yesterday as forecast', 'gridgate, when', 'gridgate, where and when', 'perfect foresight'])
      assert.deepEqual(found[name], [200, 4.5], name);
    assert.deepEqual(found['threshold of 200'], [200, 4.5]);
  });

  it('start once each, never before they arrive, and never later than they may wait: any jobs', () => {
    fc.assert(
      fc.property(fc.array(aJob, { minLength: 1, maxLength: 25 }), (jobs) => {
        for (const { name, worstWaitHours, late, left } of play(grid, jobs)) {
          assert.ok(worstWaitHours >= 0 && worstWaitHours <= 12 + 1e-6, `${name}: ${worstWaitHours}`);
          assert.deepEqual([late, left], [0, 0], name);
        }
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });

  it('emit least with perfect foresight: any jobs', () => {
    fc.assert(
      fc.property(fc.array(aJob, { minLength: 1, maxLength: 25 }), (jobs) => {
        const outcomes = play(grid, jobs);
        const least = outcomes.at(-1)?.emitted ?? 0;
        for (const { name, emitted } of outcomes)
          assert.ok(emitted >= least * (1 - 1e-9), `${name}: ${emitted}, ${least}`);
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });

  it('never take more CPUs than a region has, whatever they plan: any jobs', () => {
    fc.assert(
      fc.property(fc.array(aJob, { minLength: 1, maxLength: 25 }), (jobs) => {
        const used = new Map<string, number>();
        const watched = (strategy: Strategy): Strategy => ({
          name: strategy.name,
          choose(job, moment) {
            const region = strategy.choose(job, moment);
            if (region !== undefined)
              for (let hour = Math.floor(moment.now); hour < moment.now + job.hours; hour++) {
                const key = `${strategy.name} ${region} ${hour}`;
                used.set(key, (used.get(key) ?? 0) + job.cpus);
                assert.ok((used.get(key) ?? 0) <= 10, key);
              }
            return region;
          },
        });
        play(grid, jobs, { capacity: [10, 10] }, [GREEDY, TEMPORAL, BOTH, inRegion('at home', 0)].map(watched));
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });

  it('go elsewhere or wait where there is no room, and are told when they come late or never', () => {
    const steady = gridOf(Array(24 * 40).fill(100), Array(24 * 40).fill(200));
    const jobs = Array.from({ length: 3 }, () => ({ arrival: 30 * 24, hours: 20, cpus: 1 }));
    const huge = { arrival: 30 * 24, hours: 1, cpus: 5 };
    const [home, greedy] = play(steady, [...jobs, huge], { capacity: [1, 1] }, [inRegion('at home', 0), GREEDY]);
    assert.deepEqual([home?.late, home?.left, home?.worstWaitHours], [2, 1, 40]);
    assert.deepEqual([greedy?.moves, greedy?.left], [2, 1]);
  });

  it('start at the last moment where a region has room for nothing else, whatever they had planned', () => {
    const falling = gridOf(Array.from({ length: 24 * 40 }, (_, hour) => 2_000 - hour));
    const foresight = oracle(falling.regions.map(({ filled }) => hourlyMeans(filled)));
    const [outcome] = play(falling, [{ arrival: 700.5, hours: 3, cpus: 1 }], { capacity: [1] }, [foresight]);
    assert.deepEqual([outcome?.worstWaitHours, outcome?.late, outcome?.left], [12, 0, 0]);
  });

  it('know nothing of an hour before it comes: what follows changes no start', () => {
    const [one, other] = [madeUpSeries(DAYS, 5), madeUpSeries(DAYS, 5)];
    const hour = 30 * 24;
    for (let later = hour + 1; later < other.length; later++) other[later] = 2_000 - (other[later] ?? 0);
    // The hours before it are missing, too: what fills them must not be what follows.
    const starts = (whole: readonly number[]) => {
      const series = whole.map((grams, at) => (at > hour - 6 && at <= hour ? undefined : grams));
      const found: unknown[] = [];
      const watched = [TEMPORAL, BOTH, GREEDY, SPATIAL].map((strategy) => ({
        name: strategy.name,
        choose: (job: Job, moment: Parameters<Strategy['choose']>[1]) => {
          const region = strategy.choose(job, moment);
          if (moment.now <= hour) found.push([strategy.name, moment.now, region]);
          return region;
        },
      }));
      play(gridOf(series, madeUpSeries(DAYS, 6)), [{ arrival: hour - 3, hours: 4, cpus: 1 }], {}, watched);
      return found;
    };
    assert.deepEqual(starts(one), starts(other));
  });
});
