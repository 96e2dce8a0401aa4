import { cell } from '../../page/cell.ts';
import { type Html, html } from '../../page/html.ts';
import { STYLE } from '../../page/style.ts';
import { tile } from '../../page/tile.ts';
import { asItActs } from './as-it-acts.ts';
import type { AuditedWorkload, AuditReport, Balance } from './audited-workload.ts';
import { type Bars, drawBars, drawRows } from './bar-chart.ts';
import {
  AUDIT_REASONS,
  asksForUnknown,
  count,
  countPreferring,
  fullMessage,
  hasHome,
  isAnnotatedWrongly,
  isFinding,
  isLeftByAsks,
  pluralOf,
} from './findings.ts';
import {
  describeUnknownMachines,
  formatEmbodied,
  formatEmbodiedSum,
  formatGramsPerHour,
  type ToldStep,
  tellSteps,
} from './grams-per-hour.ts';
import { misplacedPlaces, misplacedPods } from './misplaced.ts';
import { AUDIT_SCRIPT, AUDIT_SCRIPT_HASH } from './page-script.ts';
import { AUDIT_STYLE } from './page-style.ts';
import { groupOf, headingOf, reasonWord } from './row-groups.ts';
import { isSpared, verdictOf, worstFirst } from './verdict.ts';

/** More make a page that no phone opens. */
const MOST_ROWS = 5_000;
const MOST_BARS = 12;
const MOST_REGIONS = 3;
const MOST_LISTED = 200;
const COLUMNS = 10;

/** Its own script by its hash, and nothing from anywhere. */
const POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  `script-src '${AUDIT_SCRIPT_HASH}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** One self-contained page, in pieces: charts, totals, and a table that sorts. It is complete without its script. */
export function* renderAuditHtml(asData: AuditReport): Iterable<string> {
  const report = { ...asData, workloads: asData.workloads.map(asItActs) };
  const shown = [...report.workloads].sort(worstFirst).slice(0, MOST_ROWS);
  yield head(report).markup;
  yield totals(report).markup;
  yield charts(report).markup;
  yield* table(report, shown);
  yield wrongNamespaces(report).markup;
  yield leftOut(report, shown.length).markup;
  yield `</main>
<script>${AUDIT_SCRIPT}</script></body></html>
`;
}

function head({ source, takenAt, policySignal, modeCap }: AuditReport): Html {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>gridgate audit</title>
<link rel="icon" href="data:,">
<style>${{ markup: STYLE + AUDIT_STYLE }}</style></head><body>
<header><h1>gridgate audit</h1>
<p>of ${source === 'files' ? 'files' : 'what runs in the cluster'}, <time datetime="${takenAt}">${takenAt.replace(/\.\d+Z$/, 'Z')}</time>, signal ${policySignal}${modeCap !== null && `; the kill switch caps modes to ${modeCap}`}</p></header>
<main>
`;
}

/** One number, how it compares with home and with what placing makes of it, then what else there is to count. */
function totals(report: AuditReport): Html {
  const { source, namespaces, totals: all, workloads, preferences } = report;
  const misplaced = misplacedPods(workloads);
  const unknown = workloads.filter(asksForUnknown).length;
  const wrong = workloads.filter(isAnnotatedWrongly).length;
  const spared = workloads.filter(isSpared).length;
  const { balance } = all;
  const { isAdded, placing, denial, wouldStop } = tellSteps(balance);
  const ofIt = wouldStop === undefined ? '' : `, ${wouldStop} of it only in mode enforce`;
  return html`<section id="headline" aria-label="Totals">
<p class="lead"><b>${formatGramsPerHour(balance.now)}</b> gCO2e/h ${nameOfNow(report)}<span class="mark">, denied workloads included</span></p>
${balance.now > 0 && balanceBars(report, placing)}
<dl>${tile(`Placing ${isAdded ? 'adds' : 'saves'}`, placing.grams, tellStep(placing))}
${denial && tile('Denial stops', denial.grams, `${tellStep(denial)}${ofIt}`)}
${tile('Workloads', String(all.workloads), `${count(all.pods, 'pod')}, ${count(namespaces.length, 'namespace')}`)}
${tile('Denied', String(all.denied), `${spared} more would be in mode enforce`)}
${unknown > 0 && tile('Unknown regions', String(unknown), 'ask for a region that nobody knows')}
${wrong > 0 && tile('Wrong annotations', String(wrong), 'say what nobody understands, or where nobody reads it')}
${all.daemonSetsOutside > 0 && tile('DaemonSets outside', String(all.daemonSetsOutside), 'reach nodes outside the regions allowed')}
${source === 'cluster' && tile('Misplaced pods', String(misplaced), 'run where the policy refuses it')}
${tile('Embodied, on top', formatEmbodiedSum(all), `gCO2e/h of making the machines, an estimate${describeUnknownMachines(all.embodied)}`)}
${tile('Estimates', String(all.estimated), `workloads whose requests were assumed; ${balance.withoutFigure} without figure`)}
</dl>
${preferences.workloads > 0 && preferences.means !== null && html`<p>${countPreferring(preferences.workloads)}: ${preferences.means}.</p>`}
</section>
`;
}

