import type { EnergySample } from '../../energy/energy-sample.ts';
import type { SourceDeps } from '../asking/get-json.ts';
import type { PrometheusAddress } from '../asking/query-prometheus.ts';

export interface EnergyQuery {
  readonly name: string;
  /** PromQL that finds an instant vector of watts, with a series for each pod or machine. */
  readonly query: string;
}

/** The labels that name a pod and its namespace, or a machine. */
export interface EnergyLabels {
  readonly namespace: string;
  readonly pod: string;
  readonly node?: string | undefined;
}

export interface EnergyReading {
  /** One a pod and one a machine. */
  readonly samples: readonly EnergySample[];
  /** The queries that found something, by name. */
  readonly found: readonly string[];
  /** Series that no machine can draw: not a number, negative, endless. */
  readonly implausible: number;
  /** Series that name neither a pod nor a machine. */
  readonly unnamed: number;
}

export interface EnergyQuestion {
  /** Instead of those that gridgate asks by itself. */
  readonly query?: string | undefined;
  readonly labels?: Partial<EnergyLabels> | undefined;
  /** Epoch milliseconds; now where it is left out. */
  readonly at?: number | undefined;
}

/** Asks Prometheus what pods and machines draw; rejects with a SourceError. */
export declare function readPodEnergy(
  address: PrometheusAddress,
  question: EnergyQuestion,
  deps: SourceDeps,
  abort: AbortSignal,
): Promise<EnergyReading>;
