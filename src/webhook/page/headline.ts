import { formatGrams } from '../../decision/messages.ts';
import { type Html, html } from '../../page/html.ts';
import { tile } from '../../page/tile.ts';
import { formatAge, isoTime } from '../../units/moment.ts';
import { nameOf, tellFew } from '../../units/tell-few.ts';
import { rankedReading, type Status } from './status.ts';

/** What one wants to know at night before anything else: does this replica serve, who leads, how old is the picture. */
export function headline(status: Status): Html {
  const { unready, snapshot, now, regions } = status;
  const down = regions.filter(({ outage }) => outage?.active);
  const best = regions.find((region) => rankedReading(region, status) && !region.outage?.active);
  const reading = best && rankedReading(best, status);
  const age = html`<time datetime="${isoTime(snapshot.takenAt)}">${formatAge(now - snapshot.takenAt)}</time> old`;
  return html`<section id="headline">
${unready.length > 0 && html`<div class="alert"><b>Not ready:</b> ${unready.join('; ')}</div>`}
${status.modeCap && html`<div class="alert"><b>Kill switch:</b> every namespace counts at most as ${status.modeCap}</div>`}
${status.unreadSettings.map(({ setting, problem }) => html`<div class="alert"><b>${setting}:</b> ${problem}</div>\n`)}
<dl>${tile('This replica', unready.length === 0 ? 'ready' : 'not ready', status.roles?.join(' and '))}
${status.leader !== undefined && leaderTile(status.leader)}
${tile('Cleanest now', best?.name ?? 'unknown', reading && `${formatGrams(reading.gramsPerKwh)} gCO2e/kWh`)}
${tile('Outages', down.length === 0 ? 'none' : `${down.length} of ${regions.length}`, down.length > 0 && namesOf(down))}
${tile('Policy signal', snapshot.policySignal, `${regions.length} regions`)}
${tile('Snapshot', age, 'replaced when something changes')}</dl></section>`;
}

/** Only of a replica that runs for it: one that answers reviews alone does not know. */
function leaderTile(isLeader: boolean): Html {
  return isLeader
    ? tile('Leader', 'this replica', 'asks the sources and writes')
    : tile('Leader', 'not this replica', 'the one that leads asks the sources');
}

const MOST_NAMED = 3;

function namesOf(regions: readonly { readonly name: string }[]): string {
  return tellFew(regions, MOST_NAMED, nameOf).join(', ');
}
