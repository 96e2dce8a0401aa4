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
  /** Counts one answered review. */
  readonly countReview: (endpoint: string, mode: string, decision: string, reason: string) => void;
  /** Times one answered review. */
  readonly observeDuration: (endpoint: string, seconds: number) => void;
  /** Counts one request that got no AdmissionReview: the status, or `closed`, and why. */
  readonly countRejection: (status: string, cause: string) => void;
  /** The Prometheus text exposition of this moment. */
  readonly render: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

const BUCKETS_SECONDS = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2];

/** Creates gridgate's metrics and the process metrics, in `registry` or one of their own. */
export function createMetrics({ registry = new Registry(), clock, sources }: MetricsOptions): Metrics {
  const registers = [registry];
  registerGauges(registry, clock, sources);
  if (sources.sourceRequests) registerSourceRequests(registers, sources.sourceRequests);
  if (sources.carbon) registerCarbon(registers, sources.carbon);
  if (sources.droppedLogLines) registerDroppedLines(registers, sources.droppedLogLines);
  collectDefaultMetrics({ register: registry });
  return {
    countReview: createReviewCounter(registers),
    observeDuration: createReviewTimer(registers),
    countRejection: createRejectionCounter(registers),
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}

function registerSourceRequests(registers: Registry[], read: NonNullable<MetricSources['sourceRequests']>): void {
  new Counter({
    name: 'gridgate_source_requests_total',
    help: 'Requests to sources of intensities',
    labelNames: ['source', 'outcome'] as const,
    registers,
    collect() {
      this.reset();
      for (const { source, outcome, count } of read()) this.inc({ source, outcome }, count);
    },
  });
}

function registerDroppedLines(registers: Registry[], read: NonNullable<MetricSources['droppedLogLines']>): void {
  new Counter({
    name: 'gridgate_log_lines_dropped_total',
    help: 'Log lines that could not be written, since nobody reads stdout or there is no room',
    registers,
    collect() {
      this.reset();
      this.inc(read());
    },
  });
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

function registerCarbon(registers: Registry[], read: NonNullable<MetricSources['carbon']>): void {
  const caveat = 'with an average signal attribution, not consequence';
  const counters = [
    ['avoided', `Estimated grams of CO2e that pods avoid by running where they do instead of at home; ${caveat}`],
    ['added', `Estimated grams of CO2e that pods add by running where it is dirtier than at home; ${caveat}`],
  ] as const;
  for (const [what, help] of counters)
    new Counter({
      name: `gridgate_carbon_${what}_grams_total`,
      help,
      labelNames: ['namespace'] as const,
      registers,
      collect() {
        this.reset();
        for (const carbon of read() ?? []) this.inc({ namespace: carbon.namespace }, carbon[`${what}Grams`]);
      },
    });
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
