/** What was sent in a piece of time; epoch milliseconds. */
export interface TrafficPiece {
  readonly startMs: number;
  readonly endMs: number;
  readonly bytes: number;
}

/** Traffic over a range, as somebody measured it. */
export interface MeasuredTraffic {
  /** Earliest first, at most an hour each where an hour was measured at all; times that nobody measured are missing. */
  readonly pieces: readonly TrafficPiece[];
  /** What the sum lacks or holds besides, a sentence each. */
  readonly notes: readonly string[];
}

/** A range of time, epoch milliseconds; the end is not part of it. */
export interface TimeRange {
  readonly startMs: number;
  readonly endMs: number;
}
