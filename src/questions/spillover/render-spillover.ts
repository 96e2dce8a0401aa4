import { formatGrams } from '../../decision/messages.ts';
import { type Column, renderTable } from '../../terminal/render-table.ts';
import { renderSections } from '../../terminal/sections.ts';
import { formatDuration } from '../../units/duration.ts';
import { shortAge } from '../../units/moment.ts';
import type { ReportedOption, ReportedPlan } from './failover-plan.ts';
import type { ReportedFlow, SpilloverReport } from './report.ts';

/** As many flows as a person reads; a day by the hour. */
const MOST_ROWS = 24;
const MOST_OPTIONS = 20;
const MOST_PLANS = 5;

/** The report for people: flows, total, and where the traffic of each failed region should have gone. */
export function renderSpillover(report: SpilloverReport, width: number): string {
  const { plans } = report;
  const more = plans.length - MOST_PLANS;
  return [
    renderFlows(report.flows, width),
    renderTotal(report, width),
    ...plans.slice(0, MOST_PLANS).map((plan) => renderPlan(plan, width)),
    ...(more > 0 ? [`and ${more} more failed regions; --output json has all of them\n`] : []),
  ].join('\n');
}

function renderFlows(flows: readonly ReportedFlow[], width: number): string {
  const shown = flows.length <= MOST_ROWS ? flows : flows.toSorted((a, b) => b.kgCO2e - a.kgCO2e).slice(0, MOST_ROWS);
  const hasTimes = shown.some(({ start, end }) => start !== null || end !== null);
  const columns: readonly Column<ReportedFlow>[] = [
    { title: 'FROM', givesWay: 1, cell: ({ from }) => from },
    { title: 'TO', givesWay: 2, cell: ({ to }) => to },
    ...(hasTimes ? [{ title: 'WHEN (UTC)', givesWay: 3, cell: formatWhen }] : []),
    { title: 'MOVED', align: 'right', cell: ({ bytes }) => formatBytes(bytes) },
    { title: 'gCO2e/kWh', align: 'right', cell: ({ gramsPerKwh }) => formatGrams(gramsPerKwh) },
    { title: 'kgCO2e', align: 'right', cell: ({ kgCO2e }) => formatNumber(kgCO2e) },
  ];
  return renderTable(columns, shown, width) + renderRest(flows, shown);
}

function renderRest(flows: readonly ReportedFlow[], shown: readonly ReportedFlow[]): string {
  if (shown.length === flows.length) return '';
  const sum = (list: readonly ReportedFlow[]) => list.reduce((kg, flow) => kg + flow.kgCO2e, 0);
  const rest = Math.max(0, sum(flows) - sum(shown));
  return `and ${flows.length - shown.length} more of ${formatNumber(rest)} kgCO2e together; --output json has all of them\n`;
}

function renderTotal({ total, factor, kwhPerGb, otherwise }: SpilloverReport, width: number): string {
  const gb = formatNumber((total.bytes / 1e9) * factor.value);
  const sum = `${formatNumber(total.kgCO2e)} kgCO2e, ${percent(total.percentOfBaseline)} of the baseline of ${formatNumber(total.baselineKgCO2e)} kgCO2e`;
  const formula = `${formatBytes(total.bytes)} x ${formatNumber(factor.value)} = ${gb} GB x ${kwhPerGb.value} kWh/GB = ${formatNumber(total.kwh)} kWh`;
  const others = otherwise.map(
    ({ value, source, kgCO2e, percentOfBaseline }) =>
      `${value} would give ${formatNumber(kgCO2e)} kgCO2e, ${percent(percentOfBaseline)}: ${source.split(',')[0]}`,
  );
  return renderSections(
    [
      { title: 'Total', lines: [{ text: sum, style: 'bold' }, formula] },
      { title: 'Factor', lines: [`${formatNumber(factor.value)}: ${factor.source}`] },
      { title: 'kWh/GB', lines: [`${kwhPerGb.value}: ${kwhPerGb.source}`, ...others] },
    ],
    { width, titleWidth: 8 },
  );
}

function renderPlan(plan: ReportedPlan, width: number): string {
  const { from, regions } = plan;
  if (regions.length === 0) return '';
  const shown = regions.filter((option, index) => index < MOST_OPTIONS || option.chosen || option.bytes > 0);
  const rest = regions.length - shown.length;
  return [
    `Where the traffic of ${from} could have gone, cleanest first:\n`,
    renderTable(OPTION_COLUMNS, shown, width),
    rest > 0 ? `and ${rest} more; --output json has all of them\n` : '',
    `${verdict(plan)}\n`,
  ].join('');
}

