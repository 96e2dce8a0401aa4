import type { Decision } from '../../decision/decide.ts';
import { compareText } from '../../units/compare-text.ts';
import type { AuditedWorkload } from './audited-workload.ts';

/** What a workload's pods get in the mode that counts, or would get in one that acts. */
export type Verdict = Decision['decision'] | 'would deny' | 'would steer' | 'off';

/**
 * | mode  | decision | denied | verdict     |
 * | ----- | -------- | ------ | ----------- |
 * | off   | any      | no     | off         |
 * | any   | deny     | yes    | deny        |
 * | any   | deny     | no     | would deny  |
 * | audit | steer    | no     | would steer |
 * | any   | others   | no     | decision    |
 */
export function verdictOf({ mode, decision, denied }: Pick<AuditedWorkload, 'mode' | 'decision' | 'denied'>): Verdict {
  if (mode === 'off') return 'off';
  if (isSpared({ decision, denied })) return 'would deny';
  return mode === 'audit' && decision === 'steer' ? 'would steer' : decision;
}

/** Whether its mode lets it pass, and `enforce` would not. */
export function isSpared({ decision, denied }: Pick<AuditedWorkload, 'decision' | 'denied'>): boolean {
  return decision === 'deny' && !denied;
}

/** For `sort`: what is denied first, then what asks for unknown regions or is annotated wrongly, then what would be denied, then DaemonSets that reach outside, then what emits most as written; without a figure last. */
export function worstFirst(a: AuditedWorkload, b: AuditedWorkload): number {
  return rankOf(a) - rankOf(b) || gramsOf(b) - gramsOf(a) || compareText(nameOf(a), nameOf(b));
}

/** `shop/Deployment/web`: one workload among all of a report. */
export function nameOf({ namespace, kind, name }: Pick<AuditedWorkload, 'namespace' | 'kind' | 'name'>): string {
  return `${namespace}/${kind}/${name}`;
}

function rankOf({ decision, denied, reason }: AuditedWorkload): number {
  if (denied) return 0;
  if (reason === 'unknown_region' || reason === 'wrong_annotation') return 1;
  if (decision === 'deny') return 2;
  return reason === 'daemonset_outside' ? 3 : 4;
}

function gramsOf({ gramsPerHour: { asWritten } }: AuditedWorkload): number {
  return asWritten === null || Number.isNaN(asWritten) ? -1 : asWritten;
}
