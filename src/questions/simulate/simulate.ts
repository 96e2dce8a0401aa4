import { readPowerTable } from '../../config/power-table.ts';
import type { Environment } from '../../config/read-options.ts';
import { MOST_HOURS } from '../../forecast/forecaster.ts';
import { EXIT, type Issues, reportIssues } from '../../terminal/exit-codes.ts';
import { note, print } from '../../terminal/print.ts';
import { renderData } from '../../terminal/render-data.ts';
import { terminalColumns } from '../../terminal/terminal.ts';
import { findObstacle, writeWhole } from '../../terminal/write-whole.ts';
import { HOUR_MS } from '../../units/moment.ts';
import { everyHour } from './every-hour.ts';
import type { EveryHourReport } from './every-hour-report.ts';
import { type Grid, simulatedRegion } from './grid.ts';
import type { SimulateValues } from './options.ts';
import { readJobs } from './read-jobs.ts';
import { readSeries, type Series } from './read-series.ts';
import { renderSimulateHtml } from './render-html.ts';
import { renderEveryHour, renderSimulate } from './render-simulate.ts';
import { layOnWeeks, MOST_JOBS, type SimulateReport, simulateWork } from './report.ts';

const HTML_OF_SERIES = '--html: means nothing beside --every-hour, whose figures are one table';
/** Where nobody says how long work runs, and how long it may wait. */
const [LENGTH_MS, SLACK_MS] = [4 * HOUR_MS, 12 * HOUR_MS];

/** Prints what ways to choose where and when would have emitted, on the hours of given series. */
export async function simulate(values: SimulateValues, env: Environment): Promise<number> {
  const read = await readAll(values);
  const mistakes = [...('issues' in read ? read.issues : []), ...(await mistakesInHtml(values))];
  if ('issues' in read || mistakes.length > 0) return reportIssues(mistakes);
  const { output = 'table' } = values;
  const width = terminalColumns(env);
  if (values.everyHour) {
    const found = everyHourOf(read.series, values);
    if ('issues' in found) return reportIssues(found.issues);
    await print(output === 'table' ? renderEveryHour(found, width) : renderData(found, output));
    return EXIT.fine;
  }
  const report = await playWork(read.series, values);
  if ('issues' in report) return reportIssues(report.issues);
  await print(output === 'table' ? renderSimulate(report, width) : renderData(report, output));
  if (values.html !== undefined) {
    await writeWhole(values.html, [renderSimulateHtml(report)]);
    note(`${values.html} is written`);
  }
  return EXIT.fine;
}

async function mistakesInHtml({ html, everyHour }: SimulateValues): Promise<readonly string[]> {
  const obstacle = html === undefined ? undefined : await findObstacle(html);
  return [
    ...(obstacle === undefined ? [] : [`--html: ${obstacle}`]),
    ...(everyHour && html !== undefined ? [HTML_OF_SERIES] : []),
  ];
}

async function playWork(series: readonly Series[], values: SimulateValues): Promise<SimulateReport | Issues> {
  const [power, jobs] = await Promise.all([
    readPowerTable(values.powerTable),
    values.jobs === undefined ? undefined : readJobs(values.jobs),
  ]);
  const grid = gridOf(series);
  const named = 'issues' in grid ? { issues: [] } : byRegion(grid, values);
  const issues = [power, jobs, grid, named].flatMap((one) => (one && 'issues' in one ? one.issues : []));
  if ('issues' in power || (jobs && 'issues' in jobs) || 'issues' in grid || 'issues' in named) return { issues };
  const slackHours = (values.slack ?? SLACK_MS) / HOUR_MS;
  const laid = jobs && layOnWeeks(jobs.jobs, grid.hours, slackHours);
  if (laid && 'tooMany' in laid)
    return {
      issues: [`--jobs: are ${laid.tooMany} on all weeks, more than ${MOST_JOBS}; give fewer, or shorter series`],
    };
  if (laid?.length === 0) return { issues: ['--jobs: none of them ends within the hours that are there'] };
  return simulateWork({ grid, ...named, jobs: laid, slackHours, model: power.table.model });
}

async function readAll({ intensity }: SimulateValues): Promise<{ readonly series: readonly Series[] } | Issues> {
  const all = await Promise.all([...intensity].map(([name, path]) => readSeries(name, path)));
  const issues = all.flatMap((one) => ('issues' in one ? one.issues : []));
  return issues.length > 0 ? { issues } : { series: all.filter((one) => !('issues' in one)) as readonly Series[] };
}

function everyHourOf(
  series: readonly Series[],
  { length = LENGTH_MS, slack = SLACK_MS }: SimulateValues,
): EveryHourReport | Issues {
  const [lengthHours, slackHours] = [length / HOUR_MS, slack / HOUR_MS];
  const isWhole = (value: number) => Number.isInteger(value) && value >= 1 && value <= MOST_HOURS;
  const issues = [
    ...(isWhole(lengthHours) ? [] : [`--length: must be whole hours from 1h to ${MOST_HOURS}h`]),
    ...(isWhole(slackHours) ? [] : [`--slack: must be whole hours from 1h to ${MOST_HOURS}h`]),
  ];
  const found = series.flatMap(({ name, fromHour, readings }) => {
    const saved =
      issues.length === 0 ? everyHour({ readings, fromHour, length: lengthHours, slack: slackHours }) : undefined;
    if (issues.length === 0 && !saved) issues.push(`--intensity ${name}: is too short; 28 days count as learning`);
    return saved ? [{ name, ...saved }] : [];
  });
  return issues.length > 0 ? { issues } : { version: 1, series: found };
}

/** The hours that all series have. */
function gridOf(series: readonly Series[]): Grid | Issues {
  const fromHour = Math.max(...series.map((one) => one.fromHour));
  const end = Math.min(...series.map((one) => one.fromHour + one.readings.length));
  const hours = end - fromHour;
  if (hours < 24 * 36)
    return { issues: ['--intensity: the series must have 36 days in common: 28 to learn from, and a week'] };
  const regions = series.map(({ name, readings, fromHour: own }) =>
    simulatedRegion(name, readings, { first: fromHour - own, hours }),
  );
  const sparse = regions.filter(({ readings }) => readings.filter((value) => value !== undefined).length * 2 < hours);
  if (sparse.length === 0) return { regions, fromHour, hours };
  const words = `has no reading of most of the ${hours} hours that the series have in common`;
  return { issues: sparse.map(({ name }) => `--intensity ${name}: ${words}`) };
}

/** What is said of regions, in the order of the grid. */
function byRegion({ regions }: Grid, { home, capacity, price }: SimulateValues) {
  const names = regions.map(({ name }) => name);
  const unknown = (flag: string, given: Iterable<string>) =>
    [...given].filter((name) => !names.includes(name)).map((name) => `${flag}: no --intensity is called ${name}`);
  const missing = price ? names.filter((name) => !price.has(name)) : [];
  const issues = [
    ...unknown('--home', home === undefined ? [] : [home]),
    ...unknown('--capacity', capacity?.keys() ?? []),
    ...unknown('--price', price?.keys() ?? []),
    ...missing.map((name) => `--price: ${name} has none; give every region one`),
  ];
  if (issues.length > 0) return { issues };
  return {
    home: home === undefined ? 0 : names.indexOf(home),
    capacity: names.map((name) => capacity?.get(name)),
    prices: price && names.map((name) => price.get(name) ?? 0),
  };
}
