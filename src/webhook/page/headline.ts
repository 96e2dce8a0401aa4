import { formatGrams } from '../../decision/messages.ts';
import { type Html, html } from '../../page/html.ts';
import { outageWord } from '../../page/outage.ts';
import { tile } from '../../page/tile.ts';
import { nameOf, tellFew } from '../../units/tell-few.ts';
import { countDenials } from './decisions.ts';
import { rankedReading, type Status } from './status.ts';

/** What one wants to know at night before anything else: what does not work, where it is clean, what is down, who is denied. */
export function headline(status: Status): Html {
  const { unready, snapshot, regions, decisions } = status;
  const down = regions.filter(({ outage }) => outage?.active);
  const best = regions.find((region) => rankedReading(region, status) && !region.outage?.active);
  const reading = best && rankedReading(best, status);
  const { denied, spared } = countDenials(decisions);
  return html`<section id="headline" aria-label="Now">
${unready.length > 0 && html`<div class="alert"><b>Not ready:</b> ${unready.join('; ')}</div>`}
${status.modeCap && html`<div class="alert"><b>Kill switch:</b> every namespace counts at most as ${status.modeCap}</div>`}
${status.unreadSettings.map(({ setting, problem }) => html`<div class="alert"><b>${setting}:</b> ${problem}</div>\n`)}
<dl>${tile('Cleanest now', best?.name ?? 'unknown', reading && `${formatGrams(reading.gramsPerKwh)} gCO2e/kWh`)}
${tile('Outages', down.length === 0 ? 'none' : outageWord(`${down.length} of ${regions.length}`), down.length > 0 && namesOf(down))}
${tile('Denied', denied === 0 ? 'none' : `${denied} of ${decisions.length}`, toldSpared(decisions.length, spared))}
${tile('Policy signal', snapshot.policySignal, `${regions.length} regions`)}</dl></section>`;
}

const MOST_NAMED = 3;

function namesOf(regions: readonly { readonly name: string }[]): string {
  return tellFew(regions, MOST_NAMED, nameOf).join(', ');
}

function toldSpared(decisions: number, spared: number): string {
  return spared > 0 ? `${spared} more would be in mode enforce` : `of the last ${decisions} decisions`;
}
