import { type NodeGroup, readNodeGroups, readStatusTime } from '../capacity/node-groups.ts';
import type { ClusterAutoscalerRules } from '../regions/node-rules.ts';
import { createEdge } from '../units/edge.ts';
import type { ApiClient } from './api-client.ts';
import type { KubeObject } from './kube-object.ts';
import { followResource, type Reflector, type WatchLog } from './reflector.ts';
import type { WatchedResource } from './watched-resource.ts';

/** The status of Cluster Autoscaler as it is kept. */
export interface AutoscalerStatus {
  /** Absent where it cannot be read. */
  readonly groups: readonly NodeGroup[] | undefined;
  /** Epoch milliseconds; absent where it does not say. */
  readonly writtenAt: number | undefined;
  /** What it says besides times. */
  readonly says: string;
}

interface StatusDeps {
  readonly api: ApiClient;
  readonly at: Pick<ClusterAutoscalerRules, 'namespace' | 'status'>;
  readonly clock: () => number;
  readonly log: WatchLog;
  readonly onChange: () => void;
}

/** It is written every 10 s, and an autoscaler that got nothing done for 10 minutes is started anew (`--max-inactivity`). */
const OLDEST_MS = 10 * 60_000;
/** Lines that change with every round. */
const TIMES = /^.*(?:lastProbeTime|LastProbeTime|lastTransitionTime|LastTransitionTime|^time):.*$/gm;
const HEADLINE = /^Cluster-autoscaler status at .*/;

/** The one ConfigMap of the status. */
export function autoscalerStatus({ namespace, status }: StatusDeps['at']): WatchedResource<AutoscalerStatus> {
  return {
    name: 'cluster-autoscaler-status',
    path: `/api/v1/namespaces/${namespace}/configmaps`,
    content: 'full',
    // By name: RBAC can allow no more than this one.
    fieldSelector: `metadata.name=${status}`,
    project: toAutoscalerStatus,
    differs: (before, after) => before.groups !== after.groups || isBack(before, after),
  };
}

/** Whether it was left behind in between: every round writes it. */
function isBack(before: AutoscalerStatus, after: AutoscalerStatus): boolean {
  return Math.abs((after.writtenAt ?? 0) - (before.writtenAt ?? 0)) > OLDEST_MS;
}

/** Reads the status; what was read stays the same object while nothing but times changes. */
export function toAutoscalerStatus(object: KubeObject, before?: AutoscalerStatus): AutoscalerStatus {
  const { data } = object as KubeObject & { readonly data?: Readonly<Record<string, string>> };
  const text = data?.['status'] ?? '';
  const says = text.replace(TIMES, '').replace(HEADLINE, '');
  const groups = before?.says === says ? before.groups : readNodeGroups(text);
  return { groups, writtenAt: readStatusTime(text), says };
}

const NO_GROUPS: readonly NodeGroup[] = [];

/** The node groups of a status that somebody keeps; one that was left behind names none, `undefined`: it cannot be understood. */
export function groupsNow(status: AutoscalerStatus | undefined, now: number): readonly NodeGroup[] | undefined {
  if (!status) return NO_GROUPS;
  const { groups, writtenAt = now } = status;
  return Math.abs(now - writtenAt) <= OLDEST_MS ? groups : NO_GROUPS;
}

export function cannotBeUnderstood({ namespace, status }: StatusDeps['at']): string {
  return `ConfigMap ${namespace}/${status} is no status of Cluster Autoscaler that could be understood`;
}

/** How often it is looked whether the status was left behind. */
const LOOK_MS = 10_000;

/**
 * Follows the status, and tells when it was left behind. Readiness does not depend on it: until it was looked for, and where it cannot be
 * understood, no answer is known.
 */
export function followAutoscalerStatus({ api, at, clock, log, onChange }: StatusDeps): Reflector & {
  readonly groups: () => readonly NodeGroup[] | undefined;
} {
  const followed = followResource({ api, resource: autoscalerStatus(at), log, onChange: changed });
  const tellUnread = createEdge(false, (isUnread) => {
    if (isUnread) log.warn({ resource: 'cluster-autoscaler-status' }, cannotBeUnderstood(at));
  });
  let told: readonly NodeGroup[] | undefined;
  const looking = setInterval(() => {
    if (groups() !== told) changed();
  }, LOOK_MS).unref();

  function groups(): readonly NodeGroup[] | undefined {
    const [status] = followed.values();
    return followed.synced() ? groupsNow(status, clock()) : undefined;
  }

  function changed(): void {
    told = groups();
    tellUnread(told === undefined);
    onChange();
  }

  return {
    ...followed,
    groups,
    async stop() {
      clearInterval(looking);
      await followed.stop();
    },
  };
}
