import { formatGrams } from '../../decision/messages.ts';
import type { WaitingWork } from '../../decision/waiting-work.ts';
import { type Html, html } from '../../page/html.ts';
import type { RegionView } from '../../regions/snapshot.ts';
import { DAY_MS, HOUR_MS, isoTime } from '../../units/moment.ts';
import { toTenth } from '../../units/to-tenth.ts';
import { type ForecastPoints, type Scale, scaleAround, type Window } from './line-chart.ts';
import type { Status } from './status.ts';

/** A day at least, so that a start in an hour is seen against what comes; as far as forecasts reach at most. */
const [LEAST_WINDOW_MS, MOST_WINDOW_MS] = [DAY_MS, 72 * HOUR_MS];
/** Those with most pods; of starts, the first. */
const MOST_CHARTS = 8;
const MOST_STARTS = 48;
const WIDTH = 480;

/** A forecast with the range in which its readings are expected, where somebody says that. */
type Point = ForecastPoints[number] & { readonly low?: number; readonly high?: number };

/** All that is planned to start in one hour of a region. */
interface Start {
  readonly at: number;
  readonly pods: number;
}

/** For each region in use the forecast with its range, and when pods are planned to start there; nothing where none is forecast. */
export function timelines({ regions, now }: Status, waiting: readonly WaitingWork[]): Html {
  const byRegion = Map.groupBy(waiting, ({ region }) => region);
  const podsIn = ({ name }: RegionView) => (byRegion.get(name) ?? []).reduce((sum, { pods }) => sum + pods, 0);
  const used = regions
    .filter(({ name, forecast }) => byRegion.has(name) && (forecast?.length ?? 0) > 1)
    .sort((a, b) => podsIn(b) - podsIn(a));
  const charts = used.slice(0, MOST_CHARTS).flatMap((region) => {
    const drawn = timeline(region, byRegion.get(region.name) ?? [], now);
    return drawn ? [drawn] : [];
  });
  if (charts.length === 0) return html``;
  const more = used.length - charts.length;
  return html`<p class="hint">Line: forecast, gCO2e/kWh; shaded: where about four readings of five are expected. Dots: planned starts; below, how long they run. Times in UTC.</p>
<div class="cards timelines">${charts}</div>
${more > 0 && html`<p class="hint">${more} more regions have planned starts.</p>`}`;
}

function timeline({ name, forecast = [] }: RegionView, waiting: readonly WaitingWork[], now: number): Html | undefined {
  const lastEnd = Math.max(...waiting.map(({ notBefore, lengthMs }) => notBefore + lengthMs));
  const windowMs = Math.min(MOST_WINDOW_MS, Math.max(LEAST_WINDOW_MS, lastEnd - now));
  const window = { from: now, windowMs };
  const points = within(forecast, window);
  if (points.length < 2) return undefined;
  const scale = scaleAround(
    points.flatMap(({ gramsPerKwh, low, high }) => [gramsPerKwh, low ?? gramsPerKwh, high ?? gramsPerKwh]),
  );
  const starts = startsIn(waiting, now);
  const pods = starts.reduce((sum, start) => sum + start.pods, 0);
  const told = starts.slice(0, 3).map((start) => `${start.pods} at ${shortTime(start.at, now)}`);
  const said = `${pods} ${pods === 1 ? 'pod' : 'pods'}: ${told.join(', ')}${starts.length > 3 ? ', …' : ''}`;
  const axis = [0, 0.25, 0.5, 0.75, 1].map((part) => html`<span>${tick(now + part * windowMs, windowMs)}</span>`);
  return html`<figure><figcaption><b>${name}</b> <span>${said}</span></figcaption>
<div class="plot"><span>${formatGrams(scale.top)}</span><svg class="line" viewBox="0 ${-scale.top} ${WIDTH} ${scale.top - scale.bottom}" preserveAspectRatio="none" role="img"
aria-label="${name}: forecast from ${formatGrams(scale.bottom)} to ${formatGrams(scale.top)} gCO2e/kWh; planned starts of ${said}">${range(points, window)}<path class="plain" d="${line(points, window)}"/>${runs(waiting, window, scale)}${dots(starts, points, window)}</svg><span>${formatGrams(scale.bottom)}</span>
<p class="axis">${axis}</p></div></figure>
`;
}

