import { HOUR_MS } from '../../units/moment.ts';
import type { SourceDeps } from '../asking/get-json.ts';
import { type PrometheusSeries, parseValue, queryRange } from '../asking/query-prometheus.ts';
import { SourceError } from '../asking/source-error.ts';
import type { MeasuredTraffic, TimeRange, TrafficPiece } from './measured-traffic.ts';

interface PrometheusTrafficOptions {
  readonly baseUrl: string;
  /** PromQL that finds bytes per second; several series are summed. By default what node_exporter saw leave. */
  readonly query?: string | undefined;
}

/** Prometheus refuses more points in one series. */
const MOST_POINTS = 11_000;
/** Of the default query: long enough for two scrapes a minute apart, and each step has its own window. */
const DEFAULT_STEP_SECONDS = 300;
const OWN_STEP_SECONDS = 60;
/** A range of minutes has that many points all the same. */
const LEAST_POINTS = 60;

const ALL_NODES =
  'node_exporter counts all that the nodes of this Prometheus sent, wherever they are, not only what moved; --prometheus-query narrows it';

/**
 * Integrates bytes per second over a range; rejects with a SourceError. The value of a moment counts for the step before it,
 * as `rate()` looks back. Steps without a value are not counted; a note says how many there are.
 */
export async function readPrometheusTraffic(
  { baseUrl, query }: PrometheusTrafficOptions,
  range: TimeRange,
  deps: SourceDeps,
  abort: AbortSignal,
): Promise<MeasuredTraffic & { readonly query: string }> {
  const stepSeconds = stepFor(range, query === undefined);
  const asked = query ?? defaultQuery(stepSeconds);
  const end = range.endMs / 1_000;
  const points = Math.ceil((end - range.startMs / 1_000) / stepSeconds);
  const start = end - (points - 1) * stepSeconds;
  const steps = { query: asked, start: String(start), end: String(end), step: String(stepSeconds) };
  const { series, warnings } = await queryRange(baseUrl, steps, deps, abort);
  if (series.length === 0) throw new SourceError('not_covered', `the query finds nothing in this range: ${asked}`);
  const rates = sumSeries(series, start, stepSeconds);
  const missing = points - rates.size;
  return {
    query: asked,
    pieces: integrate(rates, points, range, stepSeconds * 1_000),
    notes: [
      ...(query === undefined ? [ALL_NODES] : []),
      ...warnings.map((text) => `Prometheus warns: ${text}`),
      ...(series.length > 1 ? [`Prometheus finds ${series.length} series; their sum counts`] : []),
      ...(missing > 0
        ? [`Prometheus has no value for ${missing} of ${points} steps of ${stepSeconds} s; they are not counted`]
        : []),
    ],
  };
}

/** Seconds: as fine as is worth it, within what Prometheus answers. */
function stepFor({ startMs, endMs }: TimeRange, isDefault: boolean): number {
  const seconds = (endMs - startMs) / 1_000;
  const wanted = isDefault
    ? Math.min(DEFAULT_STEP_SECONDS, Math.ceil(seconds))
    : Math.min(OWN_STEP_SECONDS, Math.floor(seconds / LEAST_POINTS));
  return Math.max(1, wanted, Math.ceil(seconds / MOST_POINTS));
}

/** Without loopback and the ends of pods' virtual cables, on which the same bytes would count twice. */
function defaultQuery(stepSeconds: number): string {
  const window = Math.max(stepSeconds, OWN_STEP_SECONDS);
  return `sum(rate(node_network_transmit_bytes_total{device!~"lo|veth.*|cali.*|cilium.*|lxc.*|cni.*|docker.*|flannel.*|br-.*"}[${window}s]))`;
}

/** Bytes per second of all series by the number of their step, counted from 0. */
function sumSeries(
  series: readonly PrometheusSeries[],
  start: number,
  stepSeconds: number,
): ReadonlyMap<number, number> {
  const rates = new Map<number, number>();
  for (const [seconds, text] of series.flatMap(({ values }) => values)) {
    const rate = parseValue(text);
    if (Number.isNaN(rate)) continue;
    if (rate < 0 || !Number.isFinite(rate))
      throw new SourceError('implausible', `the query finds ${text.slice(0, 20)} bytes per second`);
    const step = Math.round((seconds - start) / stepSeconds);
    rates.set(step, (rates.get(step) ?? 0) + rate);
  }
  return rates;
}

/** One piece for each hour of the clock, as far as it has values. */
function integrate(
  rates: ReadonlyMap<number, number>,
  points: number,
  { startMs, endMs }: TimeRange,
  stepMs: number,
): readonly TrafficPiece[] {
  const pieces = new Map<number, TrafficPiece>();
  for (let step = 0; step < points; step++) {
    const rate = rates.get(step);
    if (rate === undefined) continue;
    const toMs = endMs - (points - 1 - step) * stepMs;
    const fromMs = Math.max(startMs, toMs - stepMs);
    const hour = Math.floor(fromMs / HOUR_MS);
    const before = pieces.get(hour);
    const bytes = (rate * (toMs - fromMs)) / 1_000;
    pieces.set(hour, { startMs: before?.startMs ?? fromMs, endMs: toMs, bytes: (before?.bytes ?? 0) + bytes });
  }
  return [...pieces.values()];
}
