import { formatGrams } from '../../decision/messages.ts';
import { type Html, html } from '../../page/html.ts';
import type { BandThresholds } from '../../regions/band.ts';
import type { RegionView } from '../../regions/snapshot.ts';
import { toTenth } from '../../units/to-tenth.ts';

export type ForecastPoints = NonNullable<RegionView['forecast']>;
type Point = ForecastPoints[number];

/** From the left to the right edge. */
export interface Window {
  /** Epoch milliseconds. */
  readonly from: number;
  readonly windowMs: number;
}

/** From the bottom to the top edge, gCO2e/kWh. */
export interface Scale {
  readonly bottom: number;
  readonly top: number;
}

const WIDTH = 240;
/** The part of the greatest value that a scale spans at least, so that a calm day does not look like a wild one. */
const LEAST_SPAN = 0.1;

/** Round numbers close around these. */
export function scaleAround(grams: readonly number[]): Scale {
  const [least, greatest] = [Math.min(...grams), Math.max(...grams)];
  const span = Math.max(greatest - least, greatest * LEAST_SPAN, 4);
  const from = Math.max(0, (least + greatest - span) / 2);
  const step = roundStep(span / 4);
  return { bottom: Math.floor(from / step) * step, top: Math.ceil((from + span) / step) * step };
}

/** 1, 2 or 5, or these times a power of 10. */
function roundStep(about: number): number {
  const power = 10 ** Math.floor(Math.log10(about));
  return power * ([1, 2, 5].find((one) => one * power >= about) ?? 10);
}

/**
 * A forecast as a line twice, on a scale of its own and on one that all charts have: the page shows one of them, with its
 * numbers. Drawn in grams, so that the second is the first seen through another window. Dotted where one of a piece's ends is
 * yesterday's. `id` is unique on the page.
 */
export function lineChart(
  points: ForecastPoints,
  {
    id,
    label,
    window,
    common,
    thresholds,
  }: {
    readonly id: string;
    readonly label: string;
    readonly window: Window;
    readonly common: Scale;
    readonly thresholds: BandThresholds | undefined;
  },
): Html {
  const own = scaleAround(points.map(({ gramsPerKwh }) => gramsPerKwh));
  const colours = thresholds ? 'banded' : 'plain';
  const lines = html`<g id="${id}"><path class="${colours}" d="${pieces(points, window, false)}"/>
<path class="${colours} stand-in" d="${pieces(points, window, true)}"/></g>`;
  const view = (name: string, scale: Scale, drawn: Html) => html`<span class="${name}">${formatGrams(scale.top)}</span>
<svg class="line ${name}" viewBox="0 ${-scale.top} ${WIDTH} ${scale.top - scale.bottom}" preserveAspectRatio="none" role="img"
aria-label="${label}, on a scale from ${formatGrams(scale.bottom)} to ${formatGrams(scale.top)}">${marks(scale, thresholds)}${drawn}</svg>
<span class="${name}">${formatGrams(scale.bottom)}</span>`;
  return html`${view('own', own, lines)}${view('common', common, html`<use href="#${id}"/>`)}`;
}

function marks({ bottom, top }: Scale, thresholds: BandThresholds | undefined): Html {
  const within = thresholds?.filter((mark) => mark > bottom && mark < top) ?? [];
  return html`${within.map((mark) => html`<path class="threshold" d="M0 ${-mark}H${WIDTH}"/>`)}`;
}

/** Colours every line by the band that it runs through, on whatever scale it is drawn. */
export function bandColours(thresholds: BandThresholds | undefined): Html {
  if (!thresholds) return html``;
  const end = thresholds[1] * 2;
  const [low, high] = thresholds.map((mark) => (mark / end).toFixed(4));
  return html`<svg class="palette" aria-hidden="true">
<linearGradient id="bands" gradientUnits="userSpaceOnUse" x1="0" x2="0" y1="0" y2="${-end}">
<stop offset="${low}" class="low"/><stop offset="${low}" class="medium"/>
<stop offset="${high}" class="medium"/><stop offset="${high}" class="high"/></linearGradient></svg>`;
}

function pieces(points: ForecastPoints, window: Window, standIn: boolean): string {
  return points
    .map((point, i) => {
      const before = points[i - 1];
      const drawn = before && (before.standIn === true || point.standIn === true) === standIn;
      return drawn ? `M${place(before, window)}L${place(point, window)}` : '';
    })
    .join('');
}

/** Grams grow upwards. */
function place({ from, gramsPerKwh }: Point, window: Window): string {
  return `${toTenth(((from - window.from) / window.windowMs) * WIDTH)} ${toTenth(-gramsPerKwh)}`;
}
