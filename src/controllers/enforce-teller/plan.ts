import { createHash } from 'node:crypto';
import { isLeftAlone } from '../../decision/managed-label.ts';
import type { NamespaceRecord } from '../../decision/namespace-record.ts';
import type { Mode } from '../../decision/policy.ts';
import { nameFew } from '../../units/tell-few.ts';
import { toEvent } from '../event.ts';
import type { RunningRefusals } from '../running-refusals.ts';

/** The `reason` of the Events. */
export const ENFORCE_BEGAN = 'EnforceBegan';

const MOST_NAMED = 5;
/** A little less than Events live: of what was written longer ago nobody knows whether it was told. */
const RECENT_MS = 55 * 60_000;

/** Whether each namespace enforces, by name. */
export type Seen = ReadonlyMap<string, boolean>;

/** The namespaces that gridgate may ever act in, and whether they enforce. */
export function look(
  namespaces: Iterable<NamespaceRecord>,
  modeOf: (namespace: NamespaceRecord) => Mode,
  ownNamespace: string | undefined,
): Seen {
  const seen = new Map<string, boolean>();
  for (const namespace of namespaces) {
    const { name } = namespace;
    if (!isLeftAlone(name, ownNamespace)) seen.set(name, modeOf(namespace) === 'enforce');
  }
  return seen;
}

/**
 * Whether a namespace has risen to enforce, as far as this leader can tell:
 *
 * | enforces | this leader saw it before | its mode was written        | risen                                       |
 * | -------- | ------------------------- | --------------------------- | ------------------------------------------- |
 * | no       | any                       | any                         | no                                          |
 * | yes      | without enforce           | any                         | yes                                         |
 * | yes      | with enforce              | any                         | no                                          |
 * | yes      | not at all                | within 55 minutes           | yes; what an earlier leader told, is there  |
 * | yes      | not at all                | earlier, with the namespace | no: in one that is new nothing ran          |
 */
export function hasRisen(
  { name, modeWrittenAt }: NamespaceRecord,
  current: Seen,
  before: Seen | undefined,
  now: number,
): boolean {
  if (!current.get(name)) return false;
  const enforced = before?.get(name);
  return enforced === undefined ? modeWrittenAt !== undefined && isRecent(modeWrittenAt, now) : !enforced;
}

/** When it rose: as it stands in the namespace, so that the next leader says the same, else now (by a default of the configuration). */
export function risenAt({ modeWrittenAt }: NamespaceRecord, now: number): number {
  return modeWrittenAt !== undefined && isRecent(modeWrittenAt, now) ? modeWrittenAt : now;
}

function isRecent(at: number, now: number): boolean {
  return at >= now - RECENT_MS;
}

export interface Rise {
  readonly namespace: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** An Event on the namespace, one for each rise; `now` is epoch milliseconds. */
export function enforceEvent(
  { namespace, at }: Rise,
  found: RunningRefusals,
  { instance, now }: { readonly instance: string; readonly now: number },
): object {
  const hash = createHash('sha256').update(`${namespace}\n${at}`).digest('hex').slice(0, 12);
  const event = { name: `gridgate-mode-enforce-${hash}`, namespace, reason: ENFORCE_BEGAN, action: 'JudgeRunningPods' };
  const regarding = { apiVersion: 'v1', kind: 'Namespace', name: namespace };
  const type = found.refused.length > 0 ? 'Warning' : 'Normal';
  return toEvent({ type, ...event, note: noteOf(namespace, found), regarding, instance }, now);
}

function noteOf(namespace: string, { workloads, refused, isPart }: RunningRefusals): string {
  const all = `${workloads} ${workloads === 1 ? 'workload' : 'workloads'}${isPart ? ' (not all pods were looked at)' : ''}`;
  if (refused.length === 0) return `mode enforce refuses no pods of the ${all} here, were they made again now`;
  const named = nameFew(refused, MOST_NAMED, ({ kind, name, reason }) => `${kind.toLowerCase()}/${name} (${reason})`);
  return `mode enforce refuses pods of ${refused.length} of ${all} here when they are made again ("gridgate audit --live -n ${namespace}" says why): ${named}`;
}