/** All three of the same workloads; what is denied is in `placed`, too, since only denial stops it. */
function balanceBars(report: AuditReport, { change }: ToldStep): Html {
  const { now, atHome, placingSaves } = report.totals.balance;
  return drawRows([
    { name: nameOfNow(report), look: 'mark', value: now },
    ...(hasHome(report) ? [{ name: 'at home', look: 'mark', value: atHome } as const] : []),
    { name: 'placed', look: 'low', value: now - placingSaves, more: change },
  ]);
}

/** `-35% gCO2e/h, 10.5 left`. */
function tellStep({ change, left }: ToldStep): string {
  return `${change === undefined ? '' : `${change} `}gCO2e/h, ${left} left`;
}

function nameOfNow({ source }: AuditReport): string {
  return source === 'files' ? 'as written' : 'now';
}

function charts(report: AuditReport): Html {
  const namespaces = report.namespaces.map(({ namespace, balance }) => toBars(namespace, balance));
  const regions = report.regions.map(({ region, gramsPerKwh, balance }) =>
    toBars(gramsPerKwh === null ? region : `${region} (${Math.round(gramsPerKwh)})`, balance),
  );
  const series = [nameOfNow(report), 'after placing and denial'] as const;
  return html`<div class="charts">
${chart('namespaces', 'gCO2e/h by namespace', greatest(namespaces, 'namespaces'), series)}
${chart('regions', 'gCO2e/h by region (in brackets: gCO2e/kWh)', greatest(regions, 'regions'), series)}
</div>
${report.totals.balance.withoutFigure > 0 && html`<p class="hint">Without workloads that have no figure.</p>`}
`;
}

function toBars(name: string, { now, left }: Pick<Balance, 'now' | 'left'>): Bars {
  return { name, values: [now, left] };
}

/** The greatest; all others as one. Nothing that is nothing. */
function greatest(bars: readonly Bars[], what: string): readonly Bars[] {
  const sorted = bars.filter(({ values }) => values.some((value) => value > 0)).sort((a, b) => sizeOf(b) - sizeOf(a));
  if (sorted.length <= MOST_BARS) return sorted;
  const rest = sorted.slice(MOST_BARS - 1);
  const values = [0, 1].map((index) => rest.reduce((sum, bar) => sum + (bar.values[index] ?? 0), 0));
  return [...sorted.slice(0, MOST_BARS - 1), { name: `${rest.length} other ${what}`, values }];
}

function sizeOf({ values }: Bars): number {
  return Math.max(...values);
}

function chart(id: string, title: string, bars: readonly Bars[], series: readonly [string, string]): Html {
  return html`<section id="${id}" class="chart"><h2>${title}</h2>
${bars.length === 0 ? html`<p class="hint">No figures.</p>` : drawBars(bars, series)}</section>`;
}

function* table(report: AuditReport, shown: readonly AuditedWorkload[]): Iterable<string> {
  const { length } = report.workloads;
  const bounded = shown.length < length && ` The first ${shown.length} of ${length}; --output json has all.`;
  const now = nameOfNow(report);
  yield html`<section id="workloads"><h2>Workloads</h2>
<p class="hint">Operational grams of CO2e per hour; embodied ones come on top of each: the share of making the machines, an estimate (~: machines not known). First what is denied, then what emits most.${bounded}</p>`
    .markup;
  if (length === 0) {
    yield '<p class="hint">Nothing to audit: no pods, and nothing that makes pods.</p></section>';
    return;
  }
  yield html`<form id="filter" hidden><label for="wanted">Show rows with</label> <input id="wanted" type="search" autocomplete="off"> <output></output>
<span class="sort"><label for="sort">Sort by</label> <select id="sort"></select></span></form>
<table class="wide workloads"><colgroup>${Array.from({ length: COLUMNS }, () => html`<col>`)}</colgroup><thead><tr><th scope="col">Workload<th scope="col">Namespace<th scope="col">Decision
<th scope="col">Regions<th scope="col" class="number">Pods<th scope="col" class="number">${now}<th scope="col" class="number">at home
<th scope="col" class="number">placed<th scope="col" class="number">embodied<th scope="col" class="number">alternative</thead>
`.markup;
  const groups = Map.groupBy(shown, groupOf);
  const ofAll = Map.groupBy(report.workloads, groupOf);
  for (const [group, some] of groups) {
    const heading = groups.size > 1 && headingOf(group, ofAll.get(group) ?? some, COLUMNS);
    yield html`<tbody>${heading}
`.markup;
    for (const workload of some) yield row(workload, now).markup;
    yield '</tbody>';
  }
  yield '</table></section>\n';
}

