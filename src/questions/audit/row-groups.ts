import { type Html, html } from '../../page/html.ts';
import { outageWord } from '../../page/outage.ts';
import type { AuditedWorkload, AuditReason } from './audited-workload.ts';
import { AUDIT_REASONS, isFinding } from './findings.ts';
import { isSpared, verdictOf } from './verdict.ts';

const OTHERS = 'others';

/** What is denied, would be, or is found wrong, by its verdict and reason; all others are one group. */
export function groupOf(workload: AuditedWorkload): string {
  const isTold = workload.denied || isSpared(workload) || isFinding(workload);
  return isTold ? `${verdictOf(workload)} ${workload.reason}` : OTHERS;
}

/** The row above a group of the table; `workloads` are all of it, in the table or not. */
export function headingOf(group: string, workloads: readonly AuditedWorkload[], columns: number): Html {
  const [first] = workloads;
  const told = first && group !== OTHERS ? verdictAndReason(first) : 'All others';
  return html`<tr class="heading"><th colspan="${columns}" scope="rowgroup">${told} <span class="count">${workloads.length}</span></tr>`;
}

function verdictAndReason(workload: AuditedWorkload): Html {
  const { reason } = workload;
  const verdict = verdictOf(workload);
  return html`<b class="decision ${verdict}">${verdict}</b> <b>${reasonWord(reason)}</b> <span class="mark">${AUDIT_REASONS[reason]}</span>`;
}

export function reasonWord(reason: AuditReason): Html | string {
  return reason === 'outage' ? outageWord() : reason;
}
