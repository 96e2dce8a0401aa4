import { formatGrams } from '../../decision/messages.ts';
import { cell } from '../../page/cell.ts';
import { type Html, html } from '../../page/html.ts';
import { OUTAGE_STRIPES, outageWord } from '../../page/outage.ts';
import { MANUAL } from '../../regions/outage-by-hand.ts';
import type { Reading } from '../../regions/reading.ts';
import type { Outage, RegionView } from '../../regions/snapshot.ts';
import { formatAge, isoTime } from '../../units/moment.ts';
import { bar, type Scale, scaleMarks, scaleOf } from './bars.ts';
import { isDistrusted, rankedReading, type Status, type Unranked, whyUnranked } from './status.ts';

/** More that are ranked are behind a click. */
const MOST_ROWS = 30;
/** So many that are not ranked are shown without one. */
const FEW_UNRANKED = 3;
const COLUMNS = 6;

const UNRANKED = [
  ['another signal', "Another signal than the policy's: shown, not ranked", 'of another signal'],
  ['no reading', 'No reading', 'without a reading'],
  ['no nodes', 'No nodes, and none may come', 'without nodes'],
] as const satisfies readonly (readonly [why: Unranked, title: string, told: string])[];

/** The regions ranked, each with a bar; what is not ranked stands quietly below. */
export function regionsSection(status: Status): Html {
  const { regions } = status;
  const groups = Map.groupBy(regions, (region) => whyUnranked(region, status));
  const ranked = groups.get(undefined) ?? [];
  const scale = scaleOf(status, ranked);
  const rows = (
    some: readonly RegionView[],
  ) => html`<tbody>${some.map((region) => regionRow(region, status, scale))}</tbody>
`;
  const [first, more] = [ranked.slice(0, MOST_ROWS), ranked.slice(MOST_ROWS)];
  const rest = UNRANKED.flatMap(([why, title, told]) => {
    const some = groups.get(why) ?? [];
    return some.length > 0 ? [{ some, title, told }] : [];
  });
  return html`<section id="regions"><h2>Regions, cleanest first</h2>
${OUTAGE_STRIPES}<p class="hint">${legend(status)} Pale: stale readings and yearly averages. Striped: in outage.</p>
${first.length > 0 && regionsTable(scale, rows(first))}
${more.length > 0 && html`<details id="more-regions"><summary>${tellMore(more)}</summary>${regionsTable(scale, rows(more))}</details>`}
${regions.length === 0 && html`<p class="hint">No region is known yet.</p>`}
${
  rest.length > 0 &&
  html`<details id="unranked" class="quiet"${regions.length - ranked.length <= FEW_UNRANKED && html` open`}>
<summary>Not ranked: ${rest.map(({ some, told }) => `${some.length} ${told}`).join(', ')}</summary>
${regionsTable(
  scale,
  html`${rest.map(
    ({ some, title }) => html`<tbody>${heading(title)}${some.map((region) => regionRow(region, status, scale))}</tbody>
`,
  )}`,
)}</details>`
}</section>`;
}

function tellMore(more: readonly RegionView[]): Html {
  const down = more.filter(({ outage }) => outage?.active).length;
  const upTo = more.at(-1)?.reading?.gramsPerKwh;
  return html`${more.length} more${upTo !== undefined && `, up to ${formatGrams(upTo)} gCO2e/kWh`}${down > 0 && html`, ${outageWord(`${down} in outage`)}`}`;
}

function regionsTable(scale: Scale, bodies: Html): Html {
  return html`<table class="wide regions"><colgroup>${Array.from({ length: COLUMNS }, () => html`<col>`)}</colgroup>
<thead><tr><th scope="col">Region<th scope="col" class="number">gCO2e/kWh<th scope="col">${scaleMarks(scale)}
<th scope="col">Band<th scope="col">Source<th scope="col">Age</thead>
${bodies}</table>`;
}

function heading(title: string): Html {
  return html`<tr class="heading"><th colspan="${COLUMNS}" scope="rowgroup">${title}</tr>`;
}

function legend({ thresholds }: Status): Html {
  if (!thresholds) return html`Bands are relative: every region has thresholds of its own.`;
  const [low, high] = thresholds.map(formatGrams);
  return html`Bands: <b class="band low">low</b> up to ${low}, <b class="band medium">medium</b> up to ${high},
<b class="band high">high</b> above, with hysteresis.`;
}

function regionRow(region: RegionView, status: Status, scale: Scale): Html {
  const { name, reading, outage } = region;
  const ranked = rankedReading(region, status) !== undefined;
  // A band is of the policy signal.
  const band = ranked ? region.band : undefined;
  const down = outage?.active === true;
  return html`<tr${down && html` class="down"`}><th scope="row">${name}${outage && outageNote(outage)}
<td class="number" data-label="gCO2e/kWh">${reading ? formatGrams(reading.gramsPerKwh) : 'unknown'}
<td class="chart">${reading && bar(reading, band, scale)}
${cell('band', band && html`<b class="band ${band}">${band}</b>`)}
${cell('source', reading && sourceOf(reading, ranked))}
${cell('age', reading && ageOf(reading, status.now))}</tr>
`;
}

function outageNote(outage: Outage): Html | false {
  const { active, reason = 'no reason given', sources } = outage;
  if (active) return html`<span class="why-down">${outageWord()} ${reason} (${saidBy(sources)})</span>`;
  return isDistrusted(outage) && html`<span class="mark">called down, not counted (${saidBy(sources)})</span>`;
}

function saidBy(sources: Outage['sources']): string {
  if (sources.length === 0) return 'nobody says so';
  return sources.map((source) => (source === MANUAL ? 'set by hand' : `says ${source}`)).join(', ');
}

function sourceOf({ source, signal, estimated, freshness }: Reading, ranked: boolean): Html {
  const marks = [...(ranked ? [] : [signal]), ...(estimated && freshness !== 'embedded' ? ['estimated'] : [])];
  return html`${source}${marks.map((mark) => html` <span class="mark">${mark}</span>`)}`;
}

function ageOf({ source, freshness, measuredAt }: Reading, now: number): Html {
  if (freshness === 'embedded') return html`<span class="mark">yearly average</span>`;
  if (source === 'static') return html`<span class="mark">fixed value</span>`;
  if (measuredAt === undefined) return html``;
  const age = html`<time datetime="${isoTime(measuredAt)}">${formatAge(now - measuredAt)}</time>`;
  return freshness === 'stale' ? html`${age} <span class="mark">stale</span>` : age;
}
