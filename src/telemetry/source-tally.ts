import type { Metric } from './metric.ts';

export interface SourceRequests {
  readonly source: string;
  readonly outcome: string;
  readonly count: number;
  /** Epoch milliseconds of the last one. */
  readonly lastAt: number;
}

export interface SourceTally {
  readonly count: (source: string, outcome: string) => void;
  readonly read: () => readonly SourceRequests[];
  readonly metric: Metric;
}

export function createSourceTally(clock: () => number = Date.now): SourceTally {
  const entries = new Map<string, SourceRequests>();
  return {
    count(source, outcome) {
      const key = `${source} ${outcome}`;
      entries.set(key, { source, outcome, count: (entries.get(key)?.count ?? 0) + 1, lastAt: clock() });
    },
    read: () => [...entries.values()],
    metric: {
      type: 'counter',
      name: 'gridgate_source_requests_total',
      help: 'Requests to sources of intensities',
      labelNames: ['source', 'outcome'],
      read: () => Array.from(entries.values(), ({ source, outcome, count }) => [{ source, outcome }, count]),
    },
  };
}
