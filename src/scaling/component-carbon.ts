import { comparableReading } from '../decision/refuse.ts';
import { type Basis, worstBasis } from '../energy/basis.ts';
import { ASSUMED_UTILISATION } from '../energy/coefficients.ts';
import { gramsPerHour } from '../energy/emissions.ts';
import type { EnergySample } from '../energy/energy-sample.ts';
import { namedNode, nodeByAlias } from '../energy/node-aliases.ts';
import { fitsAMachine } from '../energy/pod-requests.ts';
import { cpuWatts, DEFAULT_POWER_MODEL, type PowerModel, podWatts } from '../energy/power-model.ts';
import { providerOf } from '../energy/provider.ts';
import type { NodeFacts } from '../regions/node-facts.ts';
import type { Snapshot } from '../regions/snapshot.ts';
import { type PodUsage, usageKey } from './pod-usage.ts';
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
 *
 * A node's energy shared by CPU time is what Kepler measures of a pod, too: the meter knows whole processors.
 */
const POWER_KINDS = ['pod', 'node-usage', 'node-requests', 'usage', 'requests'] as const;
export type PowerKind = (typeof POWER_KINDS)[number];

const BASIS_OF: Readonly<Record<PowerKind, Basis>> = {
  pod: 'measured',
  'node-usage': 'measured',
  'node-requests': 'estimated',
  usage: 'estimated',
  requests: 'estimated',
};

/** The same in words. */
export const POWER_WORDS: Readonly<Record<PowerKind, string>> = {
  pod: 'measured',
  'node-usage': 'node measured, by CPU used',
  'node-requests': 'node measured, by requests',
  usage: 'CPU used',
  requests: 'requests',
};

interface PodWatts {
  readonly watts: number;
  readonly how: PowerKind;
}

/** By `usageKey`; a pod whose watts nobody can say is left out. */
export type PodPower = ReadonlyMap<string, PodWatts>;

interface PowerInputs {
  /** All pods of every node that is in view: what a node draws is shared among them. */
  readonly pods: Iterable<ScaledPod>;
  /** By `usageKey`. */
  readonly usages?: ReadonlyMap<string, PodUsage> | undefined;
  /** Of Prometheus; samples of the same thing add up. */
  readonly measured?: readonly EnergySample[] | undefined;
  /** What machines may be called, and what they offer: no pod that runs there requests more. Without it, machines are nodes of that name. */
  readonly nodes?: readonly NodeFacts[] | undefined;
  readonly demanded?: Demanded | undefined;
  readonly model?: PowerModel | undefined;
}

/** A Ready pod that was created before that, epoch milliseconds, and is known less well than by `kind` counts as unknown. */
interface Demanded {
  readonly kind: PowerKind;
  readonly ofCreatedBefore: number;
}

/** What pods draw now, as well as it is known; those that never started draw nothing, and have no share. */
export function wattsOfPods({
  pods,
  usages,
  measured = [],
  nodes,
  demanded,
  model = DEFAULT_POWER_MODEL,
}: PowerInputs): PodPower {
  const { ofPods, ofNodes } = readSamples(measured, nodes ? nodeByAlias(nodes.map(namedNode)) : (name) => name);
  const byName = new Map(nodes?.map((one) => [one.name, one]));
  const power = new Map<string, PodWatts>();
  const started = [...pods].filter(({ isUnstarted }) => !isUnstarted);
  for (const [node, all] of Map.groupBy(started, ({ node }) => node)) {
    const allocatable = byName.get(node)?.allocatable;
    const there = all.map((pod) => ({ ...pod, isPlausible: isPlausible(pod, allocatable) }));
    const shares = shareOf(ofNodes.get(node), there, usages);
    for (const pod of there) {
      const key = usageKey(pod.namespace, pod.name);
      const own = ofPods.get(key);
      const known =
        own === undefined
          ? (shares?.get(key) ?? estimate(pod, usages?.get(key), model))
          : { watts: own, how: 'pod' as const };
      if (known && suffices(known, pod, demanded)) power.set(key, known);
    }
  }
  return power;
}

