import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { MetricSources } from './gauges.ts';
import { registerGauges } from './gauges.ts';

export interface MetricsOptions {
  readonly registry?: Registry;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly sources: MetricSources;
}

export interface Metrics {
  /** Counts one answered review and the seconds it took. */
  readonly recordReview: (endpoint: string, mode: string, decision: string, reason: string, seconds: number) => void;
  /** Counts a pod that the binding check let go after its last veto. */
  readonly recordVetoesExhausted: () => void;
  /** The Prometheus text exposition of this moment. */
  readonly render: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

const BUCKETS_SECONDS = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2];

/** Creates gridgate's metrics (DESIGN 9) and the process metrics, in `registry` or one of their own. */
export function createMetrics({ registry = new Registry(), clock, sources }: MetricsOptions): Metrics {
  const registers = [registry];
  const vetoes = new Counter({
    name: 'gridgate_binding_vetoes_exhausted_total',
    help: 'Pods that were let go to a refused region after the last veto of their binding',
    registers,
  });
  registerGauges(registry, clock, sources);
  collectDefaultMetrics({ register: registry });
  return {
    recordReview: createReviewRecorder(registers),
    recordVetoesExhausted: () => vetoes.inc(),
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}

function createReviewRecorder(registers: Registry[]): Metrics['recordReview'] {
  const requests = new Counter({
    name: 'gridgate_admission_requests_total',
    help: 'Admission reviews answered',
    labelNames: ['endpoint', 'mode', 'decision', 'reason'] as const,
    registers,
  });
  const duration = new Histogram({
    name: 'gridgate_admission_duration_seconds',
    help: 'Time from the arrival of a review to its answer',
    labelNames: ['endpoint'] as const,
    buckets: BUCKETS_SECONDS,
    registers,
  });
  // prom-client builds and checks a label object per call of labels(): on the request path that is done once per series.
  const counters = new Map<string, Counter.Internal>();
  const timers = new Map<string, Histogram.Internal<'endpoint'>>();
  return (endpoint, mode, decision, reason, seconds) => {
    const key = `${endpoint} ${mode} ${decision} ${reason}`;
    const count = counters.get(key) ?? remember(counters, key, requests.labels(endpoint, mode, decision, reason));
    const time = timers.get(endpoint) ?? remember(timers, endpoint, duration.labels(endpoint));
    count.inc();
    time.observe(seconds);
  };
}

function remember<T>(known: Map<string, T>, key: string, value: T): T {
  known.set(key, value);
  return value;
}
