import { type Metric, oneSeries, type Series } from '../../telemetry/metric.ts';
import type { NamespaceSavings } from './savings.ts';

/** What is told of waiting; each `undefined` while this replica does not see to it. */
export interface ReleaseFigures {
  readonly gatedPods: () => number | undefined;
  readonly overduePods: () => number | undefined;
  /** Seconds from when each was to go to when it went, since the last time. */
  readonly takeDelays: () => readonly number[];
  readonly savings: () => readonly NamespaceSavings[] | undefined;
}

const DELAY_BUCKETS_SECONDS = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3_600];
const CAVEAT = 'an estimate from requests and length';

export function releaseMetrics({ gatedPods, overduePods, takeDelays, savings }: ReleaseFigures): readonly Metric[] {
  const gauge = (name: string, help: string, read: () => number | undefined): Metric => ({
    type: 'gauge',
    name,
    help,
    labelNames: [],
    read: () => oneSeries(read()),
  });
  const counter = (name: string, help: string, grams: (one: NamespaceSavings) => number): Metric => ({
    type: 'counter',
    name,
    help: `Grams of CO2e that waiting ${help}; ${CAVEAT}`,
    labelNames: ['namespace'],
    read: () => (savings() ?? []).map((one): Series => [{ namespace: one.namespace }, grams(one)]),
  });
  return [
    gauge(
      'gridgate_gated_pods',
      'Pods that wait for a cleaner hour: behind a gate, or still to be made by a suspended Job',
      gatedPods,
    ),
    gauge('gridgate_gated_pods_overdue', 'Those of them whose latest start has passed', overduePods),
    {
      type: 'histogram',
      name: 'gridgate_release_delay_seconds',
      help: 'Time from the planned start of what waited to its release',
      labelNames: [],
      buckets: DELAY_BUCKETS_SECONDS,
      read: () => takeDelays().map((seconds): Series => [{}, seconds]),
    },
    counter('gridgate_waiting_saved_grams_expected_total', 'is expected to save', ({ expectedGrams }) => expectedGrams),
    counter(
      'gridgate_waiting_saved_grams_found_total',
      'has saved by the readings of the hours that work ran in',
      ({ foundGrams }) => foundGrams,
    ),
    counter('gridgate_waiting_added_grams_found_total', 'has added by those readings', ({ addedGrams }) => addedGrams),
  ];
}
