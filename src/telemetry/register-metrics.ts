import { Counter, Gauge, type Registry } from 'prom-client';
import type { Metric, Series } from './metric.ts';

const KINDS = { gauge: Gauge, counter: Counter };

/** Registers what owners declare. Of several with one name the first counts that has anything to tell. */
export function registerMetrics(registry: Registry, metrics: readonly Metric[]): void {
  for (const ofOneName of Map.groupBy(metrics, ({ name }) => name).values()) register(registry, ofOneName);
}

function register(registry: Registry, ofOneName: readonly Metric[]): void {
  const [first] = ofOneName;
  if (!first) return;
  const { type, name, help, labelNames } = first;
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

function seriesOf(ofOneName: readonly Metric[]): readonly Series[] {
  for (const metric of ofOneName) {
    const series = [...metric.read()];
    if (series.length > 0) return series;
  }
  return [];
}
