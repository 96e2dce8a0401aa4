import { formatGrams } from '../../decision/messages.ts';
import { type Html, html } from './html.ts';
import { formatAge, isoTime } from './moment.ts';
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
<dl>${tile('This replica', unready.length === 0 ? 'ready' : 'not ready', status.roles?.join(' and '))}
${tile('Leader', leadership(status.leader), status.leader === false && 'another replica may lead')}
${tile('Cleanest now', best?.name ?? 'unknown', reading && `${formatGrams(reading.gramsPerKwh)} gCO2e/kWh`)}
${tile('Outages', down.length === 0 ? 'none' : `${down.length} of ${regions.length}`, down.length > 0 && namesOf(down))}
${tile('Policy signal', snapshot.policySignal, `${regions.length} regions`)}
${tile('Snapshot', age, 'replaced when something changes')}</dl></section>`;
}

function tile(name: string, value: string | Html, more: string | false | undefined): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd>${more && html`<dd class="more">${more}</dd>`}</div>`;
}

function leadership(leader: boolean | undefined): string {
  if (leader === undefined) return 'no election here';
  return leader ? 'this replica' : 'not this replica';
}

const MOST_NAMED = 3;

function namesOf(regions: readonly { readonly name: string }[]): string {
  const named = regions.slice(0, MOST_NAMED).map(({ name }) => name);
  const rest = regions.length - named.length;
  return [...named, ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}
