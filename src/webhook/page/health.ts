import { cell } from '../../page/cell.ts';
import { type Html, html } from '../../page/html.ts';
import { formatAge, isoTime } from '../../units/moment.ts';
import { andMore } from '../../units/tell-few.ts';
import { isDistrusted, type SourceStatus, type Status, whyWaitingUnknown } from './status.ts';

/** Bookmarks come about every minute; a watch that is silent for so long is opened anew. */
const MOST_SILENT_SECONDS = 240;
/** Certificates are renewed at 2/3 of their lives, the shortest ones live for a day. */
const LEAST_LEFT_MS = 6 * 3_600_000;

interface Fact {
  readonly text: string;
  readonly isWrong?: boolean;
}

/** Whether this replica is in order, in one line with what is wrong in front; watches and sources behind a click, open where something is wrong. */
export function healthSection(status: Status): Html {
  const facts = [
    readiness(status),
    watching(status),
    leading(status),
    releasing(status),
    certified(status),
    asking(status),
    trusting(status),
    { text: `snapshot ${formatAge(status.now - status.snapshot.takenAt)} old` },
  ].filter((fact) => fact !== undefined);
  const [wrong, fine] = [facts.filter(({ isWrong }) => isWrong), facts.filter(({ isWrong }) => !isWrong)];
  const [verdict, look] = wrong.length > 0 ? ['Needs a look', 'verdict bad'] : ['All well', 'verdict'];
  const line = html`<b class="${look}">${verdict}</b> ${wrong.length > 0 && html`<b class="problem">${tell(wrong)}</b> · `}${tell(fine)}`;
  const details = html`${sourcesPart(status)}${watchesTable(status)}`;
  return html`<section id="health"><h2>Health</h2>
${details.markup === '' ? html`<p class="facts-line">${line}</p>` : html`<details id="health-details"${wrong.length > 0 && html` open`}><summary class="facts-line">${line}</summary><div class="pair">${details}</div></details>`}</section>`;
}

function tell(facts: readonly Fact[]): string {
  return facts.map(({ text }) => text).join(' · ');
}

function readiness({ unready, roles }: Status): Fact {
  const as = roles === undefined ? '' : ` as ${roles.join(' and ')}`;
  return unready.length > 0 ? { text: `not ready${as}`, isWrong: true } : { text: `ready${as}` };
}

function watching({ watches }: Status): Fact | undefined {
  const all = Object.entries(watches ?? {});
  if (all.length === 0) return undefined;
  const silent = all.filter(([, seconds]) => isSilent(seconds)).sort(([, a], [, b]) => b - a);
  const [first] = silent;
  if (!first) return { text: all.length === 1 ? 'the watch is current' : `all ${all.length} watches are current` };
  const [resource, seconds] = first;
  return {
    text: `watch of ${resource} silent for ${formatAge(seconds * 1000)}${andMore(silent.length - 1)}`,
    isWrong: true,
  };
}

function isSilent(seconds: number): boolean {
  return seconds > MOST_SILENT_SECONDS;
}

/** Only of a replica that runs for it: one that answers reviews alone does not know. */
function leading({ leader }: Status): Fact | undefined {
  if (leader === undefined) return undefined;
  return { text: leader ? 'this replica leads' : 'another replica leads and asks the sources' };
}

/** A leader that does not see what waits lets nothing go. */
function releasing({ waiting }: Status): Fact | undefined {
  const why = whyWaitingUnknown(waiting);
  return why === undefined ? undefined : { text: `what waits is not known: ${why}`, isWrong: true };
}

function certified({ certificateEnd: end, now }: Status): Fact | undefined {
  if (end === undefined) return undefined;
  const left = end - now;
  if (left <= 0) return { text: `certificate ended ${formatAge(-left)} ago`, isWrong: true };
  if (left < LEAST_LEFT_MS) return { text: `certificate ends in ${formatAge(left)}`, isWrong: true };
  return { text: `certificate until ${isoTime(end).slice(0, 10)}` };
}

function asking({ sources }: Status): Fact | undefined {
  if (!sources) return undefined;
  if (sources.length === 0) return { text: 'no source' };
  const failing = sources.filter(({ problem }) => problem !== undefined);
  const [first] = failing;
  const counts = `sources ${sources.length - failing.length} of ${sources.length}`;
  if (!first) return { text: counts };
  return { text: `${counts}: ${first.name} ${first.problem}${andMore(failing.length - 1)}`, isWrong: true };
}

/** Outages that automatic sources name and that do not count, since they name too many. */
function trusting({ regions }: Status): Fact | undefined {
  const called = regions.filter(({ outage }) => outage && isDistrusted(outage));
  if (called.length === 0) return undefined;
  const sources = [...new Set(called.flatMap(({ outage }) => outage?.sources ?? []))];
  return {
    text: `outage source ${sources.join(', ')} distrusted: calls ${called.length} of ${regions.length} regions down`,
    isWrong: true,
  };
}

/** Where readings and outages come from, with what their requests came to; nothing when this replica asks nobody. */
function sourcesPart({ sources, now }: Status): Html {
  if (!sources) return html``;
  return html`<div id="sources"><h3>Sources</h3>${sources.length === 0 ? NO_SOURCE : sourcesTable(sources, now)}</div>`;
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
  return html`<tr><th scope="row">${name}${cell('last success', success)}
${cell('requests', isAsked ? counts.join(' · ') : 'none: no region needed it')}${cell('problem', problem, 'problem')}</tr>`;
}

/** How long each watch of the API server has been silent. */
function watchesTable({ watches }: Status): Html {
  if (!watches || Object.keys(watches).length === 0) return html``;
  const rows = Object.entries(watches).map(
    ([resource, seconds]) =>
      html`<tr><th scope="row">${resource}${cell('last event', formatAge(seconds * 1000), isSilent(seconds) ? 'number problem' : 'number')}</tr>`,
  );
  return html`<div id="watches"><h3>Watches</h3><table class="wide watches"><thead>
<tr><th scope="col">Resource<th scope="col" class="number">Last event</thead>
<tbody>${rows}</tbody></table></div>`;
}
