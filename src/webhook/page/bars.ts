import { formatGrams } from '../../decision/messages.ts';
import { type Html, html } from '../../page/html.ts';
import type { Band, BandThresholds } from '../../regions/band.ts';
import type { Reading } from '../../regions/reading.ts';
import type { Status } from './status.ts';

/** What all bars of a page are drawn against. */
export interface Scale {
  /** The intensity at the right end, gCO2e/kWh. */
  readonly end: number;
  readonly thresholds: BandThresholds | undefined;
}

/** Round, and with room above the thresholds. */
export function scaleOf({ regions, thresholds }: Status): Scale {
  const greatest = Math.max(thresholds?.[1] ?? 0, ...regions.map(({ reading }) => reading?.gramsPerKwh ?? 0));
  return { end: Math.max(100, Math.ceil((greatest * 1.04) / 50) * 50), thresholds };
}

/** A reading as a bar; without a band it is grey. What it says stands in numbers beside it. */
export function bar({ gramsPerKwh, freshness }: Reading, band: Band | undefined, scale: Scale): Html {
  const look = `${band ?? 'none'}${freshness === 'fresh' ? '' : ' pale'}`;
  const marks = scale.thresholds?.map((mark) => percent(mark, scale));
  return html`<svg class="bar" aria-hidden="true"><rect class="track" width="100%" height="100%" rx="3"/>
<rect class="fill ${look}" width="${percent(gramsPerKwh, scale)}%" height="100%" rx="3"/>
${marks?.map((mark) => html`<line x1="${mark}%" x2="${mark}%" y2="100%"/>`)}</svg>`;
}

/** The thresholds over the column of bars. */
export function scaleMarks(scale: Scale): Html {
  const { thresholds } = scale;
  if (!thresholds) return html``;
  const marks = thresholds.map((mark) => html`<text x="${percent(mark, scale)}%" y="12">${formatGrams(mark)}</text>`);
  const label = `thresholds ${thresholds.map(formatGrams).join(' and ')}`;
  return html`<svg class="scale" role="img" aria-label="${label}">${marks}</svg>`;
}

function percent(grams: number, { end }: Scale): number {
  return Math.round((grams / end) * 1000) / 10;
}
