import { REASONS, type Reason } from '../../decision/reasons.ts';
import { type Html, html } from '../../page/html.ts';
import { outageWord } from '../../page/outage.ts';
import { cutText } from '../../units/cut-text.ts';
import { isoTime, timeOfDay } from '../../units/moment.ts';
import type { RecentDecision } from '../recorder.ts';
import type { Status } from './status.ts';

/** In sight of each reason, of denials and of what was let through; those before them are behind a click. */
const MOST_LINES = { denied: 3, passed: 1 };
const MOST_CHARACTERS = 1_500;

/** A decision with the name of its line, which stays its own when others come. */
interface Line {
  readonly id: string;
  readonly decision: RecentDecision;
}

/** The last decisions of this replica by their reasons, denials first: a line each, the rest behind a click. */
export function decisionsSection({ decisions }: Status): Html {
  const [newest, oldest] = [decisions[0], decisions.at(-1)];
  if (!newest || !oldest)
    return html`<section id="decisions"><h2>Last decisions</h2>
<p class="hint">None since this process started.</p></section>`;
  const byReason = [...Map.groupBy(nameLines(decisions), ({ decision: { outcome } }) => outcome.reason)];
  const { denied, spared } = countDenials(decisions);
  const counts = [
    denied > 0 && `${denied} denied`,
    spared > 0 && `${spared} would be in mode enforce`,
    `${decisions.length - denied - spared} let through`,
  ].filter((count) => count !== false);
  const groups = [true, false].flatMap((isDenial) =>
    byReason.filter(([, lines]) => lines.some(isOfDenial) === isDenial).map(([reason, lines]) => group(reason, lines)),
  );
  return html`<section id="decisions"><h2>Last decisions</h2>
<p class="hint">${counts.join(', ')} since ${timeOfDay(oldest.at)}, times in UTC. The newest of each reason first.</p>
${groups}</section>`;
}

/** How many were denied, and how many only a mode below `enforce` let through. */
export function countDenials(decisions: readonly RecentDecision[]): {
  readonly denied: number;
  readonly spared: number;
} {
  const verdicts = decisions.map(verdictOf);
  return {
    denied: verdicts.filter((verdict) => verdict === 'deny').length,
    spared: verdicts.filter((verdict) => verdict === 'would deny').length,
  };
}

/**
 * What became of it, or would have under `enforce`:
 *
 * | decision | `enforce`, or a write of a namespace | `warn`       | others        |
 * | -------- | ------------------------------------ | ------------ | ------------- |
 * | deny     | `deny`                               | `would deny` | `would deny`  |
 * | steer    | `steer`                              | `steer`      | `would steer` |
 * | allow    | `allow`                              | `allow`      | `allow`       |
 */
function verdictOf({ endpoint, outcome: { decision, mode } }: RecentDecision): string {
  const acts = mode === 'enforce' || endpoint === '/namespaces' || (mode === 'warn' && decision === 'steer');
  return acts || decision === 'allow' ? decision : `would ${decision}`;
}

function isOfDenial({ decision }: Line): boolean {
  return decision.outcome.decision === 'deny';
}

/** Of one millisecond, counted from the oldest. */
function nameLines(decisions: readonly RecentDecision[]): readonly Line[] {
  const seen = new Map<number, number>();
  return decisions
    .toReversed()
    .map((decision) => {
      const before = seen.get(decision.at) ?? 0;
      seen.set(decision.at, before + 1);
      return { id: `at-${decision.at}-${before}`, decision };
    })
    .reverse();
}

function group(reason: Reason, lines: readonly Line[]): Html {
  const most = lines.some(isOfDenial) ? MOST_LINES.denied : MOST_LINES.passed;
  const [shown, earlier] = [lines.slice(0, most), lines.slice(most)];
  return html`<h3>${reason === 'outage' ? outageWord() : reason} <span class="count">${lines.length}</span>
<span class="mark">${REASONS[reason]}</span></h3>
${shown.map(line)}${
  earlier.length > 0 &&
  html`<details id="earlier-${reason}" class="earlier"><summary>${earlier.length} earlier</summary>${earlier.map(line)}</details>`
}`;
}

function line({ id, decision: { at, endpoint, namespace, outcome } }: Line): Html {
  const { owner, mode, region, message } = outcome;
  const verdict = verdictOf({ at, endpoint, namespace, outcome });
  const facts: readonly (readonly [name: string, value: string | undefined])[] = [
    ['At', isoTime(at)],
    ['Mode', mode],
    ['Region', message === undefined ? undefined : region],
    ['Endpoint', endpoint],
  ];
  return html`<details id="${id}" class="decided"><summary><time datetime="${isoTime(at)}">${timeOfDay(at)}</time>
<b class="decision ${verdict}">${verdict}</b> <span class="who"><b>${namespace}</b> ${owner}</span>
<span class="said">${message === undefined ? region : cutText(message, MOST_CHARACTERS)}</span></summary>
<dl class="facts">${facts.map(([name, value]) => (value !== undefined && value !== '' ? html`<div><dt>${name}</dt><dd>${value}</dd></div>` : html``))}</dl></details>
`;
}
