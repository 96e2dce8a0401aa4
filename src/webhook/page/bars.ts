import { formatGrams } from '../../decision/messages.ts';
import { drawBar, percentOf } from '../../page/bar.ts';
import { type Html, html } from '../../page/html.ts';
import type { Band, BandThresholds } from '../../regions/band.ts';
import type { Reading } from '../../regions/reading.ts';
import type { RegionView } from '../../regions/snapshot.ts';
import type { Status } from './status.ts';

/** What all bars of a page are drawn against. */
export interface Scale {
  /** The intensity at the right end, gCO2e/kWh. */
  readonly end: number;
  readonly thresholds: BandThresholds | undefined;
}

/** Round, and with room above the thresholds and the regions that are ranked. */
export function scaleOf({ thresholds }: Status, ranked: readonly RegionView[]): Scale {
  const greatest = Math.max(thresholds?.[1] ?? 0, ...ranked.map(({ reading }) => reading?.gramsPerKwh ?? 0));
  return { end: Math.max(100, Math.ceil((greatest * 1.04) / 50) * 50), thresholds };
}

/** A reading as a bar; without a band it is grey. What it says stands in numbers beside it. */
export function bar({ gramsPerKwh, freshness }: Reading, band: Band | undefined, scale: Scale): Html {
  const look = `${band ?? 'none'}${freshness === 'fresh' ? '' : ' pale'}`;
  return drawBar(
    gramsPerKwh / scale.end,
    look,
    scale.thresholds?.map((mark) => mark / scale.end),
  );
}

/** The thresholds over the column of bars. */
export function scaleMarks(scale: Scale): Html {
  const { thresholds } = scale;
  if (!thresholds) return html``;
  const marks = thresholds.map(
    (mark) => html`<text x="${percentOf(mark / scale.end)}%" y="12">${formatGrams(mark)}</text>`,
  );
  const label = `thresholds ${thresholds.map(formatGrams).join(' and ')}`;
  return html`<svg class="scale" role="img" aria-label="${label}">${marks}</svg>`;
}
