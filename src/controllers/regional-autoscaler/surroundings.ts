import type { UsageReading } from '../../cluster/pod-metrics.ts';
import { comparableReading } from '../../decision/refuse.ts';
import type { Snapshot } from '../../regions/snapshot.ts';
import type { HorizontalAutoscaler } from '../../scaling/horizontal-autoscaler.ts';
import type { RegionalAutoscaler } from '../../scaling/regional-record.ts';
import type { RegionFacts } from '../../scaling/regional-target.ts';
import type { ScaledPod } from '../../scaling/scaled-pod.ts';
import type { ScaledWorkload } from '../../scaling/scaled-workload.ts';
import type { Workloads } from '../workloads.ts';

/** What of a cluster RegionalAutoscalers are judged by, each by `namespace/deployment`. */
export interface Surroundings {
  readonly deployments: ReadonlyMap<string, ScaledWorkload>;
  readonly autoscalersOf: ReadonlyMap<string, readonly HorizontalAutoscaler[]>;
  readonly podsOf: ReadonlyMap<string, readonly ScaledPod[]>;
  /** Which RegionalAutoscaler a Deployment belongs to: the oldest that names it. */
  readonly owners: ReadonlyMap<string, RegionalAutoscaler>;
  readonly usages: UsageReading;
  readonly snapshot: Snapshot;
}

export function keyOf(namespace: string, deployment: string): string {
  return `${namespace}/${deployment}`;
}

type Seen = Pick<Workloads, 'deployments' | 'horizontalAutoscalers' | 'pods'>;

/** A step a few objects: a cluster may have many thousands, and few of them matter here. */
export function* surround(
  all: readonly RegionalAutoscaler[],
  workloads: Seen,
  rest: Pick<Surroundings, 'usages' | 'snapshot'>,
): Generator<unknown, Surroundings> {
  const owners = ownersOf(all);
  const deployments = new Map<string, ScaledWorkload>();
  for (const one of workloads.deployments()) {
    yield;
    const key = keyOf(one.namespace, one.name);
    if (owners.has(key)) deployments.set(key, one);
  }
  const autoscalersOf = new Map<string, HorizontalAutoscaler[]>();
  for (const one of workloads.horizontalAutoscalers()) {
    yield;
    if (one.target.kind === 'Deployment') addTo(autoscalersOf, keyOf(one.namespace, one.target.name), one);
  }
  const podsOf = new Map<string, ScaledPod[]>();
  for (const pod of workloads.pods()) {
    yield;
    if (pod.workload?.kind !== 'Deployment') continue;
    const key = keyOf(pod.namespace, pod.workload.name);
    if (owners.has(key)) addTo(podsOf, key, pod);
  }
  return { ...rest, owners, deployments, autoscalersOf, podsOf };
}

function ownersOf(all: readonly RegionalAutoscaler[]): ReadonlyMap<string, RegionalAutoscaler> {
  const owners = new Map<string, RegionalAutoscaler>();
  const oldestFirst = all.toSorted((a, b) => a.createdAt - b.createdAt || (a.uid < b.uid ? -1 : 1));
  for (const one of oldestFirst) {
    if (one.isEnding || 'issues' in one.wish) continue;
    for (const { deployment } of one.wish.spec.targets) {
      const key = keyOf(one.namespace, deployment);
      if (!owners.has(key)) owners.set(key, one);
    }
  }
  return owners;
}

function addTo<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

export function regionFacts(region: string, snapshot: Snapshot): RegionFacts {
  const view = snapshot.byName.get(region);
  const gramsPerKwh = view && comparableReading(view, snapshot)?.gramsPerKwh;
  return { gramsPerKwh, isDown: view?.outage?.active ?? false, isKnown: view !== undefined };
}
