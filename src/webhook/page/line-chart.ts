import { type Html, html } from '../../page/html.ts';
import type { BandThresholds } from '../../regions/band.ts';
import type { RegionView } from '../../regions/snapshot.ts';

export type ForecastPoints = NonNullable<RegionView['forecast']>;
type Point = ForecastPoints[number];

/** What all charts of a page are drawn against, so that they compare at a glance. */
export interface ChartScale {
  /** Epoch milliseconds at the left edge. */
  readonly from: number;
  readonly windowMs: number;
  /** At the top edge, gCO2e/kWh. */
  readonly top: number;
  readonly thresholds: BandThresholds | undefined;
}

const WIDTH = 240;
const HEIGHT = 64;

/** A forecast as a line with the thresholds across; dotted where one of a piece's ends is yesterday's. */
export function lineChart(points: ForecastPoints, scale: ChartScale, label: string): Html {
  const colours = scale.thresholds ? 'banded' : 'plain';
  const marks = scale.thresholds?.map((mark) => html`<path class="threshold" d="M0 ${y(mark, scale)}H${WIDTH}"/>`);
  return html`<svg class="line" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">
${marks}<path class="area ${colours}" d="${areaBelow(points, scale)}"/>
<path class="${colours}" d="${pieces(points, scale, false)}"/>
<path class="${colours} stand-in" d="${pieces(points, scale, true)}"/></svg>`;
}

/** Colours every line by the band that it runs through: all charts have one height and one scale. */
export function bandColours({ thresholds, top }: ChartScale): Html {
  if (!thresholds) return html``;
  const [low, high] = thresholds.map((mark) => (mark / top).toFixed(4));
  return html`<svg class="palette" aria-hidden="true">
<linearGradient id="bands" gradientUnits="userSpaceOnUse" x1="0" x2="0" y1="${HEIGHT}" y2="0">
<stop offset="${low}" class="low"/><stop offset="${low}" class="medium"/>
<stop offset="${high}" class="medium"/><stop offset="${high}" class="high"/></linearGradient></svg>`;
}

function areaBelow(points: ForecastPoints, scale: ChartScale): string {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return '';
  const edge = points.map((point) => `L${place(point, scale)}`).join('');
  return `M${x(first, scale)} ${HEIGHT}${edge}L${x(last, scale)} ${HEIGHT}Z`;
}

function pieces(points: ForecastPoints, scale: ChartScale, standIn: boolean): string {
  return points
    .map((point, i) => {
      const before = points[i - 1];
      const drawn = before && (before.standIn === true || point.standIn === true) === standIn;
      return drawn ? `M${place(before, scale)}L${place(point, scale)}` : '';
    })
    .join('');
}

function place(point: Point, scale: ChartScale): string {
  return `${x(point, scale)} ${y(point.gramsPerKwh, scale)}`;
}

function x({ from }: Point, scale: ChartScale): number {
  return Math.round(((from - scale.from) / scale.windowMs) * WIDTH * 10) / 10;
}

function y(grams: number, { top }: ChartScale): number {
  return Math.round((1 - grams / top) * HEIGHT * 10) / 10;
}
