/**
 * `make bench-carbon TRACES=folder`: what waiting and moving save on real series, beside reference methods and perfect foresight.
 * The folder holds CSVs with the columns `timestamp,gramsPerKwh`, and perhaps one of jobs, `arrival_time,length,cpus`.
 */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { createForecaster } from '../../src/forecast/forecaster.ts';
import { type Expecting, everyHour, learnAsTheyCome } from '../../src/questions/simulate/every-hour.ts';
import type { EveryHourReport } from '../../src/questions/simulate/every-hour-report.ts';
import { readSeries, type Series } from '../../src/questions/simulate/read-series.ts';
import type { SimulateReport } from '../../src/questions/simulate/report.ts';
import { random } from '../forecast/series.ts';
import { runGridgate } from '../process/run-gridgate.ts';
import { type Figure, keepsLimit, report } from './figures.ts';
import { measurePlanningAll, measurePlanningOne } from './plan-waits.ts';

const DAY = 24;
/** Balancing authorities, of 2022, whose figures are agreed; what else is in the folder is held to `OTHERS`. */
const AGREED: Readonly<Record<string, { readonly temporal: number; readonly jobs: number }>> = {
  ciso: { temporal: 96.5, jobs: 95 },
  pjm: { temporal: 77.5, jobs: 73 },
  erco: { temporal: 70, jobs: 69 },
  bpat: { temporal: 82, jobs: 77 },
};
const OTHERS = { mean: 81.5, belowReference: -0.5 };
const LENGTHS = [1, 2, 4, 8, 24];
const SLACKS = [4, 8, 12, 24, 48, 72];
const SEEDS = [1, 2, 3, 4, 5];

const folder = resolve(process.env['TRACES'] ?? '');
const figures: Figure[] = [];
const { series, jobs } = await findTraces(folder);
if (process.env['TRACES'] === undefined || series.length === 0) {
  process.stderr.write('make bench-carbon TRACES=folder: no CSV with the columns timestamp,gramsPerKwh there\n');
  process.exitCode = 2;
} else {
  await measureAll();
  const over = figures.filter((figure) => !keepsLimit(figure));
  process.stdout.write(`${figures.length} figures, ${over.length} over their limit\n`);
  process.exitCode = over.length > 0 ? 1 : 0;
}

async function measureAll(): Promise<void> {
  const agreed = series.filter(({ name }) => AGREED[name]);
  const others = series.filter(({ name }) => !AGREED[name]);
  measurePlanningOne(figures);
  measurePlanningAll(figures);
  await measureTemporal(agreed, others);
  if (agreed.length > 0) measureFaults(agreed);
  if (agreed.length > 0) measureGrid(agreed);
  if (jobs !== undefined) await measureJobs(agreed, jobs);
  await measureMoves();
  if (jobs !== undefined) await measureCapacity(agreed, jobs);
}

/** A 4 h job submitted every hour, start within 12 h. */
async function measureTemporal(agreed: readonly Trace[], others: readonly Trace[]): Promise<void> {
  const all = await simulate<EveryHourReport>(['--every-hour', ...intensities([...agreed, ...others])]);
  const found = new Map(all.series.map((one) => [one.name, one]));
  const shareOf = ({ name }: Trace, way: 'gridgate' | 'profile' = 'gridgate') =>
    100 * (found.get(name)?.shares[way] ?? 0);
  const told = ({ name }: Trace) => {
    const { foresightSaving = 0, shares } = found.get(name) ?? {};
    const rest = Object.entries(shares ?? {}).filter(([way]) => way !== 'gridgate');
    const words = rest.map(([way, share]) => `${way} ${(100 * (share ?? 0)).toFixed(1)}`);
    return `foresight saves ${(100 * foresightSaving).toFixed(1)}%; ${words.join(', ')}`;
  };
  for (const one of agreed) add(`temporal, ${one.name}`, shareOf(one), AGREED[one.name]?.temporal ?? 0, told(one));
  if (agreed.length === 4) add('temporal, mean of the four', mean(agreed.map((one) => shareOf(one))), 82);
  for (const one of others)
    add(
      `temporal, ${one.name}, less the reference`,
      shareOf(one) - shareOf(one, 'profile'),
      OTHERS.belowReference,
      told(one),
    );
  if (others.length > 0)
    add(`temporal, mean of ${others.length} others`, mean(others.map((one) => shareOf(one))), OTHERS.mean);
}

/** Restarts, gaps, and readings that come late. */
function measureFaults(traces: readonly Trace[]): void {
  const over = (expecting: (trace: Trace) => Expecting) =>
    mean(traces.map((trace) => temporal(trace, 4, 12, expecting(trace))));
  add('restarted daily with 7 days', over(restarted(DAY, 7)), 78.5);
  add('restarted weekly with 60 days', over(restarted(7 * DAY, 60)), 81.8);
  const missing = SEEDS.map((seed) => over(withHoles(seed)));
  add('a fifth of readings missing, mean of 5 seeds', mean(missing), 80.5);
  add('readings an hour late', over(late), 82);
}

function measureGrid(traces: readonly Trace[]): void {
  for (const length of LENGTHS)
    for (const slack of SLACKS) {
      const all = traces.map(({ readings, fromHour }) => everyHour({ readings, fromHour, length, slack })?.shares);
      const [ours, reference] = [
        mean(all.map((one) => 100 * (one?.gridgate ?? 0))),
        mean(all.map((one) => 100 * (one?.profile ?? 0))),
      ];
      const limit = length === 4 && slack === 72 ? Math.max(66, reference) : reference;
      add(`${length} h within ${slack} h, mean`, ours, Math.round(limit * 10) / 10);
    }
}