/** A pod, and whether what it requests can be what a pod there has. */
interface PlacedPod extends ScaledPod {
  readonly isPlausible: boolean;
}

const GB = 1e9;

/** Whoever binds a pod without the scheduler can ask for anything. */
function isPlausible({ requests }: ScaledPod, { cpu, memory }: NonNullable<NodeFacts['allocatable']> = {}): boolean {
  const { vcpu, memoryGb } = requests;
  const offered = { vcpu: cpu ?? Number.POSITIVE_INFINITY, memoryGb: (memory ?? Number.POSITIVE_INFINITY) / GB };
  return fitsAMachine(requests) && vcpu <= offered.vcpu && memoryGb <= offered.memoryGb;
}

/** A pod whose containers do not run, or have only begun to, no meter knows. */
function suffices({ how }: PodWatts, { isReady, createdAt }: ScaledPod, demanded: Demanded | undefined): boolean {
  if (!demanded || !isReady || createdAt >= demanded.ofCreatedBefore) return true;
  return POWER_KINDS.indexOf(how) <= POWER_KINDS.indexOf(demanded.kind);
}

/**
 * Whether a pod counts at all: a kubelet of a node that is there has taken it on. As long as no node was seen nobody knows, and it
 * does.
 */
export function counts({ node, isUnstarted }: ScaledPod, topology: Snapshot['topology']): boolean {
  if (isUnstarted) return false;
  return topology === undefined || topology.nodes.length === 0 || topology.byName.has(node);
}

function readSamples(measured: readonly EnergySample[], nodeOf: (machine: string) => string | undefined) {
  const ofPods = new Map<string, number>();
  const ofNodes = new Map<string, number>();
  const add = (to: Map<string, number>, key: string | undefined, watts: number) =>
    key !== undefined && watts >= 0 && to.set(key, (to.get(key) ?? 0) + watts);
  for (const { pod, machines, watts } of measured) {
    if (pod) add(ofPods, usageKey(pod.namespace, pod.name), watts);
    else
      add(
        ofNodes,
        machines.map(nodeOf).find((name) => name !== undefined),
        watts,
      );
  }
  return { ofPods, ofNodes };
}

/** watts of a node * CPU of the pod / CPU of all pods of the node; undefined where the node was not measured, or no pod has a claim. */
function shareOf(
  watts: number | undefined,
  pods: readonly PlacedPod[],
  usages: ReadonlyMap<string, PodUsage> | undefined,
): ReadonlyMap<string, PodWatts> | undefined {
  if (watts === undefined) return undefined;
  const used = (pod: ScaledPod) => usages?.get(usageKey(pod.namespace, pod.name))?.vcpu;
  const requested = ({ requests, isPlausible }: PlacedPod) =>
    isPlausible ? requests.vcpu * ASSUMED_UTILISATION.value : 0;
  // An idle node still draws power: where no pod uses CPU, what they request is all that tells them apart.
  const isIdle = pods.every((pod) => used(pod) === 0);
  const claims = pods.map((pod) => {
    const vcpu = isIdle ? undefined : used(pod);
    return { pod, vcpu: vcpu ?? requested(pod), how: vcpu === undefined ? 'node-requests' : 'node-usage' } as const;
  });
  const all = claims.reduce((sum, { vcpu }) => sum + vcpu, 0);
  if (all === 0) return undefined;
  return new Map(
    claims.map(({ pod, vcpu, how }) => [usageKey(pod.namespace, pod.name), { watts: (watts * vcpu) / all, how }]),
  );
}

/**
 * From usage: max(vCPUs requested, used) * min + vCPUs used * (max - min) + max(memory GB requested, used) * 0.392. It is
 * Cloud Carbon Footprint's "Energy Estimate (Watt-Hours)" with the load that is known instead of the one that it assumes.
 */