function row(workload: AuditedWorkload, now: string): Html {
  const { namespace, kind, name, mode, reason, regions, isRanked, pods, gramsPerHour, judgedBy, embodied } = workload;
  const { asWritten, atHome, placed } = gramsPerHour;
  const verdict = verdictOf(workload);
  const isRefused = workload.decision === 'deny' || isFinding(workload);
  // Nothing stands among its regions: its reason has their room, too.
  const by = judgedBy === 'pod template' && html`<span class="kind">judged by its pod template</span>`;
  return html`<tr${workload.decision === 'deny' && regions.length === 0 && html` class="denied"`}><th scope="row" data-value="${name}">${name}<span class="kind">${kind}</span>${by}
${cell('namespace', html`${namespace} <span class="mark">${mode}</span>`)}
<td data-label="decision"><b class="decision ${verdict}">${verdict}</b> <span title="${AUDIT_REASONS[reason]}">${reasonWord(reason)}</span>${(isRefused || reason === 'daemonset_outside' || isLeftByAsks(workload)) && why(workload)}${whereMisplaced(workload)}
${cell('regions', regions.length > 0 && html`${!isRanked && regions.length > 1 && html`<span class="mark">any of</span> `}${regionList(regions)}`)}
${number(pods, 'pods', String(pods))}${grams(asWritten, now)}${grams(atHome, 'at home')}${grams(placed, 'placed')}${number(embodied.gramsPerHour, 'embodied', formatEmbodied(embodied))}${cleaner(workload)}</tr>
`;
}

function whereMisplaced(workload: AuditedWorkload): Html | false {
  const { misplaced, pods } = workload;
  return (
    !!misplaced &&
    html`<span class="why">${misplaced} of ${count(pods, 'pod')} run where the policy refuses them: ${misplacedPlaces(workload)}</span>`
  );
}

/** The rest is in the report as data. */
function regionList(regions: readonly string[]): Html {
  const more = regions.length - MOST_REGIONS;
  const named = regions.slice(0, MOST_REGIONS).map((region) => html`<span class="region">${region}</span> `);
  return html`${named}${more > 0 && html`<span class="mark">+${more}</span>`}`;
}

function why(workload: AuditedWorkload): Html {
  const { place } = workload;
  return html`<details class="why"><summary>${fullMessage(workload)}</summary>${place !== null && html`${place.file}:${place.line}`}</details>`;
}

function cleaner({ alternative }: AuditedWorkload): Html {
  if (!alternative) return number(null, 'alternative', '-');
  const { region, gramsPerHour } = alternative;
  return number(
    gramsPerHour,
    'alternative',
    html`${formatGramsPerHour(gramsPerHour)}<span class="kind">${region}</span>`,
  );
}

function grams(gramsPerHour: number | null, label: string): Html {
  return number(gramsPerHour, label, formatGramsPerHour(gramsPerHour));
}

function number(value: number | null, label: string, text: string | Html): Html {
  return html`<td class="number" data-label="${label}" data-value="${value ?? ''}">${text}
`;
}

function wrongNamespaces({ wrongNamespaces: all }: AuditReport): Html {
  const shown = all.slice(0, MOST_LISTED);
  const more = all.length - shown.length;
  const entries = shown.map(
    ({ namespace, place, mistakes }) =>
      html`<li><b>${namespace}</b>${place !== null && ` (${place.file}:${place.line})`}: ${mistakes.join('; ')}</li>`,
  );
  return html`${
    all.length > 0 &&
    html`<section id="wrong-namespaces"><h2>Namespaces annotated wrongly</h2>
<ul>${entries}${more > 0 && html`<li>and ${more} more; --output json has all</li>`}</ul></section>
`
  }`;
}

function leftOut(report: AuditReport, shown: number): Html {
  const { workloads, passedOver, notJudged, noObjects, broken, totals: all, policySignal } = report;
  const rows = workloads.length - shown;
  const entries: readonly (string | false)[] = [
    rows > 0 && `${count(rows, 'workload')} not in the table.`,
    all.balance.withoutFigure > 0 &&
      `${count(all.balance.withoutFigure, 'workload')} without a figure, left out of sums and charts: no reading is known.`,
    listed('Not judged, of kinds that gridgate does not know', notJudged),
    listed('Passed over, without pods', passedOver),
    listed('Passed over, no Kubernetes objects', pluralOf(noObjects)),
    ...broken.slice(0, MOST_LISTED).map((message) => `Could not be read: ${message}`),
    broken.length > MOST_LISTED && `${broken.length - MOST_LISTED} more could not be read.`,
  ];
  const said = entries.filter((entry) => entry !== false);
  return html`<section id="left-out"><h2>Left out</h2>
${said.length === 0 ? html`<p class="hint">Nothing.</p>` : html`<ul>${said.map((entry) => html`<li>${entry}</li>`)}</ul>`}
<p class="hint">Operational emissions of requested vCPU and memory, unless a figure is called embodied${policySignal.startsWith('average') && ', with an average signal: attribution, not consequence'}.</p></section>
`;
}

/** Most first. */
function listed(title: string, counts: Readonly<Record<string, number>>): string | false {
  const all = Object.entries(counts).sort(([, a], [, b]) => b - a);
  const said = all.slice(0, MOST_LISTED).map(([what, number]) => `${number} ${what}`);
  return all.length > 0 && `${title}: ${said.join(', ')}${all.length > said.length ? ', …' : ''}.`;
}
