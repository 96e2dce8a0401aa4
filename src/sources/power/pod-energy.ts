import type { EnergySample } from '../../energy/energy-sample.ts';
import type { SourceDeps } from '../asking/get-json.ts';
import {
  type PrometheusAddress,
  type PrometheusSample,
  parseValue,
  queryPrometheus,
} from '../asking/query-prometheus.ts';
import { SourceError } from '../asking/source-error.ts';
import { machineNames, NAMING_LABELS } from './prometheus-power.ts';

/** The labels that name a pod and its namespace, or a machine; which of the two a query is about. */
interface EnergyLabels {
  readonly namespace?: string | undefined;
  readonly pod?: string | undefined;
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
  /** Why queries failed that something better than they was found without, a sentence each. */
  readonly failed: readonly string[];
}

export interface EnergyQuestion {
  /** PromQL of watts by pod or by machine, instead of what gridgate asks by itself. */
  readonly query?: string | undefined;
  /** The labels of what that query finds; otherwise those that exporters usually have. */
  readonly labels?: EnergyLabels | undefined;
  /** Epoch milliseconds; now where it is left out. */
  readonly at?: number | undefined;
}

interface EnergyQuery {
  readonly name: string;
  readonly query: string;
  readonly labels?: EnergyLabels;
}

const BY_MACHINE = ['nodename', ...NAMING_LABELS.filter((label) => label !== 'nodename')].join(', ');
const OF_SOCKETS = 'rate(node_rapl_package_joules_total[5m])';
const OF_MEMORY = 'rate(node_rapl_dram_joules_total[5m])';
const zoned = (series: string, zone: string) => `label_replace(${series}, "rapl_zone", "${zone}", "instance", ".*")`;
/** What two scrapes of one exporter tell counts once: `max` over the labels that tell meters apart, then the sum. */
const RAPL = `sum by (${BY_MACHINE}) (max by (${BY_MACHINE}, rapl_zone, index, path) (${zoned(OF_SOCKETS, 'package')} or ${zoned(OF_MEMORY, 'dram')}))`;
const HOST_NAMES = 'max by (instance, nodename) (node_uname_info)';

/**
 * What is asked by default, the best first; of a pod or machine that several know the first counts.
 *
 * - Kepler from 0.10 (`docs/user/metrics.md`): the active energy of pods. Of its zones sockets and memory: cores are part of
 *   sockets, and `psys` holds them all. Terminated pods keep their counters.
 * - Kepler before 0.10: idle and dynamic energy of containers, all components.
 * - node_exporter, collector `rapl`: sockets and memory of machines. Their names come from `node_uname_info`: `instance` is
 *   mostly an address.
 */
export const ENERGY_QUERIES: readonly EnergyQuery[] = [
  {
    name: 'Kepler',
    query:
      'sum by (pod_namespace, pod_name) (max by (pod_namespace, pod_name, pod_id, zone) (rate(kepler_pod_cpu_joules_total{zone=~"package.*|dram.*", state!="terminated"}[5m])))',
    labels: { namespace: 'pod_namespace', pod: 'pod_name' },
  },
  {
    name: 'Kepler before 0.10',
    query:
      'sum by (container_namespace, pod_name) (max by (container_namespace, pod_name, container_id, container_name, mode) (rate(kepler_container_joules_total[5m])))',
    labels: { namespace: 'container_namespace', pod: 'pod_name' },
  },
  {
    name: 'node_exporter',
    query: `(${RAPL} * on (instance) group_left (nodename) ${HOST_NAMES}) or (${RAPL} unless on (instance) ${HOST_NAMES})`,
    labels: { node: 'nodename' },
  },
];

/** No machine with one power cord draws more, and no pod more than its machine. */
const MOST_WATTS = 100_000;

/** Labels of pods and their namespaces, the most telling first: `namespace` and `pod` of a scraped series may be the exporter's. */
const POD_LABELS: readonly (readonly [namespace: string, pod: string])[] = [
  ['pod_namespace', 'pod_name'],
  ['container_namespace', 'pod_name'],
  ['exported_namespace', 'exported_pod'],
  ['namespace', 'pod'],
];

/**
 * Asks Prometheus what pods and machines draw; rejects with a SourceError. Series of the same thing in one query add up. What is
 * asked by default may fail where a better query found something: others would be told that nobody measures them.
 */
export async function readPodEnergy(
  address: PrometheusAddress,
  { query, labels, at }: EnergyQuestion,
  deps: SourceDeps,
  abort: AbortSignal,
): Promise<EnergyReading> {
  const queries = query === undefined ? ENERGY_QUERIES : [{ name: 'the query', query, ...(labels && { labels }) }];
  const asked = await Promise.all(
    queries.map(async (one) => {
      const answer = await ask(one).catch((error) => {
        if (error instanceof SourceError) return error;
        throw error;
      });
      return { name: one.name, answer };
    }),
  );
  const answers: Answer[] = [];
  const found: string[] = [];
  const failed: string[] = [];
  for (const { name, answer } of asked)
    if (!(answer instanceof SourceError)) {
      answers.push(answer);
      if (answer.samples.size > 0) found.push(name);
    } else if (found.length === 0) throw answer;
    else failed.push(`${name}: ${answer.message}`);
  return {
    samples: [...new Map(answers.toReversed().flatMap(({ samples }) => [...samples])).values()],
    found,
    implausible: answers.reduce((sum, answer) => sum + answer.implausible, 0),
    unnamed: answers.reduce((sum, answer) => sum + answer.unnamed, 0),
    failed,
  };

  async function ask({ query: text, labels: names }: EnergyQuery): Promise<Answer> {
    const { resultType, result } = await queryPrometheus(address, { query: text, at }, deps, abort);
    if (resultType === 'vector') return sumUp(result, names);
    throw new SourceError(
      'malformed',
      'the query must find a vector with a series for each pod or node, and finds a scalar',
    );
  }
}

type Answer = ReturnType<typeof sumUp>;

function sumUp(series: readonly PrometheusSample[], labels: EnergyLabels | undefined) {
  const samples = new Map<string, EnergySample>();
  let implausible = 0;
  let unnamed = 0;
  for (const { metric, value } of series) {
    const named = nameOf(metric, labels);
    const watts = parseValue(value[1]);
    if (!named) unnamed += 1;
    else if (!(watts >= 0 && watts <= MOST_WATTS)) implausible += 1;
    else {
      const key = JSON.stringify(named.pod ?? named.machines[0]);
      samples.set(key, { ...named, watts: watts + (samples.get(key)?.watts ?? 0) });
    }
  }
  return { samples, implausible, unnamed };
}

function nameOf(
  metric: PrometheusSample['metric'],
  labels: EnergyLabels = {},
): Omit<EnergySample, 'watts'> | undefined {
  const textOf = (label: string) => (Object.hasOwn(metric, label) && metric[label]) || undefined;
  const { namespace = 'namespace', pod = 'pod', node } = labels;
  const isOfPods = labels.pod !== undefined || labels.namespace !== undefined;
  const ofPods = isOfPods ? [[namespace, pod] as const] : node === undefined ? POD_LABELS : [];
  for (const [namespaceLabel, podLabel] of ofPods) {
    const [inNamespace, name] = [textOf(namespaceLabel), textOf(podLabel)];
    if (inNamespace && name) return { pod: { namespace: inNamespace, name }, machines: [] };
  }
  if (isOfPods && node === undefined) return undefined;
  const machines = machineNames(metric, node);
  return machines.length > 0 ? { machines } : undefined;
}
