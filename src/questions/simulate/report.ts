import { podGramsPerHour } from '../../energy/emissions.ts';
import type { PowerModel } from '../../energy/power-model.ts';
import { HOUR_MS } from '../../units/moment.ts';
import { type Grid, outlookOf } from './grid.ts';
import type { Job } from './job.ts';
import { type Outcome, replay, type Strategy } from './replay.ts';
import { BOTH, FIXED, GREEDY, inRegion, oracle, SPATIAL, TEMPORAL, yesterday } from './strategies.ts';

/** What `gridgate simulate --output json` prints. Fields are added to version 1, never taken away. */
export interface SimulateReport {
  readonly version: 1;
  readonly home: string;
  readonly slackHours: number;
  /** ISO 8601: the hours that count. */
  readonly from: string;
  readonly to: string;
  readonly work: 'jobs' | 'service';
  readonly jobs: number;
  readonly regions: readonly SimulatedRegion[];
  /** Operational, where every job starts at home when it is submitted, as if there were room. */
  readonly baselineGrams: number;
  readonly strategies: readonly SimulatedStrategy[];
}

export interface SimulatedRegion {
  readonly region: string;
  readonly meanGramsPerKwh: number;
  /** The mean of each hour of the UTC day. */
  readonly byHour: readonly number[];
  readonly missingHours: number;
  readonly capacity: number | null;
}

export interface SimulatedStrategy {
  readonly name: string;
  readonly grams: number;
  /** Of the baseline; below 0 what it adds. `null` where the baseline is nothing. */
  readonly avoidedPercent: number | null;
  /** Of what perfect foresight avoids, in percent; `null` where that is nothing. */
  readonly foresightPercent: number | null;
  readonly meanWaitHours: number;
  readonly worstWaitHours: number;
  readonly movesADay: number;
  /** `null` where no prices are given. */
  readonly cost: number | null;
  /** Jobs that started later than they may wait, or never, for want of room. */
  readonly late: number;
  readonly neverStarted: number;
}

export interface Simulation {
  readonly grid: Grid;
  /** Of a trace that begins with its first job's week; absent: a service of one CPU. */
  readonly trace?: readonly Job[] | undefined;
  readonly home: number;
  readonly slackHours: number;
  readonly capacity: readonly (number | undefined)[];
  /** A CPU hour, by region. */
  readonly prices?: readonly number[] | undefined;
  readonly model: PowerModel;
}

const DAY = 24;
const WEEK = 7 * DAY;
/** What jobs emit counts once forecasts have learnt for so long. */
const FIRST_HOUR = 28 * DAY;

/** Plays a trace, laid on each of its weeks, or a service, through the hours of a grid. */
export function simulateWork(simulation: Simulation): SimulateReport {
  const { grid, trace, home, capacity, prices, model } = simulation;
  // A service runs all the time.
  const slackHours = trace ? simulation.slackHours : 0;
  const factors = grid.regions.map(({ name }) =>
    podGramsPerHour({ vcpu: 1, memoryGb: 0 }, { region: name, gramsPerKwh: 1 }, model),
  );
  const firstHour = trace ? FIRST_HOUR : 0;
  const jobs = trace ? layOnWeeks(trace, grid.hours, slackHours) : serviceOf(grid.hours);
  const actual = grid.regions.map(({ filled }) => outlookOf(filled));
  const means = actual.map(({ mean }) => mean(0, grid.hours));
  const cleanest = means.indexOf(Math.min(...means));
  const strategies = trace ? waysOfJobs(home, cleanest) : waysOfService(home, cleanest);
  const input = { grid, jobs, home, slackHours, capacity, factors, prices, current: trace ? home : cleanest };
  const outcomes = replay(input, [...strategies, oracle(actual)]);
  const baseline = jobs.reduce((sum, { arrival, hours, cpus }) => {
    return sum + cpus * hours * (actual[home]?.mean(arrival, hours) ?? 0) * (factors[home] ?? 1);
  }, 0);
  const best = outcomes.at(-1)?.emitted ?? baseline;
  const iso = (hour: number) => new Date((grid.fromHour + hour) * HOUR_MS).toISOString();
  return {
    version: 1,
    home: grid.regions[home]?.name ?? '',
    slackHours,
    from: iso(firstHour),
    to: iso(grid.hours),
    work: trace ? 'jobs' : 'service',
    jobs: jobs.length,
    regions: grid.regions.map(({ name, readings, filled }, index) => ({
      region: name,
      meanGramsPerKwh: means[index] ?? 0,
      byHour: meansByHour(filled, grid.fromHour),
      missingHours: readings.filter((value) => value === undefined).length,
      capacity: capacity[index] ?? null,
    })),
    baselineGrams: baseline,
    strategies: outcomes.map((outcome) => told(outcome, { baseline, best, days: (grid.hours - firstHour) / DAY })),
  };
}

function waysOfJobs(home: number, cleanest: number): readonly Strategy[] {
  return [...waysOfService(home, cleanest).slice(0, 3), FIXED, yesterday(), SPATIAL, TEMPORAL, BOTH];
}

function waysOfService(home: number, cleanest: number): readonly Strategy[] {
  return [inRegion('at home, at once', home), inRegion('yearly cleanest region', cleanest), GREEDY, SPATIAL];
}

function meansByHour(filled: Float64Array, fromHour: number): readonly number[] {
  const ofHour = (hour: number) => filled.filter((_, index) => (fromHour + index) % DAY === hour);
  return Array.from({ length: DAY }, (_, hour) => {
    const values = ofHour(hour);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  });
}

/** Weeks that are not whole any more are left out, and so are jobs that could run beyond the end. */
function layOnWeeks(trace: readonly Job[], hours: number, slackHours: number): readonly Job[] {
  const last = trace.reduce((most, { arrival }) => Math.max(most, arrival), 0);
  const period = WEEK * Math.max(1, Math.ceil((last + 1e-9) / WEEK));
  const jobs: Job[] = [];
  for (let start = FIRST_HOUR; start < hours; start += period)
    for (const job of trace) {
      const arrival = start + job.arrival;
      if (arrival + slackHours + job.hours + 1 < hours) jobs.push({ ...job, arrival });
    }
  return jobs;
}

function serviceOf(hours: number): readonly Job[] {
  return Array.from({ length: hours }, (_, arrival) => ({ arrival, hours: 1, cpus: 1 }));
}

function told(
  { name, emitted, meanWaitHours, worstWaitHours, moves, cost, late, left }: Outcome,
  { baseline, best, days }: { readonly baseline: number; readonly best: number; readonly days: number },
): SimulatedStrategy {
  return {
    name,
    grams: emitted,
    avoidedPercent: baseline > 0 ? 100 * (1 - emitted / baseline) : null,
    foresightPercent: baseline - best > 0 ? (100 * (baseline - emitted)) / (baseline - best) : null,
    meanWaitHours,
    worstWaitHours,
    movesADay: moves / days,
    cost,
    late: late + left,
    neverStarted: left,
  };
}
