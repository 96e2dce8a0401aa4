import { formatWholeGrams } from '../../decision/messages.ts';
import type { WaitingWork } from '../../decision/waiting-work.ts';
import { cell } from '../../page/cell.ts';
import { type Html, html } from '../../page/html.ts';
import { formatDuration } from '../../units/duration.ts';
import { isoTime, shortAge } from '../../units/moment.ts';
import { toTenth } from '../../units/to-tenth.ts';
import type { Status } from './status.ts';
import { shortTime, timelines } from './timeline.ts';

/** More are behind a click, and those after them in the command's list. */
const MOST_ROWS = 20;
const MOST_FOLDED = 200;
const TITLES = ['Owner', 'Pods', 'Waits', 'Until', 'Deadline', 'Now', 'Expected', 'Saving', 'Region'] as const;
const COLUMNS = TITLES.length;
const NUMBERS: ReadonlySet<string> = new Set(['Pods', 'Waits', 'Now', 'Expected', 'Saving']);

/**
 * What waits for a cleaner hour: where its starts are planned on the forecast, and each owner in a row.
 *
 * | this replica                     | shows                |
 * | -------------------------------- | -------------------- |
 * | knows of no waiting at all       | nothing              |
 * | does not lead                    | who knows            |
 * | leads, and cannot see it         | why                  |
 * | leads                            | charts and rows      |
 */
export function waitingSection(status: Status): Html {
  const { waiting, now } = status;
  if (waiting === undefined) return html``;
  if (waiting === 'elsewhere')
    return section(
      html`The replica that leads the controllers knows: its page draws it, and <code>gridgate waiting -A</code> lists it.`,
    );
  if ('unknown' in waiting)
    return section(
      html`<b class="problem">What waits is not known:</b> ${waiting.unknown}. Nothing is let go meanwhile, and new pods do not wait.`,
    );
  if (waiting.length === 0) return section(html`Nothing waits now.`);
  const [shown, folded] = [waiting.slice(0, MOST_ROWS), waiting.slice(MOST_ROWS, MOST_ROWS + MOST_FOLDED)];
  const more = waiting.length - shown.length - folded.length;
  return section(
    html`${tellAll(waiting, now)}`,
    html`${timelines(status, waiting)}
${table(shown, now)}
${folded.length > 0 && html`<details id="more-waiting"><summary>${folded.length} more</summary>${table(folded, now)}</details>`}
${more > 0 && html`<p class="hint">And ${more} more: <code>gridgate waiting -A</code> lists them.</p>`}`,
  );
}

function section(hint: Html, rest: Html = html``): Html {
  return html`<section id="waiting"><h2>Waiting for cleaner hours</h2>
<p class="hint">${hint}</p>
${rest}</section>`;
}

function tellAll(waiting: readonly WaitingWork[], now: number): string {
  const pods = waiting.reduce((sum, one) => sum + one.pods, 0);
  const late = waiting.filter(({ latestStart }) => latestStart < now).length;
  const next = Math.min(...waiting.map(({ notBefore }) => notBefore));
  return [
    `${waiting.length} ${waiting.length === 1 ? 'start is' : 'starts are'} planned, of ${pods} ${pods === 1 ? 'pod' : 'pods'}; the next at ${shortTime(next, now)} UTC.`,
    ...(late > 0 ? [`${late} ${late === 1 ? 'is' : 'are'} past the deadline: \`gridgate release --overdue\`.`] : []),
    'gCO2e/kWh, means over a run: had it started when it came, and as planned.',
  ].join(' ');
}

function table(rows: readonly WaitingWork[], now: number): Html {
  const heads = TITLES.map(
    (title) => html`<th scope="col"${NUMBERS.has(title) && html` class="number"`}>${title}</th>`,
  );
  return html`<table class="wide waits"><colgroup>${Array.from({ length: COLUMNS }, () => html`<col>`)}</colgroup>
<thead><tr>${heads}</tr></thead>
<tbody>${rows.map((row) => renderRow(row, now))}</tbody></table>`;
}

function renderRow(work: WaitingWork, now: number): Html {
  const { namespace, owner, pods, since, notBefore, latestStart, lengthMs, region, now: grams, planned } = work;
  const isLate = latestStart < now;
  const saving = grams && planned !== undefined ? savingInWords(grams, planned) : undefined;
  const number = (title: (typeof TITLES)[number], text: string | undefined) => cell(title, text, 'number');
  return html`<tr><th scope="row">${owner.kind}/${owner.name} <span class="mark">${namespace}</span></th>
${number('Pods', String(pods))}${number('Waits', shortAge(now - since))}
${cell('Until', html`${time(notBefore, now)} <span class="mark">for ${formatDuration(lengthMs)}</span>`)}
${cell('Deadline', html`${time(latestStart, now)}${isLate && html` <b class="verdict bad">overdue</b>`}`)}
${number('Now', grams === undefined ? undefined : formatWholeGrams(grams))}${number('Expected', planned === undefined ? undefined : formatWholeGrams(planned))}${number('Saving', saving)}
${cell('Region', region)}</tr>
`;
}

/** As `gridgate waiting` says it, of figures that are cut to a tenth. */
function savingInWords(now: number, planned: number): string {
  return `${toTenth((1 - toTenth(planned) / toTenth(now)) * 100).toFixed(0)}%`;
}

function time(ms: number, now: number): Html {
  return html`<time datetime="${isoTime(ms)}">${shortTime(ms, now)}</time>`;
}
