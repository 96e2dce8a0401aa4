import type { EnergyConfig } from '../config/budget-config.ts';
import type { Environment } from '../config/read-options.ts';
import type { PowerReading } from '../controllers/carbon-budgets/looks.ts';
import type { Workloads } from '../controllers/workloads.ts';
import { wattsOfPods } from '../scaling/component-carbon.ts';
import type { ScaledPod } from '../scaling/scaled-pod.ts';
import { readPodEnergy } from '../sources/power/pod-energy.ts';
import { within } from '../units/deadline.ts';
import { energyPrometheus } from '../world/live-sources.ts';

interface PodPowerDeps {
  /** As `gridgate.yaml` says it now. */
  readonly energy: () => EnergyConfig;
  readonly env: Environment;
  readonly workloads: Pick<Workloads, 'usages'>;
}

const TIMEOUT_MS = 10_000;
const FETCHING = { fetch: globalThis.fetch, clock: Date.now };

/**
 * Asks what pods draw, of whom `gridgate.yaml` names. Who is named and says nothing is not replaced by an estimate: what is made of
 * it would jump, and people would lose replicas by that.
 *
 * | Prometheus       | metrics.k8s.io     | watts                                    |
 * | ---------------- | ------------------ | ---------------------------------------- |
 * | tells            | any                | measured, by node shared by what is known |
 * | fails, or tells none | any            | unknown                                  |
 * | not named        | tells              | estimated from usage                     |
 * | not named        | fails              | unknown                                  |
 * | not named        | not installed      | estimated from requests                  |
 */
export function createPodPower({ energy, env, workloads }: PodPowerDeps) {
  async function measured(pods: readonly ScaledPod[], signal: AbortSignal): Promise<PowerReading> {
    const { prometheus } = energy();
    const address = energyPrometheus(energy(), env);
    if (!address) return estimated(pods, signal);
    const { query, labels } = prometheus ?? {};
    const ask = (abort: AbortSignal) => readPodEnergy(address, { query, labels }, FETCHING, abort);
    const { samples, found } = await within('Prometheus', TIMEOUT_MS, ask, signal);
    if (samples.length === 0) return { problem: `Prometheus at ${address.baseUrl} tells no energy of any pod or node` };
    const usage = await workloads.usages(signal);
    const nodes = new Set(pods.map(({ node }) => node));
    const nodeOf = (machine: string) => (nodes.has(machine) ? machine : undefined);
    const usages = 'usages' in usage ? usage.usages : undefined;
    return {
      power: wattsOfPods({ pods, usages, measured: samples, nodeOf }),
      source: `measured: ${found.join(', ')} at ${address.baseUrl}`,
    };
  }

  async function estimated(pods: readonly ScaledPod[], signal: AbortSignal): Promise<PowerReading> {
    const usage = await workloads.usages(signal);
    if ('usages' in usage)
      return { power: wattsOfPods({ pods, usages: usage.usages }), source: 'estimated from what pods use' };
    if (!usage.isNotInstalled) return { problem: usage.problem };
    return { power: wattsOfPods({ pods }), source: 'estimated from what pods request, as there is no metrics-server' };
  }

  return (pods: Iterable<ScaledPod>, signal: AbortSignal): Promise<PowerReading> => measured([...pods], signal);
}
