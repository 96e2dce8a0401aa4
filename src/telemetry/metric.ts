type Labels = Readonly<Record<string, string>>;
export type Series = readonly [labels: Labels, value: number];

/** A metric as its owner declares it; its series are read anew at each scrape. */
export interface Metric {
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Upper bounds, of a histogram. */
  readonly buckets?: readonly number[];
  /** Every series there is now; what it leaves out disappears from the scrape. Of a histogram, what was observed since the last time. */
  read(): Iterable<Series>;
}

/** A series without labels; none where there is no value. */
export function oneSeries(value: number | undefined): readonly Series[] {
  return value === undefined ? [] : [[{}, value]];
}
