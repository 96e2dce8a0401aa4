import type { Pod } from '../../decision/pod.ts';
import type { Policy } from '../../decision/policy.ts';
import { readWait } from '../../decision/wait-annotations.ts';
import { longestWaitMs } from '../../decision/waiting.ts';
import { podOfWorkload } from '../../decision/workload.ts';
import type { WaitingUnit } from './waiting-units.ts';

/**
 * Whether the latest start of a unit has passed; `policy` is its namespace's under the kill switch, absent where nobody can read it.
 *
 * | its namespace      | it says its latest start | it is due                                    |
 * | ------------------ | ------------------------ | -------------------------------------------- |
 * | off, audit         | any                      | now: nothing waits there                     |
 * | warn, enforce      | yes                      | then, or when the namespace's `defer` is over |
 * | warn, enforce      | no                       | when the namespace's `defer` is over         |
 * | unknown            | yes                      | then                                         |
 * | unknown            | no                       | never                                        |
 *
 * What it says can be its author's word: it makes nothing wait longer.
 */
export function isOverdue(unit: WaitingUnit, policy: Policy | undefined, now: number): boolean {
  const { metadata } = unit.object;
  const said = readWait(metadata.annotations)?.latestStart ?? Number.POSITIVE_INFINITY;
  if (!policy) return said <= now;
  if (policy.mode === 'off' || policy.mode === 'audit') return true;
  const created = Date.parse(metadata.creationTimestamp ?? '');
  // A date that nobody can read counts as long ago.
  const longest = Number.isNaN(created) ? 0 : created + longestWaitMs(podOf(unit), policy);
  return Math.min(said, longest) <= now;
}

function podOf({ kind, object }: WaitingUnit): Pod {
  if (kind === 'Pod') return object;
  return podOfWorkload('batch', 'Job', object as unknown as Record<string, unknown>) ?? {};
}
