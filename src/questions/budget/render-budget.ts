import type { PowerKind } from '../../scaling/component-carbon.ts';
import { type Column, renderTable } from '../../terminal/render-table.ts';
import { renderSections } from '../../terminal/sections.ts';
import type { Style } from '../../terminal/terminal.ts';
import { groupingLabel } from '../../units/pod-grouping.ts';
import type { BudgetReport, BudgetState, ReportedComponent, ReportedSum } from './budget-report.ts';

const DIGITS = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });
const RIGHT = { align: 'right' } as const;
/** Where a table may be so wide, its bars are long. */
const ROOMY = 110;
const BAR_COLUMNS = { narrow: 10, roomy: 20 };
const WIDEST = 120;

/** The report for people: a table with bars, the dirtiest first, and what all of it comes to. */
export function renderBudget(report: BudgetReport, width: number): string {
  const columns = columnsFor(report.by, width >= ROOMY ? BAR_COLUMNS.roomy : BAR_COLUMNS.narrow);
  const table = report.components.length > 0 ? `${renderTable(columns, report.components, width)}\n` : '';
  const lines = totalLines(report);
  return table + renderSections(lines, { width: Math.min(width, WIDEST), titleWidth: 'Held'.length + 4 });
}

function columnsFor(by: string, barColumns: number): readonly Column<ReportedComponent>[] {
  return [
    ...nameColumns(by),
    { title: 'PODS', ...RIGHT, cell: podsOf },
    { title: 'kgCO2e/h', ...RIGHT, cell: figureOf },
    {
      title: 'SHARE',
      cell: ({ sharePercent }) => (sharePercent === null ? '-' : shareOf(sharePercent, barColumns)),
    },
    { title: 'BUDGET', ...RIGHT, cell: ({ budgetKgPerHour: kg }) => (kg === null ? '-' : DIGITS.format(kg)) },
    { title: 'STATE', cell: stateOf, style: (cell) => COLOURS[cell.split(/,? /)[0] ?? ''] },
    { title: 'TREND', ...RIGHT, cell: ({ energyChangePercent }) => trendOf(energyChangePercent) },
    { title: 'KNOWN BY', givesWay: 1, least: 8, cell: knownBy },
  ];
}

function nameColumns(by: string): readonly Column<ReportedComponent>[] {
  const name = { givesWay: 2, least: 12 };
  if (by === 'namespace') return [{ title: 'NAMESPACE', ...name, cell: ({ name }) => name ?? '-' }];
  if (by !== 'deployment') return [{ title: groupingLabel(by) ?? by, ...name, cell: ({ name }) => name ?? '-' }];
  return [
    { title: 'NAMESPACE', givesWay: 3, least: 9, cell: ({ namespace }) => namespace ?? '-' },
    { title: 'WORKLOAD', ...name, cell: ({ kind, name }) => `${kind?.toLowerCase()}/${name}` },
  ];
}

/** `9/12`: of 12 pods 9 are in the figures. */
function podsOf({ pods, unknownPods }: ReportedSum): string {
  return unknownPods > 0 ? `${pods - unknownPods}/${pods}` : String(pods);
}

/** `~0.0712` where it is an estimate. */
function figureOf({ kgPerHour, basis }: ReportedSum): string {
  return kgPerHour === null ? '-' : `${basis === 'estimated' ? '~' : ''}${DIGITS.format(kgPerHour)}`;
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** ` 14.0% ██▊`: the bar of the whole would fill all columns. */
function shareOf(percent: number, columns: number): string {
  const eighths = Math.round((Math.min(percent, 100) / 100) * columns * EIGHTHS.length);
  const bar = '█'.repeat(Math.floor(eighths / EIGHTHS.length)) + EIGHTHS[eighths % EIGHTHS.length];
  return `${`${percent.toFixed(1)}%`.padStart(6)} ${bar.padEnd(columns)}`;
}

const STATES: Readonly<Record<BudgetState, string>> = {
  over: 'over',
  held: 'held',
  none: '-',
  unknown: 'unknown',
  under: 'under',
};
const COLOURS: Readonly<Record<string, Style>> = { over: 'red', held: 'yellow', unknown: 'yellow', under: 'green' };

function stateOf({ state, heldWorkloads: held }: ReportedComponent): string {
  if (state === 'held') return held > 1 ? `held ${held}` : 'held';
  return state === 'over' && held > 0 ? `over, ${held} held` : STATES[state];
}

/** `+12%`; ten times as much and more is no percentage that anybody reads. */
function trendOf(percent: number | null): string {
  if (percent === null) return '-';
  const rounded = Math.round(percent);
  if (rounded >= MOST_PERCENT) return `x${DIGITS.format(Math.round(percent / 100 + 1))}`;
  return `${rounded > 0 ? '+' : ''}${rounded === 0 ? 0 : rounded}%`;
}

const MOST_PERCENT = 900;

const KINDS: Readonly<Record<PowerKind, string>> = {
  pod: 'measured',
  'node-usage': 'node measured, by CPU used',
  'node-requests': 'node measured, by requests',
  usage: 'CPU used',
  requests: 'requests',
};

/** `measured`, or `9 measured, 3 CPU used`. */
function knownBy({ knownBy: known }: ReportedSum): string {
  const kinds = Object.entries(known) as [PowerKind, number][];
  const [only, ...more] = kinds;
  if (!only) return '-';
  if (more.length === 0) return KINDS[only[0]];
  return kinds.map(([kind, pods]) => `${pods} ${KINDS[kind]}`).join(', ');
}

function totalLines({ total, components }: BudgetReport) {
  const { pods, unknownPods } = total;
  const counted = unknownPods > 0 ? `${pods - unknownPods} of ${pods} pods` : `${pods} pods`;
  const sum = total.kgPerHour === null ? 'not known' : `${figureOf(total)} kgCO2e an hour`;
  const watts = total.watts === null ? '' : `, ${DIGITS.format(total.watts)} W`;
  const over = components.filter(({ state }) => state === 'over');
  return [
    { title: 'Total', lines: [`${sum}${watts} (${counted}: ${knownBy(total)})`] },
    {
      title: 'Over',
      lines: over.map(({ namespace, name, kgPerHour, budgetKgPerHour }) => ({
        text: `${namespace === name ? name : `${namespace}/${name}`}: ${DIGITS.format((kgPerHour ?? 0) - (budgetKgPerHour ?? 0))} kgCO2e an hour above its budget of ${DIGITS.format(budgetKgPerHour ?? 0)}`,
        style: 'red' as const,
      })),
    },
  ];
}
