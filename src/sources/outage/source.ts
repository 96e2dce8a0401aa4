export type OutageSourceName = 'prometheus' | 'aws-health' | 'configmap' | 'nodes';

/** What one automatic source says of a region; a region that it says nothing of is unknown, which is not down. */
export interface Verdict {
  readonly down: boolean;
  /** Why, in words for people; at most 200 characters. */
  readonly reason?: string;
}

/** An automatic source of outages. `manual` is none: every replica reads `spec.outage` itself. */
export interface OutageSource {
  readonly name: OutageSourceName;
  /** What the source says now, by region. Rejects when it cannot tell: then all it knows is unknown. */
  read(regions: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Verdict>>;
}
