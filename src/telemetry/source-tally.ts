export interface SourceRequests {
  readonly source: string;
  readonly outcome: string;
  readonly count: number;
}

/** Requests to sources so far, kept for whoever scrapes. */
export interface SourceTally {
  readonly count: (source: string, outcome: string) => void;
  readonly read: () => readonly SourceRequests[];
}

export function createSourceTally(): SourceTally {
  const entries = new Map<string, SourceRequests>();
  return {
    count(source, outcome) {
      const key = `${source} ${outcome}`;
      entries.set(key, { source, outcome, count: (entries.get(key)?.count ?? 0) + 1 });
    },
    read: () => [...entries.values()],
  };
}
