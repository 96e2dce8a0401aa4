import { podGramsPerHour } from '../../energy/emissions.ts';
import type { PowerModel } from '../../energy/power-model.ts';
import { hourlyMeans } from '../../forecast/hourly-means.ts';
import { HOUR_MS } from '../../units/moment.ts';
import type { Grid } from './grid.ts';
import type { Job } from './job.ts';
import { FIRST_HOUR } from './references.ts';
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
  /** Of the baseline; below 0 what it adds. `null` where the baseline is nothing, or jobs never started. */
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
  /** Those of `layOnWeeks`; absent: a service of one CPU. */
  readonly jobs?: readonly Job[] | undefined;
  readonly home: number;
  readonly slackHours: number;
  readonly capacity: readonly (number | undefined)[];
  /** A CPU hour, by region. */
  readonly prices?: readonly number[] | undefined;
  readonly model: PowerModel;
}

const DAY = 24;
const WEEK = 7 * DAY;

/** Plays jobs, or a service, through the hours of a grid. */
export function simulateWork(simulation: Simulation): SimulateReport {
  const { grid, home, capacity, prices, model } = simulation;
  const isService = simulation.jobs === undefined;
  const jobs = simulation.jobs ?? serviceOf(grid.hours);
  // A service runs all the time.
  const slackHours = isService ? 0 : simulation.slackHours;
  const factors = grid.regions.map(({ name }) =>
    podGramsPerHour({ vcpu: 1, memoryGb: 0 }, { region: name, gramsPerKwh: 1 }, model),
  );
  const firstHour = isService ? 0 : FIRST_HOUR;
  const actual = grid.regions.map(({ filled }) => hourlyMeans(filled));
  const means = actual.map(({ mean }) => mean(0, grid.hours));
  const cleanest = means.indexOf(Math.min(...means));
  const strategies = isService ? waysOfService(home, cleanest) : waysOfJobs(home, cleanest);
  const input = { grid, jobs, home, slackHours, capacity, factors, prices, current: isService ? cleanest : home };
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
    work: isService ? 'service' : 'jobs',
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

/** What fits into memory, in some 500 MB. */
export const MOST_JOBS = 1_000_000;

/** A trace laid on each of its weeks, once forecasts have learnt; jobs that could run beyond the end are left out. */
export function layOnWeeks(
  trace: readonly Job[],
  hours: number,
  slackHours: number,
): readonly Job[] | { readonly tooMany: number } {
  const last = trace.reduce((most, { arrival }) => Math.max(most, arrival), 0);
  const period = WEEK * (Math.floor(last / WEEK) + 1);
  const tooMany = trace.length * Math.ceil((hours - FIRST_HOUR) / period);
  if (tooMany > MOST_JOBS) return { tooMany };
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
    avoidedPercent: left === 0 && baseline > 0 ? 100 * (1 - emitted / baseline) : null,
    foresightPercent: left === 0 && baseline - best > 0 ? (100 * (baseline - emitted)) / (baseline - best) : null,
    meanWaitHours,
    worstWaitHours,
    movesADay: moves / days,
    cost,
    late: late + left,
    neverStarted: left,
  };
}
