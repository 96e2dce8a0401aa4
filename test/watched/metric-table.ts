import { Registry } from 'prom-client';
import { createBudgetFigures } from '../../src/controllers/carbon-budgets/budget-metrics.ts';
import { carbonMetrics } from '../../src/controllers/carbon-meter/carbon-metrics.ts';
import { releaseMetrics } from '../../src/controllers/gate-releaser/release-metrics.ts';
import { createOverlayFigures } from '../../src/controllers/node-overlays/figures.ts';
import { poolMetrics } from '../../src/controllers/node-pools/pool-metrics.ts';
import { malformedPolicies, unenforceablePolicies } from '../../src/controllers/policy-reporter/policy-metrics.ts';
import { expanderMetrics } from '../../src/controllers/priority-expander/controller.ts';
import { memoryHours } from '../../src/controllers/region-memory/controller.ts';
import { regionalMetrics } from '../../src/controllers/regional-autoscaler/metrics.ts';
import {
  certificateTimes,
  leadership,
  reviewBodies,
  unreadSettings,
  watchIdle,
} from '../../src/replica/server-metrics.ts';
import { droppedLines } from '../../src/telemetry/log-output.ts';
import type { Metric } from '../../src/telemetry/metric.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { regionMetrics } from '../../src/telemetry/region-metrics.ts';
import { createSourceTally } from '../../src/telemetry/source-tally.ts';

const nothing = () => undefined;
const clock = () => 0;

const METRICS: readonly Metric[] = [
  ...regionMetrics(clock, nothing),
  ...certificateTimes(nothing, clock),
  watchIdle(() => ({}), clock),
  leadership(() => false),
  ...unreadSettings(nothing, nothing),
  ...reviewBodies(nothing),
  createSourceTally(clock).metric,
  droppedLines({ dropped: clock }),
  malformedPolicies(nothing),
  unenforceablePolicies(nothing),
  ...carbonMetrics(nothing),
  ...releaseMetrics({ gatedPods: nothing, overduePods: nothing, takeDelays: () => [], savings: nothing }),
  memoryHours(nothing),
  ...createBudgetFigures().metrics,
  ...createOverlayFigures().metrics,
  ...poolMetrics({ decisions: nothing, changes: new Map(), replaced: () => new Map() }),
  ...regionalMetrics({ told: nothing, actions: new Map(), isRegion: () => true }),
  ...expanderMetrics(() => new Map(), {}),
];

/** The labels of every metric that a replica may export, by its name; of prom-client's and Node's own, too. */
export function metricTable(): ReadonlyMap<string, readonly string[]> {
  const registry = new Registry();
  createMetrics({ registry, metrics: METRICS });
  const all = registry.getMetricsAsArray() as unknown as readonly {
    name: string;
    type: string;
    labelNames: string[];
  }[];
  return new Map(
    all.flatMap(({ name, type, labelNames }): [string, readonly string[]][] =>
      type === 'histogram'
        ? [
            [`${name}_bucket`, [...labelNames, 'le']],
            [`${name}_sum`, labelNames],
            [`${name}_count`, labelNames],
          ]
        : [[name, labelNames]],
    ),
  );
}

/** Of the API server: test/e2e/dashboards.e2e.ts sees them there. */
export const API_SERVER_METRICS: ReadonlyMap<string, readonly string[]> = new Map([
  ['apiserver_admission_webhook_fail_open_count', ['name', 'type']],
  ['apiserver_admission_webhook_rejection_count', ['name', 'type', 'operation', 'error_type', 'rejection_code']],
  ['apiserver_admission_webhook_request_total', ['name', 'type', 'operation', 'code', 'rejected']],
  ['apiserver_admission_webhook_admission_duration_seconds_bucket', ['name', 'type', 'operation', 'rejected', 'le']],
]);

/** Of a histogram its own name. */
export function familyOf(name: string): string {
  return name.replace(/_(bucket|sum|count)$/, '');
}
