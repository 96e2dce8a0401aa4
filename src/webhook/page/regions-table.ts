import { formatGrams } from '../../decision/messages.ts';
import { type Html, html } from '../../page/html.ts';
import type { Reading } from '../../regions/reading.ts';
import type { Outage, RegionView } from '../../regions/snapshot.ts';
import { formatAge, isoTime } from '../../units/moment.ts';
import { bar, type Scale, scaleMarks, scaleOf } from './bars.ts';
import { rankedReading, type Status } from './status.ts';

/** Above so many regions the rows move closer together. */
const MANY_REGIONS = 30;
const COLUMNS = 6;

/** The regions ranked, each with a bar; those that do not compare come after them, unranked. */
export function regionsSection(status: Status): Html {
  const { regions } = status;
  const scale = scaleOf(status);
  const rest = regions.filter((region) => !rankedReading(region, status));
  const group = (title: string | undefined, some: readonly RegionView[]) =>
    some.length > 0 &&
    html`<tbody>${title && heading(title)}${some.map((region) => regionRow(region, status, scale))}</tbody>
`;
  return html`<section id="regions"><h2>Regions, cleanest first</h2>
<p class="hint">${legend(status)} Pale: stale readings and yearly averages. Grey: in outage, or not ranked.</p>
<table class="wide regions${regions.length > MANY_REGIONS && html` many`}">
<thead><tr><th scope="col">Region<th scope="col" class="number">gCO2e/kWh<th scope="col">${scaleMarks(scale)}
<th scope="col">Band<th scope="col">Source<th scope="col">Age</thead>
${group(
  undefined,
  regions.filter((region) => rankedReading(region, status)),
)}${group(
  "Another signal than the policy's: shown, not ranked",
  rest.filter(({ reading }) => reading),
)}${group(
  'No reading',
  rest.filter(({ reading }) => !reading),
)}</table>${regions.length === 0 && html`<p class="hint">No region is known yet.</p>`}</section>`;
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
  return html`<tr${down && html` class="down"`}><th scope="row">${name}${down && outageNote(outage)}
<td class="number">${reading ? formatGrams(reading.gramsPerKwh) : 'unknown'}
<td class="chart">${reading && bar(reading, band, scale)}
<td>${band && html`<b class="band ${band}">${band}</b>`}
<td>${reading && sourceOf(reading, ranked)}
<td>${reading && ageOf(reading, status.now)}</tr>
`;
}

function outageNote({ reason = 'no reason given', sources }: Outage): Html {
  return html`<span class="outage"><b>outage</b> ${reason} (${saidBy(sources)})</span>`;
}

function saidBy(sources: Outage['sources']): string {
  if (sources.length === 0) return 'nobody says so';
  return sources.map((source) => (source === 'manual' ? 'set by hand' : `says ${source}`)).join(', ');
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
