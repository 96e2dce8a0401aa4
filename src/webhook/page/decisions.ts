import { REASONS } from '../../decision/reasons.ts';
import { type Html, html } from '../../page/html.ts';
import { isoTime, timeOfDay } from '../../units/moment.ts';
import type { RecentDecision } from '../recorder.ts';
import type { Status } from './status.ts';

/** The last decisions of this replica, newest first. */
export function decisionsSection({ decisions }: Status): Html {
  const table = html`<table class="wide decisions"><thead><tr><th scope="col">Time (UTC)<th scope="col">Decision<th scope="col">Reason
<th scope="col">Region<th scope="col">Namespace<th scope="col">Owner<th scope="col">Mode</thead>
<tbody>${decisions.map(decisionRow)}</tbody></table>`;
  const none = html`<p class="hint">None since this process started.</p>`;
  return html`<section id="decisions"><h2>Last decisions</h2>
${decisions.length === 0 ? none : table}</section>`;
}

function decisionRow({ at, namespace, outcome }: RecentDecision): Html {
  const { owner, mode, decision, reason, region } = outcome;
  return html`<tr><td><time datetime="${isoTime(at)}">${timeOfDay(at)}</time>
<td><b class="decision ${decision}">${decision}</b><td><span title="${REASONS[reason]}">${reason}</span>
<td>${region}<td>${namespace}<td>${owner}<td>${mode}</tr>
`;
}
