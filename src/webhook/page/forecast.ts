import { formatGrams } from '../../decision/messages.ts';
import { type Html, html } from '../../page/html.ts';
import type { RegionView } from '../../regions/snapshot.ts';
import { timeOfDay } from '../../units/moment.ts';
import { bandColours, type ChartScale, type ForecastPoints, lineChart } from './line-chart.ts';
import { rankedReading, type Status } from './status.ts';

const WINDOW_MS = 24 * 3_600_000;
/** Of many regions, the cleanest: the rest is in `/status.json`. */
const MOST_CHARTS = 24;

interface Outlook {
  readonly region: RegionView;
  /** What counts now and what comes within the window; at least two points. */
  readonly points: ForecastPoints;
}

/** A line for each ranked region with a forecast, all on one scale; nothing when no region has one. */
export function forecastSection(status: Status): Html {
  const outlooks = status.regions
    .filter((region) => rankedReading(region, status))
    .map((region) => ({ region, points: ahead(region.forecast ?? [], status.now) }))
    .filter(({ points }) => points.length > 1);
  if (outlooks.length === 0) return html``;
  const shown = outlooks.slice(0, MOST_CHARTS);
  const scale = scaleOf(shown, status);
  const across = status.thresholds && `Lines across: ${status.thresholds.map(formatGrams).join(' and ')}.`;
  const more = outlooks.length - shown.length;
  return html`<section id="forecast"><h2>Forecast, next 24 hours</h2>
<p class="hint">gCO2e/kWh, one scale for all, times in UTC. ${across} Dotted: no forecast, yesterday's values stand in.</p>
${bandColours(scale)}
<div class="cards">${shown.map((outlook) => card(outlook, scale))}</div>
${more > 0 && html`<p class="hint">${more} more regions have a forecast: see <a href="status.json">status.json</a>.</p>`}
</section>`;
}

function scaleOf(outlooks: readonly Outlook[], { now, thresholds }: Status): ChartScale {
  const grams = outlooks.flatMap(({ points }) => points.map(({ gramsPerKwh }) => gramsPerKwh));
  const greatest = Math.max(1, thresholds?.[1] ?? 0, ...grams);
  return { from: now, windowMs: WINDOW_MS, top: greatest * 1.05, thresholds };
}

/** The point that counts now, drawn from now on, and those to come within the window. */
function ahead(forecast: ForecastPoints, now: number): ForecastPoints {
  const next = forecast.findIndex(({ from }) => from > now);
  if (next < 0) return [];
  const current = forecast[next - 1];
  const coming = forecast.slice(next).filter(({ from }) => from <= now + WINDOW_MS);
  return current ? [{ ...current, from: now }, ...coming] : coming;
}

function card({ region, points }: Outlook, scale: ChartScale): Html {
  const cleanest = points.reduce((best, point) => (point.gramsPerKwh < best.gramsPerKwh ? point : best));
  const when = cleanest.from === scale.from ? 'now' : `at ${hourOfDay(cleanest.from)}`;
  const lowest = `lowest ${formatGrams(cleanest.gramsPerKwh)} ${when}`;
  const note = standInNote(points);
  const hours = [0, 0.5, 1].map((part) => html`<span>${hourOfDay(scale.from + part * WINDOW_MS)}</span>`);
  return html`<figure><figcaption><b>${region.name}</b> <span>${lowest}</span></figcaption>
${lineChart(points, scale, `${region.name}: ${lowest}`)}
<p class="axis">${hours}</p>${note && html`<p class="axis">${note}</p>`}</figure>
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
