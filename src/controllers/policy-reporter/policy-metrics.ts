import { type Metric, oneSeries } from '../../telemetry/metric.ts';

/** How many there are; nothing where `count` answers undefined. */
export function malformedPolicies(count: () => number | undefined): Metric {
  return {
    type: 'gauge',
    name: 'gridgate_malformed_policies',
    help: 'Namespaces whose policy is malformed: of all on the leader, of those whose pods came on other webhooks',
    labelNames: [],
    read: () => oneSeries(count()),
  };
}

/** A series for each of the namespaces whose `regions` match nothing that is known. */
export function unenforceablePolicies(namespaces: () => readonly string[] | undefined): Metric {
  return {
    type: 'gauge',
    name: 'gridgate_sovereignty_unenforceable',
    help: "1 while no known region matches a namespace's regions, so that enforce denies every pod; on the leader and stand-alone",
    labelNames: ['namespace'],
    read: () => (namespaces() ?? []).map((namespace) => [{ namespace }, 1]),
  };
}