/** A trace of jobs on every week, of each region by itself. */
async function measureJobs(traces: readonly Trace[], path: string): Promise<void> {
  for (const slack of ['12h', '24h'])
    for (const trace of traces) {
      const { strategies } = await simulate<SimulateReport>([
        ...intensities([trace]),
        '--jobs',
        path,
        '--slack',
        slack,
      ]);
      const found = strategies.find(({ name }) => name === 'gridgate, when')?.foresightPercent ?? 0;
      if (slack === '12h') add(`job trace, ${trace.name}`, found, AGREED[trace.name]?.jobs ?? 0);
      else
        process.stdout.write(
          `     job trace, ${trace.name}, within ${slack}: ${found.toFixed(1)} percent of foresight\n`,
        );
    }
}

/** A service that runs all year, at home in the first region. */
async function measureMoves(): Promise<void> {
  for (const names of [
    ['pjm', 'ciso', 'erco'],
    ['pjm', 'erco'],
  ]) {
    const traces = names.flatMap((name) => series.filter((one) => one.name === name));
    if (traces.length < names.length) continue;
    const { strategies } = await simulate<SimulateReport>(intensities(traces));
    const [greedy, ours] = ['greedy, cleanest now', 'gridgate, where'].map((name) =>
      strategies.find((one) => one.name === name),
    );
    if (!greedy || !ours) continue;
    const of = names.join(', ');
    add(`spatial, ${of}: of greedy's saving`, (100 * (ours.avoidedPercent ?? 0)) / (greedy.avoidedPercent ?? 1), 98);
    figure(`spatial, ${of}: of greedy's moves`, (100 * ours.movesADay) / greedy.movesADay, 60, 'at most');
  }
}

/** Where and when together, where regions are small. */
async function measureCapacity(traces: readonly Trace[], path: string): Promise<void> {
  if (traces.length < 2) return;
  for (const cpus of [16, 64]) {
    const capacity = traces.flatMap(({ name }) => ['--capacity', `${name}=${cpus}`]);
    const { strategies } = await simulate<SimulateReport>([...intensities(traces), '--jobs', path, ...capacity]);
    const grams = (name: string) => {
      const found = strategies.find((one) => one.name === name);
      return found && found.neverStarted === 0 ? found.grams : Number.POSITIVE_INFINITY;
    };
    const better = Math.min(grams('gridgate, where'), grams('gridgate, when'));
    figure(
      `together, ${cpus} CPUs a region: of the better alone`,
      (100 * grams('gridgate, where and when')) / better,
      100.5,
      'at most',
    );
  }
}

function temporal({ readings, fromHour }: Trace, length: number, slack: number, expecting?: Expecting): number {
  return 100 * (everyHour({ readings, fromHour, length, slack }, expecting)?.shares.gridgate ?? 0);
}

/** A forecaster that begins anew every so many hours and learns so many days. */
function restarted(every: number, days: number): (trace: Trace) => Expecting {
  return ({ readings, fromHour }) => {
    let forecaster = createForecaster(fromHour);
    return (hour, hours) => {
      if (hour % every === 0 || forecaster.nextHour() < fromHour + hour - DAY) {
        const from = Math.max(0, hour - DAY * days);
        forecaster = createForecaster(fromHour + from);
      }
      while (forecaster.nextHour() < fromHour + hour) forecaster.learn(readings[forecaster.nextHour() - fromHour]);
      return gramsOf(forecaster.forecast(hours));
    };
  };
}

function withHoles(seed: number): (trace: Trace) => Expecting {
  return ({ readings, fromHour }) => {
    const next = random(seed);
    return learnAsTheyCome({ readings: readings.map((value) => (next() < 0.2 ? undefined : value)), fromHour });
  };
}

function late({ readings, fromHour }: Trace): Expecting {
  const expect = learnAsTheyCome({ readings, fromHour });
  return (hour, hours) => Array.from(expect(hour - 1, hours + 1)).slice(1);
}

function gramsOf(hours: readonly { readonly gramsPerKwh: number }[]): readonly number[] {
  return hours.map(({ gramsPerKwh }) => gramsPerKwh);
}

interface Trace extends Series {
  readonly path: string;
}

async function findTraces(
  directory: string,
): Promise<{ readonly series: readonly Trace[]; readonly jobs: string | undefined }> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith('.csv')).sort();
  const found: Trace[] = [];
  let jobs: string | undefined;
  for (const name of names) {
    const path = join(directory, name);
    const [head = ''] = (await readFile(path, 'utf8')).split('\n', 1);
    if (head.includes('arrival_time')) jobs = path;
    if (!head.includes('gramsPerKwh')) continue;
    const read = await readSeries(basename(name, '.csv').replace(/-2022$/, ''), path);
    if ('issues' in read) throw new Error(read.issues.join('\n'));
    found.push({ ...read, path });
  }
  return { series: found, jobs };
}

function intensities(traces: readonly Trace[]): readonly string[] {
  return traces.flatMap(({ name, path }) => ['--intensity', `${name}=${path}`]);
}

async function simulate<T>(args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await runGridgate(['simulate', ...args, '--output', 'json'], { longestMs: 600_000 });
  if (code !== 0) throw new Error(`simulate ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

function add(name: string, value: number, limit: number, detail?: string): void {
  figure(name, value, limit, 'at least', detail);
}

function figure(name: string, value: number, limit: number, keep: Figure['keep'], detail?: string): void {
  report(figures, { name, value, unit: 'percent', limit, keep }, detail);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