/** The point that counts now, drawn from now on, those to come within the window, and where the line leaves it. */
function within(forecast: readonly Point[], { from, windowMs }: Window): readonly Point[] {
  const next = forecast.findIndex((point) => point.from > from);
  if (next < 0) return [];
  const current = forecast[next - 1];
  const coming = forecast.slice(next).filter((point) => point.from <= from + windowMs);
  return current ? [{ ...current, from }, ...coming] : coming;
}

function startsIn(waiting: readonly WaitingWork[], now: number): readonly Start[] {
  const byHour = Map.groupBy(waiting, ({ notBefore }) => Math.floor(Math.max(notBefore, now) / HOUR_MS));
  return [...byHour.values()]
    .map((ofHour) => ({
      at: Math.max(now, Math.min(...ofHour.map(({ notBefore }) => notBefore))),
      pods: ofHour.reduce((sum, { pods }) => sum + pods, 0),
    }))
    .sort((a, b) => a.at - b.at)
    .slice(0, MOST_STARTS);
}

function range(points: readonly Point[], window: Window): Html {
  const known = points.filter(({ low, high }) => low !== undefined && high !== undefined);
  if (known.length < 2) return html``;
  const above = known.map(({ from, high = 0 }) => place(from, high, window));
  const below = known.map(({ from, low = 0 }) => place(from, low, window)).reverse();
  return html`<path class="range" d="M${[...above, ...below].join('L')}Z"/>`;
}

function line(points: readonly Point[], window: Window): string {
  return `M${points.map(({ from, gramsPerKwh }) => place(from, gramsPerKwh, window)).join('L')}`;
}

/** Along the bottom, each as long as the run that is planned. */
function runs(waiting: readonly WaitingWork[], { from, windowMs }: Window, { bottom }: Scale): Html {
  const toX = (ms: number) => toTenth(Math.min(1, Math.max(0, (ms - from) / windowMs)) * WIDTH);
  const drawn = new Set(
    waiting.map(({ notBefore, lengthMs }) => `M${toX(notBefore)} ${-bottom}H${toX(notBefore + lengthMs)}`),
  );
  return html`<path class="run" d="${[...drawn].slice(0, MOST_STARTS).join('')}"/>`;
}

/** Lines of no length: their round ends stay round, however a chart is stretched. */
function dots(starts: readonly Start[], points: readonly Point[], window: Window): Html {
  const seen = starts.filter(({ at }) => at <= window.from + window.windowMs);
  const d = seen.map(({ at }) => `M${place(at, gramsAt(points, at), window)}h0`).join('');
  return html`<path class="start" d="${d}"/>`;
}

/** On the line: between two points in proportion. */
function gramsAt(points: readonly Point[], at: number): number {
  const next = points.findIndex(({ from }) => from >= at);
  const [before, after] = [points[next - 1], points[next] ?? points.at(-1)];
  if (!before || !after) return (after ?? points[0])?.gramsPerKwh ?? 0;
  const part = (at - before.from) / (after.from - before.from || 1);
  return before.gramsPerKwh + part * (after.gramsPerKwh - before.gramsPerKwh);
}

/** Grams grow upwards. */
function place(at: number, grams: number, { from, windowMs }: Window): string {
  return `${toTenth(((at - from) / windowMs) * WIDTH)} ${toTenth(-grams)}`;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

/** The hour where the axis spans a day, the day of the week before it where it spans more. */
function tick(ms: number, windowMs: number): string {
  const hour = isoTime(ms).slice(11, 16);
  return windowMs <= DAY_MS ? hour : `${DAYS[new Date(ms).getUTCDay()]} ${hour}`;
}

/** `09:00` of the UTC day, with its date where a day does not tell which. */
export function shortTime(ms: number, now: number): string {
  const text = isoTime(ms);
  return Math.abs(ms - now) < DAY_MS ? text.slice(11, 16) : `${text.slice(5, 10)} ${text.slice(11, 16)}`;
}
