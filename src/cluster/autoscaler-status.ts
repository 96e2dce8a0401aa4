import { type NodeGroup, readNodeGroups, readStatusTime } from '../capacity/node-groups.ts';
import type { ClusterAutoscalerRules } from '../regions/node-rules.ts';
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
const SOME_MS = 1_000;
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
    differs: (before, after) => before.groups !== after.groups,
  };
}

/** Reads the status; what was read stays the same object while nothing but times changes: reading takes 50 ms for 200 groups. */
export function toAutoscalerStatus(object: KubeObject, before?: AutoscalerStatus): AutoscalerStatus {
  const { data } = object as KubeObject & { readonly data?: Readonly<Record<string, string>> };
  const text = data?.['status'] ?? '';
  const says = text.replace(TIMES, '').replace(HEADLINE, '');
  const groups = before?.says === says ? before.groups : readNodeGroups(text);
  return { groups, writtenAt: readStatusTime(text), says };
}

const NO_GROUPS: readonly NodeGroup[] = [];

/** The node groups of a status that somebody keeps; one that was left behind, or that nobody can read, names none. */
export function groupsNow(status: AutoscalerStatus | undefined, now: number): readonly NodeGroup[] {
  const { groups = NO_GROUPS, writtenAt = now } = status ?? {};
  return Math.abs(now - writtenAt) <= OLDEST_MS ? groups : NO_GROUPS;
}

/** Follows the status. Readiness does not depend on it: until it was looked for, no answer is known. */
export function followAutoscalerStatus({ api, at, clock, log, onChange }: StatusDeps): Reflector & {
  readonly groups: () => readonly NodeGroup[] | undefined;
} {
  let timer: NodeJS.Timeout | undefined;
  const resource = autoscalerStatus(at);
  const followed = followResource({ api, resource: { ...resource, project }, log, onChange });

  /** One that nobody writes any more changes without an event. */
  function project(object: KubeObject, before?: AutoscalerStatus): AutoscalerStatus {
    clearTimeout(timer);
    timer = setTimeout(onChange, OLDEST_MS + SOME_MS).unref();
    return resource.project(object, before);
  }

  return {
    ...followed,
    async stop() {
      clearTimeout(timer);
      await followed.stop();
    },
    groups() {
      const [status] = followed.values();
      return followed.synced() ? groupsNow(status, clock()) : undefined;
    },
  };
}