function estimate(
  { requests, isPlausible }: PlacedPod,
  usage: PodUsage | undefined,
  model: PowerModel,
): PodWatts | undefined {
  if (!usage) return isPlausible ? { watts: podWatts(requests, model), how: 'requests' } : undefined;
  const vcpu = Math.max(isPlausible ? requests.vcpu : 0, usage.vcpu);
  const memoryGb = Math.max(isPlausible ? requests.memoryGb : 0, usage.memoryGb);
  const utilisation = vcpu === 0 ? 0 : usage.vcpu / vcpu;
  return { watts: cpuWatts(vcpu, model.vcpuWatts, utilisation) + memoryGb * model.memoryWattsPerGb, how: 'usage' };
}

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

/** `of 12 pods 9 measured, 2 CPU used, 1 unknown`; nothing of no pods, and where all are known as is usual. */
export function tellKnown({ pods, known, unknown }: Emissions = NOTHING, usual: PowerKind = 'pod'): readonly string[] {
  if (pods === 0 || known.get(usual) === pods) return [];
  const parts = [...known].map(([kind, count]) => `${count} ${POWER_WORDS[kind]}`);
  return [`of ${pods} pods ${[...parts, ...(unknown > 0 ? [`${unknown} unknown`] : [])].join(', ')}`];
}

const NOTHING: Emissions = { kgPerHour: 0, watts: 0, pods: 0, unknown: 0, known: new Map(), basis: 'estimated' };

interface Sum {
  grams: number;
  watts: number;
  pods: number;
  unknown: number;
  readonly known: Map<PowerKind, number>;
}

/**
 * What pods emit, summed up by what `keyOf` says of each; those of which it says nothing, and those that do not count, are left out.
 *
 * kgCO2e/h = W / 1,000 * PUE of the region's provider * gCO2e/kWh of the region / 1,000.
 */
export function emissionsBy<K>(
  pods: Iterable<ScaledPod>,
  power: PodPower,
  snapshot: Snapshot,
  keyOf: (pod: ScaledPod) => K | undefined,
  model: PowerModel = DEFAULT_POWER_MODEL,
): ReadonlyMap<K, Emissions> {
  const gramsOfWatt = perWatt(snapshot, model);
  const sums = new Map<K, Sum>();
  for (const pod of pods) {
    const key = keyOf(pod);
    if (key === undefined || !counts(pod, snapshot.topology)) continue;
    const sum = sums.get(key) ?? { grams: 0, watts: 0, pods: 0, unknown: 0, known: new Map() };
    sums.set(key, sum);
    count(sum, power.get(usageKey(pod.namespace, pod.name)), gramsOfWatt(pod.node));
  }
  return new Map([...sums].map(([key, sum]) => [key, toEmissions(sum)]));
}

function count(sum: Sum, power: PodWatts | undefined, gramsOfWatt: number | undefined): void {
  sum.pods += 1;
  if (!power || gramsOfWatt === undefined) {
    sum.unknown += 1;
    return;
  }
  sum.watts += power.watts;
  sum.grams += power.watts * gramsOfWatt;
  sum.known.set(power.how, (sum.known.get(power.how) ?? 0) + 1);
}

function toEmissions({ grams, watts, pods, unknown, known }: Sum): Emissions {
  const basis = known.size === 0 ? 'estimated' : worstBasis([...known.keys()].map((how) => BASIS_OF[how]));
  return { kgPerHour: grams / 1_000, watts, pods, unknown, known, basis };
}

/** Grams an hour of one watt on a node; undefined where its region or a reading of the policy signal is not known. */
function perWatt(snapshot: Snapshot, model: PowerModel): (node: string) => number | undefined {
  const ofRegion = new Map<string, number | undefined>();
  function gramsIn(region: string): number | undefined {
    const view = snapshot.byName.get(region);
    const reading = view && comparableReading(view, snapshot);
    return reading && gramsPerHour(1, model.pue(providerOf(region)).value, reading.gramsPerKwh);
  }
  return (node) => {
    const region = snapshot.topology?.byName.get(node)?.region;
    if (region === undefined) return undefined;
    if (!ofRegion.has(region)) ofRegion.set(region, gramsIn(region));
    return ofRegion.get(region);
  };
}
