import type { SourceDeps } from '../asking/get-json.ts';
import {
  type PrometheusAddress,
  type PrometheusSample,
  parseValue,
  queryPrometheus,
} from '../asking/query-prometheus.ts';
import { SourceError } from '../asking/source-error.ts';

/** Watts of one machine, and what it may be called, the most telling name first. */
interface PowerMeasurement {
  readonly names: readonly string[];
  readonly watts: number;
}

export interface PowerQuery {
  readonly name: string;
  readonly query: string;
}

/** Labels that name a machine: of Kepler, of usual relabellings, and what every scraped series has. */
export const NAMING_LABELS = [
  'node_name',
  'node',
  'nodename',
  'kubernetes_node',
  'exported_instance',
  'hostname',
  'instance',
];
const BY_MACHINE = `sum by (${NAMING_LABELS.join(', ')})`;

/**
 * What is asked by default, the best first. Idle power is wanted: a power supply tells all that is drawn, so the least of
 * an hour; Kepler before 0.10 tells idle and dynamic energy apart. `irate`, because `rate` would spread the energy of a node
 * that joined a minute ago over five. Kepler's `kepler_node_cpu_idle_watts` is not asked: that is the processors alone.
 *
 * Names: node_exporter, collector `powersupplyclass`; Kepler, docs/user/metrics.md, and before 0.10 its
 * `kepler_node_platform_joules_total` with `mode`.
 */
export const POWER_QUERIES: readonly PowerQuery[] = [
  { name: 'node_exporter', query: `${BY_MACHINE} (min_over_time(node_power_supply_power_watt[1h]))` },
  { name: 'Kepler', query: `${BY_MACHINE} (min_over_time(kepler_node_platform_watts[1h]))` },
  {
    name: 'Kepler before 0.10',
    query: `${BY_MACHINE} (irate(kepler_node_platform_joules_total{mode="idle"}[5m]))`,
  },
];

/** Asks for the watts of machines now; rejects with a SourceError. */
export async function measurePower(
  address: PrometheusAddress,
  { query }: PowerQuery,
  deps: SourceDeps,
  abort: AbortSignal,
): Promise<readonly PowerMeasurement[]> {
  const found = await queryPrometheus(address, { query }, deps, abort);
  if (found.resultType === 'vector') return found.result.map(toMeasurement);
  throw new SourceError('malformed', 'the query must find a vector with a series for each node, and finds a scalar');
}

function toMeasurement({ metric, value: [, text] }: PrometheusSample): PowerMeasurement {
  return { names: machineNames(metric), watts: parseValue(text) };
}

/** What the machine of a series may be called, the most telling name first; `label` counts before all others. */
export function machineNames(metric: PrometheusSample['metric'], label?: string): readonly string[] {
  const labels = label === undefined ? NAMING_LABELS : [label, ...NAMING_LABELS];
  const names = labels.flatMap((one) => {
    const name = Object.hasOwn(metric, one) ? metric[one] : undefined;
    return name ? [name, hostOf(name)] : [];
  });
  return [...new Set(names)];
}

/** `10.0.0.7` of `10.0.0.7:9100`, and of `[fd00::7]:9100` `fd00::7`. */
function hostOf(instance: string): string {
  const [, inBrackets, plain] = /^(?:\[([^\]]+)\]|([^:]+)):\d+$/.exec(instance) ?? [];
  return inBrackets ?? plain ?? instance;
}
