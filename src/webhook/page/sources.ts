import { type Html, html } from '../../page/html.ts';
import { formatAge, isoTime } from '../../units/moment.ts';
import type { SourceStatus, Status } from './status.ts';

/** Where readings and outages come from, with what their requests came to; nothing when this replica asks nobody. */
export function sourcesSection({ sources, now }: Status): Html {
  if (!sources) return html``;
  return html`<section id="sources"><h2>Sources</h2>
${sources.length === 0 ? NO_SOURCE : sourcesTable(sources, now)}</section>`;
}

const NO_SOURCE = html`<p class="hint">No source is configured: fixed values and yearly averages count.</p>`;

function sourcesTable(sources: readonly SourceStatus[], now: number): Html {
  return html`<table class="wide sources"><thead>
<tr><th scope="col">Source<th scope="col">Last success<th scope="col">Requests<th scope="col">Problem</thead>
<tbody>${sources.map((source) => sourceRow(source, now))}</tbody></table>`;
}

function sourceRow({ name, lastOkAt, outcomes, problem }: SourceStatus, now: number): Html {
  const isAsked = Object.keys(outcomes).length > 0;
  const counts = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  const success =
    lastOkAt === undefined
      ? isAsked && 'never'
      : html`<time datetime="${isoTime(lastOkAt)}">${formatAge(now - lastOkAt)}</time> ago`;
  return html`<tr><th scope="row">${name}<td>${success}
<td>${isAsked ? counts.join(' · ') : 'none: no region needed it'}<td class="problem">${problem}</tr>`;
}

/** How long each watch of the API server has been silent. */
export function watchesSection({ watches }: Status): Html {
  if (!watches || Object.keys(watches).length === 0) return html``;
  const rows = Object.entries(watches).map(
    ([resource, seconds]) => html`<tr><th scope="row">${resource}<td class="number">${formatAge(seconds * 1000)}</tr>`,
  );
  return html`<section id="watches"><h2>Watches</h2>
<table><thead>
<tr><th scope="col">Resource<th scope="col" class="number">Last event</thead>
<tbody>${rows}</tbody></table></section>`;
}
