import { createForecaster, MOST_HOURS } from '../../forecast/forecaster.ts';
import { type HourlyMeans, hourlyMeans } from '../../forecast/hourly-means.ts';
import { createMover } from '../../forecast/mover.ts';
import type { Grid } from './grid.ts';
import type { Job } from './job.ts';
import { createRoom, type Room } from './room.ts';

/** What a strategy may know at one moment. */
export interface Moment {
  readonly grid: Grid;
  readonly home: number;
  /** Hours since the grid's first reading, and the full hour that this is in. */
  readonly now: number;
  readonly hour: number;
  /** Of each region this hour and those to come, from readings of hours that are over. */
  readonly expected: readonly HourlyMeans[];
  /** The same with this hour's reading known. */
  readonly known: readonly HourlyMeans[];
  /** Where a service should be by now that moves only when that pays. */
  readonly current: number;
  readonly slackHours: number;
  readonly room: Room;
}

/** Says where a job starts now; `undefined`: it waits. Asked on arrival, at every full hour, and when its slack ends. */
export interface Strategy {
  readonly name: string;
  readonly choose: (job: Job, moment: Moment) => number | undefined;
}

export interface Outcome {
  readonly name: string;
  /** Sum over jobs of CPUs * hours * gCO2e/kWh * the region's factor. */
  readonly emitted: number;
  /** `null` without prices. */
  readonly cost: number | null;
  readonly meanWaitHours: number;
  readonly worstWaitHours: number;
  /** Jobs that started in another region than the one before them. */
  readonly moves: number;
  /** Jobs that found no room until their slack was over. */
  readonly late: number;
  /** Jobs that found none at all. */
  readonly left: number;
}

export interface Replay {
  readonly grid: Grid;
  readonly jobs: readonly Job[];
  readonly home: number;
  readonly slackHours: number;
  /** CPUs by region; `undefined`: no end of them. */
  readonly capacity: readonly (number | undefined)[];
  /** What a CPU hour emits in each region besides its intensity. */
  readonly factors: readonly number[];
  /** Of a CPU hour, by region. */
  readonly prices?: readonly number[] | undefined;
  /** The region that a service is in at the beginning. */
  readonly current: number;
}

/** In the first days an hour is taken to be like the one before it. */
const PERSISTENCE_HOURS = 48;
const MOVER_HOURS = 24;
const ROUNDING = 1e-9;

/** Plays jobs under each strategy, hour by hour; forecasts learn as time goes on. */
export function replay(input: Replay, strategies: readonly Strategy[]): readonly Outcome[] {
  const { grid, slackHours, home } = input;
  const tallies = strategies.map((strategy) => createTally(strategy, input));
  const look = createLook(input);
  const arrivals = input.jobs.toSorted((a, b) => a.arrival - b.arrival);
  let next = 0;
  for (let hour = 0; hour < grid.hours; hour++) {
    const first = next;
    while ((arrivals[next]?.arrival ?? Number.POSITIVE_INFINITY) < hour + 1) next += 1;
    const view = look(hour, next > first || tallies.some(({ isWaiting }) => isWaiting()));
    if (!view) continue;
    const moment = { grid, home, slackHours, ...view };
    for (const tally of tallies) tally.play(arrivals.slice(first, next), moment);
  }
  return tallies.map(({ outcome }) => outcome());
}

type View = Pick<Moment, 'hour' | 'expected' | 'known' | 'current'>;

/** What is known at each hour, one after the other; nothing where nobody asks. */
function createLook({ grid, home, current }: Replay): (hour: number, isAsked: boolean) => View | undefined {
  const forecasters = grid.regions.map(() => createForecaster(grid.fromHour));
  const mover = createMover({ home, current });
  const forecast = (index: number, hours: number) =>
    forecasters[index]?.forecast(hours).map(({ gramsPerKwh }) => gramsPerKwh) ?? [];
  return (hour, isAsked) => {
    const readings = grid.regions.map(({ carried }) => carried[hour] ?? 0);
    const expected = isAsked ? readings.map((reading, index) => orElse(forecast(index, MOST_HOURS), reading)) : [];
    for (const [index, one] of forecasters.entries()) one.learn(grid.regions[index]?.readings[hour]);
    const ahead = readings.map((reading, index) =>
      hour < PERSISTENCE_HOURS ? Array(MOVER_HOURS).fill(reading) : [reading, ...forecast(index, MOVER_HOURS - 1)],
    );
    const at = mover.next(ahead);
    if (!isAsked) return undefined;
    const known = readings.map((reading, index) => hourlyMeans([reading, ...forecast(index, MOST_HOURS)]));
    return { hour, expected: expected.map(hourlyMeans), known, current: at };
  };
}

