import { type Column, renderTable } from '../../terminal/render-table.ts';
import { paint, type Style } from '../../terminal/terminal.ts';
import { wrapText } from '../../terminal/wrap-text.ts';
import { cutText } from '../../units/cut-text.ts';
import { onOneLine } from '../../units/legible.ts';
import { tellFew } from '../../units/tell-few.ts';
import type { InstanceTypeTotals, PreflightReport } from './preflight-report.ts';

const MOST_ROWS = 12;
const MOST_NAMES = 5;
const LONGEST_NAME = 60;

/** The report for people; the verdict comes last, where a terminal shows it. */
export function renderPreflight(report: PreflightReport, width: number): string {
  const parts = [
    renderHead(report, width),
    renderArchitectures(report, width),
    renderTypes(report, width),
    renderPolicies(report, width),
    renderAlternatives(report, width),
    renderCarbon(report, width),
    renderStaging(report, width),
    renderVerdict(report, width),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function renderHead({ total, targetVersion, skipped }: PreflightReport, width: number): string {
  const others = skipped.reduce((sum, { nodes }) => sum + nodes, 0);
  const tellVersion = ({ version, nodes }: (typeof skipped)[number]) => `${count(nodes)} of ${version ?? 'none'}`;
  const versions = tellFew(skipped, MOST_NAMES, tellVersion, (more) => `${more} more versions`);
  const passed = `Nodes of other versions are passed over: ${versions.join(', ')}`;
  return (
    wrapText(
      `Idle power of ${count(total.nodes)} of ${count(total.nodes + others)} nodes: those of ${targetVersion}`,
      width,
    ) + (others > 0 ? wrapText(passed, width) : '')
  );
}

function renderArchitectures({ architectures, total, policies }: PreflightReport, width: number): string {
  const rows = architectures.slice(0, MOST_ROWS);
  const increasePercent = ((total.watts - total.wattsUnderNone) / total.wattsUnderNone) * 100;
  const all = { ...total, arch: 'all', staticNodes: policies.static, factor: '', increasePercent };
  const columns: readonly Column<(typeof rows)[number] | typeof all>[] = [
    { title: 'ARCHITECTURE', givesWay: 1, cell: ({ arch }) => arch ?? 'unknown' },
    right('NODES', ({ nodes }) => count(nodes)),
    right('STATIC', ({ staticNodes }) => count(staticNodes)),
    right('FACTOR', ({ factor }) => String(factor)),
    right('W IF NONE', (one) => watts(one.wattsUnderNone)),
    right('W NOW', (one) => watts(one.watts)),
    right('INCREASE', (one) => percent(one.increasePercent)),
  ];
  return (
    renderTable(columns, rows.length > 1 ? [...rows, all] : rows, width) +
    andMore(architectures.length, 'architectures')
  );
}

function renderTypes({ instanceTypes, bases, total }: PreflightReport, width: number): string {
  const columns: readonly Column<InstanceTypeTotals>[] = [
    { title: 'INSTANCE TYPE', givesWay: 2, cell: ({ instanceType }) => instanceType ?? 'unknown' },
    { title: 'ARCH', givesWay: 3, cell: ({ arch }) => arch ?? 'unknown' },
    right('NODES', ({ nodes }) => count(nodes)),
    right('W IF NONE', (one) => watts(one.wattsUnderNone)),
    right('W NOW', (one) => watts(one.watts)),
    right('W EACH', (one) => each(one.watts / one.nodes)),
    { title: 'FIGURES FROM', givesWay: 1, cell: figuresFrom },
  ];
  const estimates = `The watts of ${count(bases.estimated)} of ${nodesOf(total.nodes)} are estimates; --power-table gives better figures`;
  return (
    renderTable(columns, instanceTypes.slice(0, MOST_ROWS), width) +
    andMore(instanceTypes.length, 'instance types') +
    (bases.estimated > 0 ? wrapText(estimates, width) : '')
  );
}

function figuresFrom({ basis, how }: InstanceTypeTotals): string {
  const words = how.join(', ');
  return basis === 'estimated' ? `estimate: ${words}` : words;
}

function renderPolicies({ policies, policiesFrom, nodes }: PreflightReport, width: number): string {
  const { configz, annotation, assumed } = policiesFrom;
  const told = [
    ...(configz > 0 ? [`${count(configz)} told by the kubelet`] : []),
    ...(annotation > 0 ? [`${count(annotation)} by an annotation`] : []),
    ...(assumed > 0 ? [`${count(assumed)} assumed (--assume-policy)`] : []),
  ];
  const text = `CPU manager policy: static on ${nodesOf(policies.static)}, none on ${count(policies.none)}`;
  const listed = nodes.filter(({ policyFrom }) => policyFrom === 'assumed').slice(0, MOST_NAMES);
  const names = listed.map(({ name, policy }) => `  assumed ${policy}: ${clip(name)}\n`).join('');
  const more =
    assumed > listed.length ? `  and ${count(assumed - listed.length)} more (--output json lists them)\n` : '';
  return wrapText(`${text}; ${told.join(', ')}`, width) + names + more;
}

function renderAlternatives({ total }: PreflightReport, width: number): string {
  const { watts: now, wattsUnderNone, wattsUnderStatic } = total;
  return wrapText(
    `The same nodes, all with the policy none, would draw ${watts(wattsUnderNone)} W (${difference(wattsUnderNone - now)}); ` +
      `all with static, ${watts(wattsUnderStatic)} W (${difference(wattsUnderStatic - now)})`,
    width,
  );
}

function difference(change: number): string {
  if (Math.abs(change) < 0.05) return 'no difference';
  return `${watts(Math.abs(change))} W ${change < 0 ? 'less' : 'more'}`;
}

function renderCarbon({ carbon }: PreflightReport, width: number): string {
  const { hours, regions, nodesLeftOut } = carbon;
  const unknown = nodesLeftOut > 0 ? `no intensity is known for ${nodesOf(nodesLeftOut)}, left out` : '';
  if (regions.length === 0) return wrapText(unknown, width);
  const columns: readonly Column<(typeof regions)[number]>[] = [
    { title: 'REGION', givesWay: 1, cell: ({ region }) => region },
    right('NODES', ({ nodes }) => count(nodes)),
    right('W', (one) => watts(one.watts)),
    right('gCO2e/kWh', ({ gramsPerKwh }) => (gramsPerKwh === null ? '-' : watts(gramsPerKwh))),
    right('PUE', ({ pue }) => `${pue.basis === 'estimated' ? '~' : ''}${pue.value}`),
    right(`kgCO2e IN ${hours} h`, ({ kgCo2e }) => (kgCo2e === null ? '-' : kilograms(kgCo2e))),
    { title: 'INTENSITY', givesWay: 2, cell: intensityFrom },
  ];
  const { kgCo2e, kgCo2eUnderNone } = carbon;
  const sum =
    `Idle power and PUE emit ${kilograms(kgCo2e)} kgCO2e in ${hours} h, ` +
    `${kilograms(kgCo2eUnderNone)} kgCO2e with the policy none`;
  return (
    renderTable(columns, regions.slice(0, MOST_ROWS), width) +
    andMore(regions.length, 'regions') +
    wrapText(unknown === '' ? sum : `${sum}; ${unknown}`, width)
  );
}

function intensityFrom({ source, freshness }: PreflightReport['carbon']['regions'][number]): string {
  if (source === null) return 'nobody knows it';
  if (freshness === 'embedded') return 'yearly average';
  return freshness === 'stale' ? `${source}, stale` : source;
}

function renderStaging({ staging, total }: PreflightReport, width: number): string {
  if (staging === null) return '';
  const { lacks, counterparts } = staging;
  const compared = total.baselineFrom === 'given' ? '' : wrapText(tellCounterparts(counterparts, total.nodes), width);
  if (lacks.length === 0)
    return compared + wrapText(`Staging (${nodesOf(staging.nodes)}) lacks nothing that the fleet has`, width);
  const lines = lacks.slice(0, MOST_ROWS).map(({ message }) => wrapText(message, width));
  return compared + painted('yellow', lines.join('')) + andMore(lacks.length, 'gaps');
}

function tellCounterparts(counterparts: number, nodes: number): string {
  if (counterparts === 0) return 'Baseline: staging tells the policy of no node like these; all count as under none';
  const rest = counterparts < nodes ? '; the others count as under none' : '';
  return `Baseline: staging tells the policy for ${count(counterparts)} of ${nodesOf(nodes)}${rest}`;
}

function renderVerdict({ verdict, total }: PreflightReport, width: number): string {
  const { increasePercent, maxIncreasePercent } = total;
  const isSpike = verdict === 'IDLE POWER SPIKE';
  const increase = percent(increasePercent, isSpike ? maxIncreasePercent : undefined);
  const text = `${watts(total.watts)} W is ${increase} on ${tellBaseline(total)} (limit +${maxIncreasePercent}%)`;
  return painted(isSpike ? 'red' : 'green', wrapText(`${verdict}: ${text}`, width));
}

function tellBaseline({ baselineWatts, baselineFrom }: PreflightReport['total']): string {
  if (baselineFrom === 'given') return `the baseline of ${watts(baselineWatts)} W`;
  const policies = baselineFrom === 'none' ? 'under the policy none' : "under staging's policies";
  return `${watts(baselineWatts)} W of the same nodes ${policies}`;
}

/** One decimal, or as many as it takes to be above the limit that it exceeds. */
function percent(value: number, limit = Number.NEGATIVE_INFINITY): string {
  const decimals = [1, 2, 3, 4, 5].find((digits) => Number(value.toFixed(digits)) > limit) ?? 6;
  const text = value.toFixed(decimals);
  return `${text.startsWith('-') ? '' : '+'}${text}%`;
}

/** Colours lines, and ends the colour before the last line ends, so that nothing after them is coloured. */
function painted(style: Style, lines: string): string {
  return `${paint(style, lines.trimEnd())}\n`;
}

function right<Row>(title: string, cell: Column<Row>['cell']): Column<Row> {
  return { title, align: 'right', cell };
}

function andMore(all: number, what: string): string {
  return all > MOST_ROWS ? `and ${all - MOST_ROWS} more ${what} (--output json lists them)\n` : '';
}

const { format: watts } = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const { format: each } = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });
const { format: kilograms } = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2, minimumFractionDigits: 2 });
const count = watts;

function nodesOf(value: number): string {
  return `${count(value)} ${value === 1 ? 'node' : 'nodes'}`;
}

function clip(name: string): string {
  return cutText(onOneLine(name), LONGEST_NAME + 1);
}
