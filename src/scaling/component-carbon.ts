import type { Basis } from '../energy/basis.ts';
import type { EnergySample } from '../energy/energy-sample.ts';
import type { PowerModel } from '../energy/power-model.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import type { PodUsage } from './pod-usage.ts';
import type { ScaledPod } from './scaled-pod.ts';

/**
 * How the watts of a pod are known, the best first:
 *
 * | how             | watts                                                                                    | basis     |
 * | --------------- | ---------------------------------------------------------------------------------------- | --------- |
 * | `pod`           | measured for it                                                                          | measured  |
 * | `node-usage`    | what its node was measured at, shared among the node's pods by the CPU that they use      | measured  |
 * | `node-requests` | the same shared by the CPU that they request, where nobody knows what they use           | estimated |
 * | `usage`         | vCPUs reserved or used, whichever is more, idle; those used on top of it; memory as well | estimated |
 * | `requests`      | what it requests at the assumed load                                                     | estimated |
 */
export const POWER_KINDS = ['pod', 'node-usage', 'node-requests', 'usage', 'requests'] as const;
export type PowerKind = (typeof POWER_KINDS)[number];

export interface PodWatts {
  readonly watts: number;
  readonly how: PowerKind;
}

/** By `usageKey`; a pod whose watts nobody can say is left out. */
export type PodPower = ReadonlyMap<string, PodWatts>;

export interface PowerInputs {
  /** All pods of every node that is in view: what a node draws is shared among them. */
  readonly pods: Iterable<ScaledPod>;
  /** By `usageKey`. */
  readonly usages?: ReadonlyMap<string, PodUsage> | undefined;
  /** Of Prometheus; samples of the same thing add up. */
  readonly measured?: readonly EnergySample[] | undefined;
  /** The node that one of a machine's names means; by default the node of that name. */
  readonly nodeOf?: ((machine: string) => string | undefined) | undefined;
  readonly model?: PowerModel | undefined;
}

/** What pods draw now, as well as it is known. */
export declare function wattsOfPods(inputs: PowerInputs): PodPower;

export interface Emissions {
  /** Of the pods whose watts, region and intensity are known. */
  readonly kgPerHour: number;
  readonly watts: number;
  readonly pods: number;
  /** Pods of which nobody knows watts, region or a reading of the policy signal: they are not in `kgPerHour`. */
  readonly unknown: number;
  /** How many pods are known how. */
  readonly known: ReadonlyMap<PowerKind, number>;
  /** The worst of its pods. */
  readonly basis: Basis;
}

/** What pods emit, summed up by what `keyOf` says of each; those of which it says nothing are left out. */
export declare function emissionsBy<K>(
  pods: Iterable<ScaledPod>,
  power: PodPower,
  snapshot: Pick<Snapshot, 'topology' | 'byName' | 'policySignal'>,
  keyOf: (pod: ScaledPod) => K | undefined,
  model?: PowerModel,
): ReadonlyMap<K, Emissions>;