const OPTION_COLUMNS: readonly Column<ReportedOption>[] = [
  { title: 'REGION', givesWay: 2, cell: ({ region }) => region },
  {
    title: 'LATENCY',
    align: 'right',
    cell: ({ latencyMs }) => (latencyMs === null ? '-' : `${formatNumber(latencyMs)}ms`),
  },
  {
    title: 'gCO2e/kWh',
    align: 'right',
    cell: ({ gramsPerKwh }) => (gramsPerKwh === null ? 'unknown' : formatGrams(gramsPerKwh)),
  },
  { title: 'SOURCE', givesWay: 1, cell: formatSource },
  { title: 'kgCO2e', align: 'right', cell: ({ kgCO2e }) => (kgCO2e === null ? '-' : formatNumber(kgCO2e)) },
  {
    title: 'CHANGE',
    align: 'right',
    style: (cell) => (cell.startsWith('-') ? 'green' : cell.startsWith('+') ? 'red' : undefined),
    cell: ({ differenceKgCO2e, kgCO2e }) =>
      differenceKgCO2e === null ? '-' : formatChange(differenceKgCO2e, kgCO2e ?? 0),
  },
  { title: 'PLAN', givesWay: 3, style: (cell) => (cell.startsWith('chosen') ? 'green' : undefined), cell: planOf },
];

function planOf({ chosen, refusal, bytes }: ReportedOption): string {
  const went = bytes > 0 ? [refusal ? 'went' : 'went here'] : [];
  return [...(chosen ? ['chosen'] : []), ...went, ...(refusal ? [refusal] : [])].join(', ') || '-';
}

function verdict({ from, kgCO2e, regions }: ReportedPlan): string {
  const chosen = regions.find((option) => option.chosen);
  if (!chosen && regions.every(({ refusal }) => refusal !== null))
    return `Carbon-aware failover would have found nowhere to go from ${from}: no region is acceptable.`;
  if (!chosen) return 'Carbon-aware failover could not have chosen: no acceptable region has a known intensity.';
  const who = `Carbon-aware failover would have chosen ${chosen.region}`;
  const difference = chosen.differenceKgCO2e ?? 0;
  if (isNothing(difference, kgCO2e)) return `${who}: ${chosen.bytes > 0 ? 'where it went.' : 'no more and no less.'}`;
  const share = kgCO2e > 0 ? ` (${percent((difference / kgCO2e) * 100)})` : '';
  return `${who}: ${formatNumber(Math.abs(difference))} kgCO2e ${difference < 0 ? 'less' : 'more'}${share}.`;
}

function formatSource({ source, freshness, ageSeconds }: ReportedOption): string {
  if (source === null) return '-';
  if (freshness === 'embedded') return 'yearly avg';
  const age = ageSeconds === null || ageSeconds < 60 ? '' : ` ${shortAge(ageSeconds * 1_000)}`;
  return `${source}${age}${freshness === 'stale' ? ' stale' : ''}`;
}

function formatChange(differenceKg: number, kg: number): string {
  if (isNothing(differenceKg, kg)) return '0';
  return `${differenceKg < 0 ? '-' : '+'}${formatNumber(Math.abs(differenceKg))}`;
}

/** Sums of floating point never differ by exactly nothing. */
function isNothing(differenceKg: number, kg: number): boolean {
  return Math.abs(differenceKg) <= Math.abs(kg) * 1e-9;
}

function formatWhen({ start, end }: ReportedFlow): string {
  const minute = (iso: string) => iso.slice(0, 16).replace('T', ' ');
  if (start === null) return end === null ? '-' : `until ${minute(end)}`;
  if (end === null) return minute(start);
  return `${minute(start)} ${formatDuration(Date.parse(end) - Date.parse(start))}`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];

/** Decimal units, as networks have them. */
function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${formatNumber(value)} ${UNITS[unit]}`;
}

const DIGITS = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 5 });

/** Five digits tell enough; none of them is lost to a long row of zeros. */
function formatNumber(value: number): string {
  if (value !== 0 && (Math.abs(value) < 1e-5 || Math.abs(value) >= 1e9)) return value.toExponential(2);
  return DIGITS.format(value);
}

const PERCENT = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

function percent(value: number): string {
  const sign = value < 0 ? '' : '+';
  if (Math.abs(value) >= 1e9) return `${sign}${value.toExponential(2)}%`;
  return `${sign}${Math.abs(value) < 0.1 ? formatNumber(value) : PERCENT.format(value)}%`;
}
