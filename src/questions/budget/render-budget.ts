import { POWER_WORDS, type PowerKind } from '../../scaling/component-carbon.ts';
import { type Column, renderTable } from '../../terminal/render-table.ts';
import { renderSections, type Section } from '../../terminal/sections.ts';
import type { Style } from '../../terminal/terminal.ts';
import { groupingLabel } from '../../units/pod-grouping.ts';
import type { BudgetReport, BudgetState, ReportedComponent, ReportedSum } from './budget-report.ts';

const DIGITS = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });
const RIGHT = { align: 'right' } as const;
/** Where a table may be so wide, its bars are long, and it says how figures are known: a mark and the total do so, too. */
const ROOMY = 110;
const BAR_COLUMNS = { narrow: 8, roomy: 20 };
const WIDEST = 120;

/** The report for people: a table with bars, the dirtiest first, and what all of it comes to. */
export function renderBudget(report: BudgetReport, width: number): string {
  const columns = columnsFor(report.by, width >= ROOMY);
  const table = report.components.length > 0 ? `${renderTable(columns, report.components, width)}\n` : '';
  const sections = sectionsOf(report).filter(({ lines }) => lines.length > 0);
  const titleWidth = Math.max(...sections.map(({ title }) => title.length)) + 2;
  return table + renderSections(sections, { width: Math.min(width, WIDEST), titleWidth });
}

function columnsFor(by: string, isRoomy: boolean): readonly Column<ReportedComponent>[] {
  const barColumns = isRoomy ? BAR_COLUMNS.roomy : BAR_COLUMNS.narrow;
  return [
    ...nameColumns(by),
    { title: 'PODS', ...RIGHT, cell: podsOf },
    { title: 'kgCO2e/h', ...RIGHT, cell: figureOf },
    {
      title: 'SHARE',
      cell: ({ sharePercent }) => (sharePercent === null ? '-' : shareOf(sharePercent, barColumns)),
    },
    { title: 'BUDGET', ...RIGHT, cell: ({ budgetKgPerHour: kg }) => (kg === null ? '-' : DIGITS.format(kg)) },
    { title: 'STATE', cell: stateOf, style: (cell) => COLOURS[cell.split(',')[0] ?? ''] },
    { title: 'TREND', ...RIGHT, cell: ({ energyChangePercent }) => trendOf(energyChangePercent) },
    ...(isRoomy ? [{ title: 'KNOWN BY', givesWay: 1, least: 8, cell: knownBy }] : []),
  ];
}

function nameColumns(by: string): readonly Column<ReportedComponent>[] {
  const name = { givesWay: 2, least: 10 };
  if (by === 'namespace') return [{ title: 'NAMESPACE', ...name, cell: ({ name }) => name ?? '-' }];
  if (by !== 'deployment') return [{ title: groupingLabel(by) ?? by, ...name, cell: ({ name }) => name ?? '-' }];
  return [
    { title: 'NAMESPACE', givesWay: 3, least: 6, cell: ({ namespace }) => namespace ?? '-' },
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
  'let-go': 'let go',
  none: '-',
  unknown: 'unknown',
  between: 'between',
  under: 'under',
};
const COLOURS: Readonly<Record<string, Style>> = {
  over: 'red',
  held: 'yellow',
  'let go': 'yellow',
  unknown: 'yellow',
  between: 'green',
  under: 'green',
};

/** `over`, `over, held`, `held, paused` */
function stateOf({ state, heldWorkloads: held, paused }: ReportedComponent): string {
  return [STATES[state], ...(state === 'over' && held > 0 ? ['held'] : []), ...(paused ? ['paused'] : [])].join(', ');
}

/** `+12%`; ten times as much and more is no percentage that anybody reads. */
function trendOf(percent: number | null): string {
  if (percent === null) return '-';
  const rounded = Math.round(percent);
  if (rounded >= MOST_PERCENT) return `x${DIGITS.format(Math.round(percent / 100 + 1))}`;
  return `${rounded > 0 ? '+' : ''}${rounded === 0 ? 0 : rounded}%`;
}

const MOST_PERCENT = 900;

/** `measured`, or `9 measured, 3 CPU used`. */
function knownBy({ knownBy: known }: ReportedSum): string {
  const kinds = (Object.entries(known) as [PowerKind, number][]).sort(([, a], [, b]) => b - a);
  const [only, ...more] = kinds;
  if (!only) return '-';
  if (more.length === 0) return POWER_WORDS[only[0]];
  return kinds.map(([kind, pods]) => `${pods} ${POWER_WORDS[kind]}`).join(', ');
}

function sectionsOf(report: BudgetReport): readonly Section[] {
  const { total, scope, over } = report;
  return [
    ...(scope ? [{ title: 'Namespace', lines: [`${sumOf(scope)}; ${ofTotal(scope)}${budgetOf(scope)}`] }] : []),
    { title: 'Total', lines: [sumOf(total)] },
    { title: 'Over', lines: over.map((one) => ({ text: excessOf(one), style: 'red' as const })) },
  ];
}

/** `~0.0328 kgCO2e an hour, 76.4 W (34 of 36 pods: 33 requests, 1 CPU used)` */
function sumOf(sum: ReportedSum): string {
  const { pods, unknownPods, kgPerHour, watts } = sum;
  const counted = unknownPods > 0 ? `${pods - unknownPods} of ${pods} pods` : `${pods} pods`;
  if (kgPerHour === null) return `not known (${counted})`;
  return `${figureOf(sum)} kgCO2e an hour, ${DIGITS.format(watts ?? 0)} W (${counted}${pods === 0 ? '' : `: ${knownBy(sum)}`})`;
}

function ofTotal({ sharePercent }: ReportedComponent): string {
  return sharePercent === null ? 'its share is not known' : `${sharePercent.toFixed(1)}% of the total`;
}

function budgetOf(scope: ReportedComponent): string {
  const { budgetKgPerHour: budget } = scope;
  return budget === null ? '' : `; budget ${DIGITS.format(budget)}: ${stateOf(scope)}`;
}

function excessOf({ namespace, kind, name, kgPerHour, budgetKgPerHour: budget }: ReportedComponent): string {
  const what = kind === 'Namespace' ? `namespace ${name}` : `${kind?.toLowerCase()}/${name} in ${namespace}`;
  const excess = (kgPerHour ?? 0) - (budget ?? 0);
  return `${what} emits ${DIGITS.format(excess)} kgCO2e an hour more than its budget of ${DIGITS.format(budget ?? 0)}`;
}
