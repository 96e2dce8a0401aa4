import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Metric, Series } from './metric.ts';

interface MetricsOptions {
  readonly registry?: Registry;
  readonly metrics: readonly Metric[];
}

interface Metrics {
  readonly countReview: (endpoint: string, mode: string, decision: string, reason: string) => void;
  readonly observeDuration: (endpoint: string, seconds: number) => void;
  /** Counts one request that got no AdmissionReview: the status, or `closed`, and why. */
  readonly countRejection: (status: string, cause: string) => void;
  /** The Prometheus text exposition of this moment. */
  readonly render: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

const BUCKETS_SECONDS = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2];

/** The metrics of reviews, those that are declared and those of the process, in `registry` or one of their own. */
export function createMetrics({ registry = new Registry(), metrics }: MetricsOptions): Metrics {
  const registers = [registry];
  registerMetrics(registry, metrics);
  collectDefaultMetrics({ register: registry });
  return {
    countReview: createReviewCounter(registers),
    observeDuration: createReviewTimer(registers),
    countRejection: createRejectionCounter(registers),
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}

function createRejectionCounter(registers: Registry[]): Metrics['countRejection'] {
  const rejections = new Counter({
    name: 'gridgate_rejected_requests_total',
    help: 'Requests to the webhook that got no AdmissionReview: the status, or closed, and why',
    labelNames: ['status', 'cause'] as const,
    registers,
  });
  return (status, cause) => rejections.inc({ status, cause });
}

/** Reviews not yet told to prom-client. */
interface Tally {
  pending: number;
  readonly counter: Counter.Internal;
}

/** prom-client joins and hashes all labels at every increment: on the request path, counts are kept aside until a scrape. */
function createReviewCounter(registers: Registry[]): Metrics['countReview'] {
  const tallies = new Map<string, Tally>();
  const requests = new Counter({
    name: 'gridgate_admission_requests_total',
    help: 'Admission reviews answered',
    labelNames: ['endpoint', 'mode', 'decision', 'reason'] as const,
    registers,
    collect: () => tallies.forEach(tell),
  });
  return (endpoint, mode, decision, reason) => {
    const key = `${endpoint} ${mode} ${decision} ${reason}`;
    let tally = tallies.get(key);
    if (!tally) {
      tally = { pending: 0, counter: requests.labels(endpoint, mode, decision, reason) };
      tallies.set(key, tally);
    }
    tally.pending += 1;
  };
}

function tell(tally: Tally): void {
  if (tally.pending > 0) tally.counter.inc(tally.pending);
  tally.pending = 0;
}

function createReviewTimer(registers: Registry[]): Metrics['observeDuration'] {
  const timers = new Map<string, Histogram.Internal<'endpoint'>>();
  const duration = new Histogram({
    name: 'gridgate_admission_duration_seconds',
    help: 'Time from the arrival of a review to its answer',
    labelNames: ['endpoint'] as const,
    buckets: BUCKETS_SECONDS,
    registers,
  });
  return (endpoint, seconds) => {
    let timer = timers.get(endpoint);
    if (!timer) {
      timer = duration.labels(endpoint);
      timers.set(endpoint, timer);
    }
    timer.observe(seconds);
  };
}

const KINDS = { gauge: Gauge, counter: Counter };

/** Registers what owners declare. Of several with one name the first counts that has anything to tell. */
function registerMetrics(registry: Registry, metrics: readonly Metric[]): void {
  for (const ofOneName of Map.groupBy(metrics, ({ name }) => name).values()) register(registry, ofOneName);
}

function register(registry: Registry, ofOneName: readonly Metric[]): void {
  const [first] = ofOneName;
  if (!first) return;
  const { type, name, help, labelNames, buckets = [] } = first;
  if (type === 'histogram') registerHistogram(registry, ofOneName, { name, help, labelNames, buckets });
  else registerSeries(registry, ofOneName, { type, name, help, labelNames });
}

function registerSeries(
  registry: Registry,
  ofOneName: readonly Metric[],
  {
    type,
    name,
    help,
    labelNames,
  }: Pick<Metric, 'name' | 'help' | 'labelNames'> & { readonly type: keyof typeof KINDS },
): void {
  const metric = new KINDS[type]({
    name,
    help,
    labelNames,
    registers: [registry],
    // prom-client calls all collectors of a scrape in one tick: they see one snapshot.
    collect() {
      metric.reset();
      // reset() leaves a metric without labels at 0, which would claim a measurement.
      if (labelNames.length === 0) metric.remove();
      for (const [labels, value] of seriesOf(ofOneName)) metric.inc(labels, value);
    },
  });
}

function registerHistogram(
  registry: Registry,
  ofOneName: readonly Metric[],
  { name, help, labelNames, buckets }: Required<Pick<Metric, 'name' | 'help' | 'labelNames' | 'buckets'>>,
): void {
  const histogram = new Histogram({
    name,
    help,
    labelNames,
    buckets: [...buckets],
    registers: [registry],
    collect() {
      for (const [labels, value] of seriesOf(ofOneName)) histogram.observe(labels, value);
    },
  });
}

function seriesOf(ofOneName: readonly Metric[]): readonly Series[] {
  for (const metric of ofOneName) {
    const series = [...metric.read()];
    if (series.length > 0) return series;
  }
  return [];
}
