import type { EnergySample } from '../../energy/energy-sample.ts';
import type { PodPower } from '../../scaling/component-carbon.ts';
import { usageKey } from '../../scaling/pod-usage.ts';
import type { ScaledPod, WorkloadRef } from '../../scaling/scaled-pod.ts';
import type { PodGrouping } from '../../units/pod-grouping.ts';

/** A pod, and what of its labels is asked for. */
export interface BudgetPod extends ScaledPod {
  /** The value of the label that pods are grouped by; absent where it has none. */
  readonly label?: string;
}

/** What is listed: a namespace, what owns pods (a bare pod: itself), or the pods of a label's value. */
export interface Component {
  /** `null` of a label's pods: they may be of many. */
  readonly namespace: string | null;
  /** `Namespace`, `Deployment`, ...; `null` of a label's pods. */
  readonly kind: string | null;
  /** `null` of pods without the label. */
  readonly name: string | null;
}

const NAMESPACE = 'Namespace';

export function componentOf(pod: BudgetPod, by: PodGrouping): Component {
  const { namespace, name, workload } = pod;
  if (by === 'namespace') return ofNamespace(namespace);
  // No namespace controls a pod: who says so would be counted as the namespace.
  const isOwned = workload !== undefined && workload.kind !== NAMESPACE;
  if (by === 'deployment') return ofWorkload(namespace, isOwned ? workload : { kind: 'Pod', name });
  return { namespace: null, kind: null, name: pod.label ?? null };
}

export function ofNamespace(namespace: string): Component {
  return { namespace, kind: NAMESPACE, name: namespace };
}

export function ofWorkload(namespace: string, { kind, name }: WorkloadRef): Component {
  return { namespace, kind, name };
}

/** Unique among components of one grouping. */
export function keyOf({ namespace, kind, name }: Component): string {
  return JSON.stringify([namespace, kind, name]);
}

/** Random or ordinal words behind the name of a workload in those of its pods. */
const MOST_ENDINGS = 2;

export interface EarlierEnergy {
  /** Of pods. */
  readonly samples: readonly EnergySample[];
  /** Epoch milliseconds. */
  readonly at: number;
}

/**
 * How much more, or less, energy is measured for the pods of a component than there was, in percent, by `keyOf`. Nothing is said
 * of a component of which not every pod is measured now, and a pod that was there and not yet measured counts in neither.
 * Of pods that have gone since, the namespace is certain; their workload is the one whose name theirs begins with, and their
 * label that of its pods.
 */
export function energyChanges(
  pods: readonly BudgetPod[],
  power: PodPower,
  { samples, at }: EarlierEnergy,
  grouping: PodGrouping,
): ReadonlyMap<string, number> {
  const gone = new Map(
    samples.flatMap(({ pod, watts }) => (pod ? [[usageKey(pod.namespace, pod.name), { pod, watts }]] : [])),
  );
  const sums = new Map<string, { now: number; before: number }>();
  const add = (component: Component, now: number, before: number) => {
    const sum = sums.get(keyOf(component)) ?? { now: 0, before: 0 };
    sums.set(keyOf(component), { now: sum.now + now, before: sum.before + before });
  };
  const byWorkload = new Map<string, BudgetPod>();
  for (const pod of pods) {
    const key = usageKey(pod.namespace, pod.name);
    if (pod.workload) byWorkload.set(usageKey(pod.namespace, pod.workload.name), pod);
    const known = power.get(key);
    const before = gone.get(key)?.watts;
    gone.delete(key);
    if (known?.how !== 'pod') add(componentOf(pod, grouping), Number.NaN, 0);
    else if (before !== undefined || pod.createdAt > at) add(componentOf(pod, grouping), known.watts, before ?? 0);
  }
  for (const { pod, watts } of gone.values()) {
    const kin = findKin(pod, byWorkload);
    if (kin) add(componentOf(kin, grouping), 0, watts);
    else if (grouping === 'namespace') add(ofNamespace(pod.namespace), 0, watts);
  }
  const changes = [...sums].map(([key, { now, before }]) => [key, (now / before - 1) * 100] as const);
  return new Map(changes.filter(([, change]) => Number.isFinite(change)));
}

/** `web-7d4b9c-x2x9z` is of `web`, `loki-0` of `loki`. */
function findKin(
  { namespace, name }: NonNullable<EnergySample['pod']>,
  byWorkload: ReadonlyMap<string, BudgetPod>,
): BudgetPod | undefined {
  const words = name.split('-');
  for (let endings = 1; endings <= MOST_ENDINGS && endings < words.length; endings += 1) {
    const kin = byWorkload.get(usageKey(namespace, words.slice(0, -endings).join('-')));
    if (kin) return kin;
  }
  return undefined;
}
