import { type Column, renderTable } from '../../terminal/render-table.ts';
import { formatDuration } from '../../units/duration.ts';
import type { EveryHourReport } from './every-hour-report.ts';
import type { SimulatedStrategy, SimulateReport } from './report.ts';

/** For people: what was played, then a row for each way to decide. */
export function renderSimulate(report: SimulateReport, width: number): string {
  const { home, from, to, work, jobs, slackHours, baselineGrams, regions, strategies } = report;
  const what = work === 'jobs' ? `${jobs} jobs that may wait ${hours(slackHours)}` : 'a service of one CPU';
  const means = regions.map(({ region, meanGramsPerKwh, missingHours }) => {
    const missing = missingHours > 0 ? `, ${missingHours} hours missing` : '';
    return `  ${region}  ${meanGramsPerKwh.toFixed(0)} gCO2e/kWh on average${missing}\n`;
  });
  const head = `${what}, home ${home}, ${from.slice(0, 10)} to ${to.slice(0, 10)}; at home at once: ${kilograms(baselineGrams)} kgCO2e\n`;
  return `${head}${means.join('')}\n${renderTable(columnsOf(report), strategies, width)}`;
}

function columnsOf({ work, strategies }: SimulateReport): readonly Column<SimulatedStrategy>[] {
  const figures: Column<SimulatedStrategy>[] = [
    { title: 'STRATEGY', cell: ({ name }) => name, givesWay: 1, least: 16 },
    { title: 'KGCO2E', cell: ({ grams }) => kilograms(grams), align: 'right' },
    { title: 'AVOIDED', cell: ({ avoidedPercent }) => percent(avoidedPercent), align: 'right' },
    { title: 'OF FORESIGHT', cell: ({ foresightPercent }) => percent(foresightPercent), align: 'right' },
    { title: 'MOVES/DAY', cell: ({ movesADay }) => movesADay.toFixed(2), align: 'right' },
  ];
  if (work === 'jobs')
    figures.push(
      { title: 'WAIT', cell: ({ meanWaitHours }) => hours(meanWaitHours), align: 'right' },
      { title: 'WORST', cell: ({ worstWaitHours }) => hours(worstWaitHours), align: 'right' },
    );
  if (strategies.some(({ cost }) => cost !== null))
    figures.push({ title: 'COST', cell: ({ cost }) => (cost === null ? '-' : cost.toFixed(2)), align: 'right' });
  if (strategies.some(({ late }) => late > 0))
    figures.push({ title: 'LATE', cell: ({ late }) => String(late), align: 'right' });
  return figures;
}

/** A row for each series: what waiting could save, and which part of it each way finds. */
export function renderEveryHour({ series }: EveryHourReport, width: number): string {
  const share = (way: keyof EveryHourReport['series'][number]['shares']) => ({
    title: way.toUpperCase(),
    cell: ({ shares }: EveryHourReport['series'][number]) => percent(times100(shares[way])),
    align: 'right' as const,
  });
  const columns: readonly Column<EveryHourReport['series'][number]>[] = [
    { title: 'SERIES', cell: ({ name }) => name, givesWay: 1, least: 12 },
    { title: 'FORESIGHT SAVES', cell: ({ foresightSaving }) => percent(100 * foresightSaving), align: 'right' },
    share('gridgate'),
    share('yesterday'),
    share('profile'),
    share('fixed-200'),
  ];
  return renderTable(columns, series, width);
}

function times100(share: number | null): number | null {
  return share === null ? null : 100 * share;
}

function percent(value: number | null): string {
  return value === null ? '-' : `${value.toFixed(1)}%`;
}

function kilograms(grams: number): string {
  return (grams / 1_000).toFixed(grams < 100_000 ? 2 : 0);
}

function hours(value: number): string {
  return formatDuration(Math.round(value * 60) * 60_000);
}