function orElse(forecast: readonly number[], reading: number): readonly number[] {
  return forecast.length > 0 ? forecast : [reading];
}

interface Tally {
  isWaiting(): boolean;
  /** One hour with the jobs that arrive in it. */
  play(arrivals: readonly Job[], moment: Omit<Moment, 'now' | 'room'>): void;
  outcome(): Outcome;
}

/** Whether a job fits wherever another does; both are due. */
function isSmaller(one: Job, other: Job): boolean {
  return one.cpus <= other.cpus && one.hours <= other.hours;
}

/** What became of the jobs under one strategy. */
function createTally({ name, choose }: Strategy, { grid, factors, prices, capacity, slackHours, jobs }: Replay): Tally {
  const actual = grid.regions.map(({ filled }) => hourlyMeans(filled));
  const longest = jobs.reduce((most, { hours }) => Math.max(most, hours), 0);
  const room = createRoom(capacity, grid.hours + Math.ceil(longest) + 1);
  let waiting: Job[] = [];
  let [emitted, cost, waited, worst, started, moves, late] = [0, 0, 0, 0, 0, 0, 0];
  let last: number | undefined;

  function start(job: Job, region: number, now: number): void {
    const wait = now - job.arrival;
    room.take(region, now, job);
    emitted += job.cpus * job.hours * (actual[region]?.mean(now, job.hours) ?? 0) * (factors[region] ?? 1);
    cost += job.cpus * job.hours * (prices?.[region] ?? 0);
    waited += wait;
    worst = Math.max(worst, wait);
    started += 1;
    if (wait > slackHours + ROUNDING) late += 1;
    if (last !== undefined && last !== region) moves += 1;
    last = region;
  }

  function askAt(now: number, asked: readonly Job[], moment: Omit<Moment, 'now' | 'room'>): void {
    const here = { ...moment, now, room };
    let blocked: Job[] = [];
    for (const job of asked) {
      room.forget(job);
      const isDue = now >= job.arrival + slackHours;
      const isBlocked = isDue && blocked.some((one) => isSmaller(one, job));
      const region = isBlocked ? undefined : choose(job, here);
      if (region !== undefined) start(job, region, now);
      else waiting.push(job);
      // Where regions are too small for the work, thousands wait: who is due and finds no room, finds it for none that is larger.
      if (region === undefined && isDue && !isBlocked)
        blocked = [...blocked.filter((one) => !isSmaller(job, one)), job];
    }
  }

  return {
    isWaiting: () => waiting.length > 0,
    play(arrivals, moment) {
      const { hour } = moment;
      room.forget();
      // In the order of their arrival, which is that of their last moments.
      const before = waiting;
      waiting = [];
      askAt(hour, before, moment);
      const isDue = (job: Job) => job.arrival + slackHours > hour && job.arrival + slackHours < hour + 1;
      const due = waiting.filter(isDue);
      waiting = waiting.filter((job) => !isDue(job));
      const within = [
        ...due.map((job) => ({ job, now: job.arrival + slackHours })),
        ...arrivals.map((job) => ({ job, now: job.arrival })),
      ];
      for (const { job, now } of within.toSorted((a, b) => a.now - b.now)) askAt(now, [job], moment);
    },
    outcome: () => ({
      name,
      emitted,
      cost: prices ? cost : null,
      meanWaitHours: started > 0 ? waited / started : 0,
      worstWaitHours: worst,
      moves,
      late,
      left: waiting.length,
    }),
  };
}
