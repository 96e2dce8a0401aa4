import { drawBar } from '../../page/bar.ts';
import { cell } from '../../page/cell.ts';
import { type Html, html } from '../../page/html.ts';
import { STYLE } from '../../page/style.ts';
import { tile } from '../../page/tile.ts';
import { formatHours, formatKilograms, formatPercent, tellWork } from './figures.ts';
import type { SimulatedRegion, SimulatedStrategy, SimulateReport } from './report.ts';

/** No script, and nothing from anywhere. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";
const OWN_STYLE = `
.lead{margin:0 0 .6rem;font-size:1rem}.lead b{font-size:2rem;letter-spacing:-.02em}
.strategies{table-layout:fixed}.strategies col:first-child{width:24%}.strategies col:nth-child(2){width:26%}
.strategies thead td{border:0}.strategies tr.ours th{color:var(--accent)}
@media(max-width:640px){.strategies .chart{flex:1 1 100%}}
`;
/** Of a day's panel. */
const [WIDTH, HEIGHT] = [240, 80];

/** One self-contained page: what gridgate avoids, a bar for each way, and when each region is clean. */
export function renderSimulateHtml(report: SimulateReport): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>gridgate simulate</title>
<link rel="icon" href="data:,">
<style>${{ markup: STYLE + OWN_STYLE }}</style></head><body>
<header><h1>gridgate simulate</h1><p>${tellWork(report)}</p></header>
<main>
${headline(report)}
${strategiesSection(report)}
${regionsSection(report)}
</main></body></html>
`.markup;
}

function headline({ strategies, baselineGrams, home, slackHours, work, jobs }: SimulateReport): Html {
  const ours = strategies.findLast(isOurs);
  const foresight = strategies.at(-1);
  const avoided = ours?.avoidedPercent ?? null;
  const isWaiting = work === 'jobs';
  return html`<section id="headline" aria-label="What gridgate avoids">
<p class="lead"><b>${formatPercent(avoided === null ? null : Math.abs(avoided))}</b> ${(avoided ?? 0) < 0 ? 'more' : 'less'} CO2e with gridgate<span class="mark">, against starting at once in ${home}</span></p>
<dl>${tile('At home, at once', `${formatKilograms(baselineGrams)} kg`, 'operational CO2e of CPUs')}
${ours && tile('gridgate', `${formatKilograms(ours.grams)} kg`, `${formatPercent(ours.foresightPercent)} of what perfect foresight avoids`)}
${foresight && tile('Perfect foresight', `${formatKilograms(foresight.grams)} kg`, `${formatPercent(foresight.avoidedPercent)} less, as nobody can know beforehand`)}
${isWaiting && ours && tile('Wait', formatHours(ours.meanWaitHours), `on average, of ${formatHours(slackHours)} at most; ${jobs} jobs`)}
${!isWaiting && ours && tile('Moves', ours.movesADay.toFixed(2), 'a day')}</dl></section>`;
}

function isOurs({ name }: SimulatedStrategy): boolean {
  return name.startsWith('gridgate');
}

function strategiesSection(report: SimulateReport): Html {
  const { strategies, work } = report;
  const most = Math.max(1e-9, ...strategies.map(({ grams }) => grams));
  const isWaiting = work === 'jobs';
  const hasCost = strategies.some(({ cost }) => cost !== null);
  const hasLate = strategies.some(({ late }) => late > 0);
  const titles = [
    'kg CO2e',
    'Avoided',
    'Of foresight',
    'Moves a day',
    ...(isWaiting ? ['Wait'] : []),
    ...(hasCost ? ['Cost'] : []),
    ...(hasLate ? ['Late'] : []),
  ];
  const figures = (one: SimulatedStrategy) => [
    formatKilograms(one.grams),
    formatPercent(one.avoidedPercent),
    formatPercent(one.foresightPercent),
    one.movesADay.toFixed(2),
    ...(isWaiting ? [formatHours(one.meanWaitHours)] : []),
    ...(hasCost ? [one.cost === null ? '-' : one.cost.toFixed(2)] : []),
    ...(hasLate ? [String(one.late)] : []),
  ];
  return html`<section><h2>Ways to choose where and when</h2>
<p class="hint">Nothing is known before its hour, but to perfect foresight. ${hasLate && 'Late: found no room in time; what such rows emit does not compare.'}</p>
<table class="wide strategies"><colgroup><col><col></colgroup><thead><tr><th scope="col">Way</th><td></td>${titles.map((title) => html`<th scope="col" class="number">${title}</th>`)}</tr></thead>
<tbody>${strategies.map(
    (one) => html`<tr${isOurs(one) && html` class="ours"`}><th scope="row">${one.name}</th>
<td class="chart">${drawBar(one.grams / most, isOurs(one) ? 'low' : '')}</td>${figures(one).map((text, index) => cell(titles[index] ?? '', text, 'number'))}</tr>
`,
  )}</tbody></table></section>`;
}

function regionsSection({ regions, home }: SimulateReport): Html {
  return html`<section><h2>When regions are clean</h2>
<p class="hint">Mean gCO2e/kWh of each hour of the day, UTC; each panel has its own scale.</p>
<div class="cards">${regions.map((region) => dayPanel(region, region.region === home))}</div></section>`;
}

function dayPanel({ region, byHour, meanGramsPerKwh, missingHours, capacity }: SimulatedRegion, isHome: boolean): Html {
  const [least, most] = [Math.min(...byHour), Math.max(...byHour)];
  const range = most - least || 1;
  const points = byHour.map((grams, hour) => `${(hour * WIDTH) / 23},${round(HEIGHT * (1 - (grams - least) / range))}`);
  const facts = [
    `mean ${Math.round(meanGramsPerKwh)}`,
    ...(missingHours > 0 ? [`${missingHours} hours missing`] : []),
    ...(capacity === null ? [] : [`${capacity} CPUs`]),
  ];
  return html`<figure><figcaption><b>${region}${isHome && ' (home)'}</b> <span>${facts.join(', ')}</span></figcaption>
<div class="plot"><span>${Math.round(most)}</span><svg class="line" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${`${region}: from ${Math.round(least)} to ${Math.round(most)} gCO2e/kWh over the day`}"><polyline class="plain" points="${points.join(' ')}"/></svg><span>${Math.round(least)}</span>
<p class="axis"><span>00:00</span><span>12:00</span><span>23:00</span></p></div></figure>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
