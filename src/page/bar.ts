import { type Html, html } from './html.ts';

/**
 * A bar that fills a part (0 to 1, more is cut) of its track, with lines across it at `marks` (parts, too). All charts of bars are made of
 * it; what it says stands in numbers beside it, so that no reader needs it. `look` is the class of its filled part.
 */
export function drawBar(part: number, look: string, marks: readonly number[] = []): Html {
  return html`<svg class="bar" aria-hidden="true"><rect class="track" width="100%" height="100%" rx="3"/>
<rect class="fill ${look}" width="${percentOf(Math.min(1, part))}%" height="100%" rx="3"/>
${marks.map((mark) => html`<line x1="${percentOf(mark)}%" x2="${percentOf(mark)}%" y2="100%"/>`)}</svg>`;
}

/** For attributes of SVG, to a tenth. */
export function percentOf(part: number): number {
  return Math.round(part * 1_000) / 10;
}
