import { type Column, renderTable } from '../../terminal/render-table.ts';
import type { EveryHourReport } from './every-hour-report.ts';
import { formatHours, formatKilograms, formatPercent, tellWork } from './figures.ts';
import type { SimulatedStrategy, SimulateReport } from './report.ts';

/** For people: what was played, then a row for each way to decide. */
export function renderSimulate(report: SimulateReport, width: number): string {
  const { baselineGrams, regions, strategies } = report;
  const means = regions.map(({ region, meanGramsPerKwh, missingHours }) => {
    const missing = missingHours > 0 ? `, ${missingHours} hours missing` : '';
    return `  ${region}  ${meanGramsPerKwh.toFixed(0)} gCO2e/kWh on average${missing}\n`;
  });
  const head = `${tellWork(report)}; at home at once: ${formatKilograms(baselineGrams)} kgCO2e\n`;
  return `${head}${means.join('')}\n${renderTable(columnsOf(report), strategies, width)}`;
}

function columnsOf({ work, strategies }: SimulateReport): readonly Column<SimulatedStrategy>[] {
  const figures: Column<SimulatedStrategy>[] = [
    { title: 'STRATEGY', cell: ({ name }) => name, givesWay: 1, least: 16 },
    { title: 'KGCO2E', cell: ({ grams }) => formatKilograms(grams), align: 'right' },
    { title: 'AVOIDED', cell: ({ avoidedPercent }) => formatPercent(avoidedPercent), align: 'right' },
    { title: 'OF FORESIGHT', cell: ({ foresightPercent }) => formatPercent(foresightPercent), align: 'right' },
    { title: 'MOVES/DAY', cell: ({ movesADay }) => movesADay.toFixed(2), align: 'right' },
  ];
  if (work === 'jobs')
    figures.push(
      { title: 'WAIT', cell: ({ meanWaitHours }) => formatHours(meanWaitHours), align: 'right' },
      { title: 'WORST', cell: ({ worstWaitHours }) => formatHours(worstWaitHours), align: 'right' },
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
    cell: ({ shares }: EveryHourReport['series'][number]) => formatPercent(times100(shares[way])),
    align: 'right' as const,
  });
  const columns: readonly Column<EveryHourReport['series'][number]>[] = [
    { title: 'SERIES', cell: ({ name }) => name, givesWay: 1, least: 12 },
    { title: 'FORESIGHT SAVES', cell: ({ foresightSaving }) => formatPercent(100 * foresightSaving), align: 'right' },
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
