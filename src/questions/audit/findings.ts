import { sharesSentence } from '../../decision/messages.ts';
import { REASONS } from '../../decision/reasons.ts';
import type { AuditedWorkload, AuditReason, AuditReport } from './audited-workload.ts';

/** What each means, as a sentence without its end. */
export const AUDIT_REASONS: Readonly<Record<AuditReason, string>> = {
  ...REASONS,
  unknown_region: 'it asks for a region that nobody knows',
  wrong_annotation:
    'its annotations are not what they were meant to be: nobody understands them, or they stand where nothing reads them',
  daemonset_outside: "its pods reach nodes outside the namespace's regions, and stay Pending there",
};

/** `1 pod`, `4 pods`. */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** `3 workloads only prefer regions`. */
export function countPreferring(workloads: number): string {
  return `${count(workloads, 'workload')} only prefer${workloads === 1 ? 's' : ''} regions`;
}

/** `4 documents`: what is no Kubernetes object, in numbers. */
export function pluralOf(counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(counts).map(([what, number]) => [
      number === 1 ? what : `${what}${what.endsWith('ch') ? 'es' : 's'}`,
      number,
    ]),
  );
}

/**
 * Whether it makes an audit end with exit code 1.
 *
 * | denied in its mode | unknown region or wrong annotation, mode | finding |
 * | ------------------ | ---------------------------------------- | ------- |
 * | yes                | any                                      | yes     |
 * | no                 | yes, not off                             | yes     |
 * | no                 | yes, off                                 | no      |
 * | no                 | no                                       | no      |
 *
 * A DaemonSet that reaches outside `regions` is told of wherever findings are, but fails nothing: nobody is denied, its pods
 * wait where data may not be, and agents that run on every node would fail every audit.
 */
export function isFinding({
  denied,
  reason,
  mode,
  wrongAnnotations,
}: Pick<AuditedWorkload, 'denied' | 'reason' | 'mode' | 'wrongAnnotations'>): boolean {
  return denied || reason === 'unknown_region' || isAnnotatedWrongly({ mode, wrongAnnotations });
}

/** The message, and what of the workload's own leaves which regions where that is not in it already. */
export function fullMessage({ message, asks }: Pick<AuditedWorkload, 'message' | 'asks'>): string {
  if (asks.length === 0) return message;
  const sentence = sharesSentence(asks.map(({ what, leaves }) => ({ what, leaves: leaves.map((name) => ({ name })) })));
  return message.includes(sentence) ? message : `${message}; ${sentence}`;
}

/** Whether anything has a home to compare with; pods of DaemonSets are at home wherever they are. */
export function hasHome({ workloads }: Pick<AuditReport, 'workloads'>): boolean {
  return workloads.some(({ kind, gramsPerHour }) => gramsPerHour.atHome !== null && !/DaemonSet/.test(kind));
}

/** Whether what a workload asks for, and no denial, left it where it is. */
export function isLeftByAsks({ decision, asks }: Pick<AuditedWorkload, 'decision' | 'asks'>): boolean {
  return decision !== 'deny' && asks.length > 0;
}

/** What is off asked for nothing. */
export function isAnnotatedWrongly({
  mode,
  wrongAnnotations,
}: Pick<AuditedWorkload, 'mode' | 'wrongAnnotations'>): boolean {
  return mode !== 'off' && wrongAnnotations.length > 0;
}

export function asksForUnknown({ mode, unknownRegions }: Pick<AuditedWorkload, 'mode' | 'unknownRegions'>): boolean {
  return mode !== 'off' && unknownRegions.length > 0;
}
