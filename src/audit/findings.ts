import { REASONS } from '../decision/reasons.ts';
import type { AuditedWorkload, AuditReason } from './audited-workload.ts';

/** What each means, as a sentence without its end. */
export const AUDIT_REASONS: Readonly<Record<AuditReason, string>> = {
  ...REASONS,
  unknown_region: 'it asks for a region that nobody knows',
};

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
 * | denied in its mode | unknown region, mode | finding |
 * | ------------------ | -------------------- | ------- |
 * | yes                | any                  | yes     |
 * | no                 | yes, not off         | yes     |
 * | no                 | yes, off             | no      |
 * | no                 | no                   | no      |
 */
export function isFinding({ denied, reason }: Pick<AuditedWorkload, 'denied' | 'reason'>): boolean {
  return denied || reason === 'unknown_region';
}
