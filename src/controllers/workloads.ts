import type { Logger } from 'pino';
import type { ApiClient } from '../cluster/api-client.ts';
import { joinLastEvents } from '../cluster/last-events.ts';
import { readPodUsages, type UsageReading } from '../cluster/pod-metrics.ts';
import { type Followed, followNow } from '../cluster/reflector.ts';
import { DEPLOYMENTS, HORIZONTAL_AUTOSCALERS, SCALED_PODS, STATEFUL_SETS } from '../cluster/scaled-objects.ts';
import type { WatchedResource } from '../cluster/watched-resource.ts';
import type { HorizontalAutoscaler } from '../scaling/horizontal-autoscaler.ts';
import type { ScaledPod } from '../scaling/scaled-pod.ts';
import type { ScaledWorkload } from '../scaling/scaled-workload.ts';
import type { Controller } from './manager.ts';
import { type Clock, MONOTONIC } from './pace.ts';

/** One reading serves all who ask within so long: metrics-server scrapes every 15 s by default. */
const USAGE_KEPT_MS = 5_000;

interface WorkloadsDeps {
  readonly api: ApiClient;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** What whoever moves replicas reads of the cluster, followed once for all of them. */
export interface Workloads extends Controller {
  /** Whether all of it was seen. */
  synced(): boolean;
  /** With a node and no end. */
  pods(): Iterable<ScaledPod>;
  deployments(): Iterable<ScaledWorkload>;
  statefulSets(): Iterable<ScaledWorkload>;
  horizontalAutoscalers(): Iterable<HorizontalAutoscaler>;
  /** What all pods use now, by `usageKey`, or why nobody knows. */
  usages(signal: AbortSignal): Promise<UsageReading>;
  /** Calls whenever something of it has changed, with what of it. */
  follow(onChange: (kind: FollowedKind) => void): void;
}

export type FollowedKind = keyof Everything;

/** Follows pods, Deployments, StatefulSets and HorizontalPodAutoscalers of all namespaces while this replica leads. */
export function createWorkloads({ api, log, clock = MONOTONIC }: WorkloadsDeps): Workloads {
  const listeners: ((kind: FollowedKind) => void)[] = [];
  let followed: Everything | undefined;
  let asked: { readonly at: number; readonly reading: Promise<UsageReading> } | undefined;

  function follow<T>(kind: FollowedKind, resource: WatchedResource<T>): Followed<T> {
    const tell = () => {
      for (const listener of listeners) listener(kind);
    };
    return followNow({ api, resource, log, onChange: tell });
  }

  return {
    name: 'workloads',
    on: [],
    start() {
      followed ??= {
        pods: follow('pods', SCALED_PODS),
        deployments: follow('deployments', DEPLOYMENTS),
        statefulSets: follow('statefulSets', STATEFUL_SETS),
        horizontalAutoscalers: follow('horizontalAutoscalers', HORIZONTAL_AUTOSCALERS),
      };
    },
    async stop() {
      const ending = followed;
      followed = undefined;
      asked = undefined;
      await Promise.all(Object.values(ending ?? {}).map((one: Followed<unknown>) => one.stop()));
    },
    changed() {},
    lastEventAt: () => joinLastEvents(Object.values(followed ?? {}).map((one: Followed<unknown>) => one.lastEvents())),
    synced: () => followed !== undefined && Object.values(followed).every((one: Followed<unknown>) => one.synced()),
    pods: () => followed?.pods.values() ?? [],
    deployments: () => followed?.deployments.values() ?? [],
    statefulSets: () => followed?.statefulSets.values() ?? [],
    horizontalAutoscalers: () => followed?.horizontalAutoscalers.values() ?? [],
    usages(signal) {
      const isOld = !asked || clock.now() - asked.at >= USAGE_KEPT_MS;
      if (isOld) asked = { at: clock.now(), reading: readPodUsages(api, { signal }) };
      const { reading } = asked as NonNullable<typeof asked>;
      reading.catch(() => {
        if (asked?.reading === reading) asked = undefined;
      });
      return reading;
    },
    follow: (onChange) => void listeners.push(onChange),
  };
}

interface Everything {
  readonly pods: Followed<ScaledPod>;
  readonly deployments: Followed<ScaledWorkload>;
  readonly statefulSets: Followed<ScaledWorkload>;
  readonly horizontalAutoscalers: Followed<HorizontalAutoscaler>;
}
