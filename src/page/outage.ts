import { type Html, html } from './html.ts';

/** The word for an outage: on every page in a colour that nothing else has, with a sign before it that needs no colour. */
export function outageWord(word = 'outage'): Html {
  return html`<b class="outage">${word}</b>`;
}

/** What bars of regions in outage are filled with: stripes, so that no reader needs the colour. Once on a page that has such bars. */
export const OUTAGE_STRIPES = html`<svg class="palette" aria-hidden="true"><pattern id="stripes" width="6" height="6"
patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="stripe" d="M1.5 0V6"/></pattern></svg>`;
