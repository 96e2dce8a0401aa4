import { readNodeGroups } from '../../capacity/node-groups.ts';
import type { KubeObject } from '../../cluster/kube-object.ts';
import { formatAge, MINUTE_MS } from '../../units/moment.ts';

/** A ConfigMap as it is read. */
export interface ConfigMapObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** Cluster Autoscaler writes its status every 10 s, and says when. */
const LAST_UPDATED = 'cluster-autoscaler.kubernetes.io/last-updated';
const OLDEST_MS = 5 * MINUTE_MS;
/** As Go writes it: `2026-09-15 04:05:52.354884346 +0000 UTC`, of fraction and zone nobody is sure. */
const GO_TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? ([+-]\d\d)(\d\d)/;

/** The names of all node groups; `problem` where they are not known now, as the end of a sentence about the status. */
export function groupsNow(
  status: ConfigMapObject | undefined,
  now: number,
): { readonly groups: readonly string[] } | { readonly problem: string } {
  if (!status) return { problem: 'is not there' };
  const [, day, time, hours, minutes] = GO_TIME.exec(status.metadata.annotations?.[LAST_UPDATED] ?? '') ?? [];
  if (day === undefined) return { problem: `does not say of when it is (${LAST_UPDATED})` };
  const age = now - Date.parse(`${day}T${time}${hours}:${minutes}`);
  if (!(Math.abs(age) <= OLDEST_MS))
    return { problem: age < 0 ? 'is of a time to come' : `is more than ${formatAge(OLDEST_MS)} old` };
  const groups = readNodeGroups(status.data?.['status'] ?? '');
  if (!groups) return { problem: 'cannot be read' };
  return groups.length === 0 ? { problem: 'names no node group' } : { groups: groups.map(({ name }) => name) };
}
