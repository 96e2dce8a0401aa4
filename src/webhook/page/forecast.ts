import { formatGrams } from '../../decision/messages.ts';
import { type Html, html } from '../../page/html.ts';
import { outageWord } from '../../page/outage.ts';
import type { RegionView } from '../../regions/snapshot.ts';
import { timeOfDay } from '../../units/moment.ts';
import { AHEAD_MS, ahead, cleanest } from './forecast-ahead.ts';
import { bandColours, type ForecastPoints, lineChart, type Scale, scaleAround } from './line-chart.ts';
import { rankedReading, type Status } from './status.ts';

/** Of many regions, the cleanest: the rest is in `/status.json`. */
const MOST_CHARTS = 24;

interface Outlook {
  readonly region: RegionView;
  /** What counts now and what comes within the window; at least two points. */
  readonly points: ForecastPoints;
}

/** A line for each ranked region with a forecast, each on a scale of its own or all on one; nothing when no region has one. */
export function forecastSection(status: Status): Html {
  const { now, thresholds } = status;
  const outlooks = status.regions
    .filter((region) => rankedReading(region, status))
    .map((region) => ({ region, points: ahead(region.forecast ?? [], now) }))
    .filter(({ points }) => points.length > 1);
  if (outlooks.length === 0) return html``;
  const shown = outlooks.slice(0, MOST_CHARTS);
  const all = shown.flatMap(({ points }) => points.map(({ gramsPerKwh }) => gramsPerKwh));
  const common = scaleAround([0, ...(thresholds ?? []), ...all]);
  const across = thresholds && `Lines across, where a scale has them: ${thresholds.map(formatGrams).join(' and ')}.`;
  const more = outlooks.length - shown.length;
  return html`<section id="forecast"><h2>Forecast, next 24 hours</h2>
<p class="hint">gCO2e/kWh, times in UTC. ${across} Dotted: no forecast, yesterday's values stand in.</p>
<input type="checkbox" id="common-scale"> <label for="common-scale">One scale for all, ${formatGrams(common.bottom)} to ${formatGrams(common.top)}, instead of one for each</label>
${bandColours(thresholds)}
<div class="cards">${shown.map((outlook, index) => card(outlook, `line-${index}`, common, status))}</div>
${more > 0 && html`<p class="hint">${more} more regions have a forecast: see <a href="status.json">status.json</a>.</p>`}
</section>`;
}

function card({ region, points }: Outlook, id: string, common: Scale, { now, thresholds }: Status): Html {
  const { gramsPerKwh, from } = cleanest(points) ?? { gramsPerKwh: Number.NaN, from: now };
  const lowest = `lowest ${formatGrams(gramsPerKwh)} ${from === now ? 'now' : `at ${hourOfDay(from)}`}`;
  const note = standInNote(points);
  const hours = [0, 0.5, 1].map((part) => html`<span>${hourOfDay(now + part * AHEAD_MS)}</span>`);
  const label = `${region.name}: ${lowest}`;
  return html`<figure><figcaption><b>${region.name}${region.outage?.active && html` ${outageWord()}`}</b> <span>${lowest}</span></figcaption>
<div class="plot">${lineChart(points, { id, label, window: { from: now, windowMs: AHEAD_MS }, common, thresholds })}
<p class="axis">${hours}</p></div>${note && html`<p class="axis">${note}</p>`}</figure>
`;
}

function standInNote(points: ForecastPoints): string | undefined {
  const standIns = points.filter(({ standIn }) => standIn).length;
  if (standIns === 0) return undefined;
  return standIns === points.length ? 'yesterday stands in' : 'yesterday stands in for some hours';
}

/** `09:00` of the UTC day. */
function hourOfDay(ms: number): string {
  return timeOfDay(ms).slice(0, 5);
}
