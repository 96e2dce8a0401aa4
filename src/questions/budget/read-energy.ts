import type { EnergyConfig } from '../../config/budget-config.ts';
import type { Environment } from '../../config/read-options.ts';
import type { EnergySample } from '../../energy/energy-sample.ts';
import { StatusError } from '../../sources/asking/get-json.ts';
import type { PrometheusAddress } from '../../sources/asking/query-prometheus.ts';
import { SourceError } from '../../sources/asking/source-error.ts';
import { type EnergyQuestion, type EnergyReading, readPodEnergy } from '../../sources/power/pod-energy.ts';
import { EXIT, type Issues } from '../../terminal/exit-codes.ts';
import { energyPrometheus } from '../../world/live-sources.ts';
import type { EarlierEnergy } from './components.ts';
import type { BudgetValues } from './options.ts';

/** What a Prometheus measured; nothing where none is named. */
export interface MeasuredEnergy {
  readonly samples: readonly EnergySample[];
  readonly earlier?: EarlierEnergy;
  /** What is missing, a sentence each. */
  readonly notes: readonly string[];
}

/** Over 10,000 pods. */
const TIMEOUT_MS = 30_000;
const HOUR_MS = 3_600_000;

/**
 * Asks the Prometheus of the options, else of the configuration, for now and an hour ago. One that the options name must answer
 * (exit code 3, for a query that it refuses 2); the address of the configuration may be one that pods alone reach: then it
 * is said, and energy is estimated.
 */
export async function readEnergy(
  { prometheusUrl, prometheusQuery }: Pick<BudgetValues, 'prometheusUrl' | 'prometheusQuery'>,
  config: EnergyConfig,
  env: Environment,
): Promise<MeasuredEnergy | Issues> {
  const address = prometheusUrl === undefined ? energyPrometheus(config, env) : { baseUrl: prometheusUrl };
  if (!address) return { samples: [], notes: [] };
  const { query, labels } = prometheusUrl === undefined ? (config.prometheus ?? {}) : { query: prometheusQuery };
  try {
    return await readBoth(address, { query, labels });
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return prometheusUrl === undefined
      ? {
          samples: [],
          notes: [`budgets.energy.prometheus: ${address.baseUrl}: ${error.message}: what pods draw is estimated`],
        }
      : refusal(error, prometheusUrl, prometheusQuery);
  }
}

async function readBoth(address: PrometheusAddress, question: EnergyQuestion): Promise<MeasuredEnergy> {
  const deps = { fetch: globalThis.fetch, clock: Date.now };
  const at = Date.now() - HOUR_MS;
  const read = (when?: number) =>
    readPodEnergy(address, { ...question, at: when }, deps, AbortSignal.timeout(TIMEOUT_MS));
  const [now, then] = await Promise.all([
    read(),
    read(at).catch((error) => {
      if (error instanceof SourceError) return error;
      throw error;
    }),
  ]);
  const notes = wordsOf(now);
  if (then instanceof SourceError)
    return { samples: now.samples, notes: [...notes, `an hour ago: ${then.message}: no trend is told`] };
  return { samples: now.samples, earlier: { samples: then.samples, at }, notes };
}

function wordsOf({ samples, implausible, unnamed, failed }: EnergyReading): readonly string[] {
  return [
    ...(samples.length === 0 ? ['Prometheus knows no energy of pods or nodes: it is estimated'] : []),
    ...(implausible > 0 ? [`Prometheus: ${implausible} series are no power of a machine and are not used`] : []),
    ...(unnamed > 0 ? [`Prometheus: ${unnamed} series name neither a pod nor a node and are not used`] : []),
    ...failed.map((sentence) => `Prometheus: ${sentence}`),
  ];
}

function refusal(error: SourceError, url: string, query: string | undefined): Issues {
  const isRefused = error instanceof StatusError && (error.status === 400 || error.status === 422);
  if (isRefused && query !== undefined)
    return { issues: [`--prometheus-query: Prometheus refuses it: ${error.message}`], exitCode: EXIT.usage };
  const remedy = 'leave --prometheus-url out to have it estimated';
  return { issues: [`--prometheus-url: ${url}: ${error.message}; ${remedy}`], exitCode: EXIT.upstream };
}
