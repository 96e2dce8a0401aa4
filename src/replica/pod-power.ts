import type { EnergyConfig } from '../config/budget-config.ts';
import type { Environment } from '../config/read-options.ts';
import type { PowerReading } from '../controllers/carbon-budgets/looks.ts';
import type { Workloads } from '../controllers/workloads.ts';
import type { Topology } from '../regions/topology.ts';
import { type PowerKind, wattsOfPods } from '../scaling/component-carbon.ts';
import { usageKey } from '../scaling/pod-usage.ts';
import type { ScaledPod } from '../scaling/scaled-pod.ts';
import { type EnergyReading, readPodEnergy } from '../sources/power/pod-energy.ts';
import { within } from '../units/deadline.ts';
import { MINUTE_MS } from '../units/moment.ts';
import { energyPrometheus } from '../world/live-sources.ts';

interface PodPowerDeps {
  /** As `gridgate.yaml` says it now. */
  readonly energy: () => EnergyConfig;
  readonly env: Environment;
  readonly workloads: Pick<Workloads, 'usages'>;
  /** The nodes that there are; absent until they were seen. */
  readonly topology: () => Topology | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const TIMEOUT_MS = 10_000;
/** By then a pod was scraped twice, once a minute: only then anybody knows a rate of it. */
const YOUNG_MS = 3 * MINUTE_MS;
const FETCHING = { fetch: globalThis.fetch, clock: Date.now };

/**
 * Asks what pods draw, of whom `gridgate.yaml` names. Who is named and says nothing is not replaced by an estimate: what is made of
 * it would jump, and people would lose replicas by that. The same holds pod by pod, but for those that are young or not Ready:
 * of these nobody can tell.
 *
 * | Prometheus       | metrics.k8s.io     | watts                                    | who tells nothing of a pod |
 * | ---------------- | ------------------ | ---------------------------------------- | -------------------------- |
 * | tells            | any; asked where pods are not measured | measured, by node shared by what is known | unknown |
 * | fails, or tells none | not asked      | unknown                                  |                            |
 * | not named        | tells              | estimated from usage                     | unknown                    |
 * | not named        | fails              | unknown                                  |                            |
 * | not named        | not installed      | estimated from requests                  |                            |
 *
 * The power model is the default one: tables of own power figures are for questions.
 */
export function createPodPower({ energy, env, workloads, topology, now }: PodPowerDeps) {
  const askUsages = (signal: AbortSignal) => within('metrics.k8s.io', TIMEOUT_MS, workloads.usages, signal);

  async function measured(pods: readonly ScaledPod[], signal: AbortSignal): Promise<PowerReading> {
    const { prometheus } = energy();
    const address = energyPrometheus(energy(), env);
    if (!address) return estimated(pods, signal);
    const { query, labels } = prometheus ?? {};
    const ask = (abort: AbortSignal) => readPodEnergy(address, { query, labels }, FETCHING, abort);
    const reading = await within('Prometheus', TIMEOUT_MS, ask, signal);
    const { samples, found, failed } = reading;
    if (samples.length === 0) return { problem: `Prometheus at ${address.baseUrl} tells no energy of any pod or node` };
    const usages = isEachMeasured(pods, reading) ? undefined : await usagesAtHand(signal);
    const power = wattsOfPods({ pods, usages, measured: samples, ...terms('node-requests') });
    const without = failed.length === 0 ? '' : `, without ${failed.join('; ')}`;
    return { power, source: `measured: ${found.join(', ')} at ${address.baseUrl}${without}` };
  }

  /** What a node draws can be shared without them. */
  async function usagesAtHand(signal: AbortSignal) {
    const reading = await askUsages(signal).catch(() => ({}));
    signal.throwIfAborted();
    return 'usages' in reading ? reading.usages : undefined;
  }

  async function estimated(pods: readonly ScaledPod[], signal: AbortSignal): Promise<PowerReading> {
    const reading = await askUsages(signal);
    if ('usages' in reading) {
      const power = wattsOfPods({ pods, usages: reading.usages, ...terms('usage') });
      return { power, source: 'estimated from what pods use', usual: 'usage' };
    }
    if (!reading.isNotInstalled) return { problem: reading.problem };
    const power = wattsOfPods({ pods, ...terms('requests') });
    return { power, source: 'estimated from what pods request, as there is no metrics-server', usual: 'requests' };
  }

  function terms(kind: PowerKind) {
    return { nodes: topology()?.nodes ?? [], demanded: { kind, ofCreatedBefore: now() - YOUNG_MS } };
  }

  return (pods: Iterable<ScaledPod>, signal: AbortSignal): Promise<PowerReading> => measured([...pods], signal);
}

function isEachMeasured(pods: readonly ScaledPod[], { samples }: EnergyReading): boolean {
  const measured = new Set(samples.flatMap(({ pod }) => (pod ? usageKey(pod.namespace, pod.name) : [])));
  return pods.every(({ namespace, name, isUnstarted }) => isUnstarted || measured.has(usageKey(namespace, name)));
}
